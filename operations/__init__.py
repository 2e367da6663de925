"""Keeping a home: backup, restore, upgrade, verification. Nothing here derives or decides anything about a customer."""

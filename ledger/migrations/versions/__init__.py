"""Numbered steps: `0001_…`, `0002_…`; each names the one before it."""

"""Propose a model for a table: what its columns seem to be, by their values first, and which pairs are worth comparing."""

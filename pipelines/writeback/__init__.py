"""Repairs for the sources: what is proposed, what was seen done, and the files that carry it back."""

"""Survivorship: what is true of each customer when their records disagree, and which record says so."""

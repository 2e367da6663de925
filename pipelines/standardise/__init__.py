"""Standardise: one mention a row in `std.mentions`, every identifier in its normal form, facts one a row.

One module a kind of value. Each holds the rules in Python, for one value, and the same answer in SQL for the common form;
the set-based code standardises distinct values once, and only the distinct odd ones go through Python (`odd.py`).
"""

"""What each role may do. A route names the scope it needs; nothing else decides."""

from __future__ import annotations

CUSTOMERS_READ = "customers:read"

SCOPES: dict[str, frozenset[str]] = {
    "agent": frozenset({CUSTOMERS_READ}),
    "steward": frozenset({CUSTOMERS_READ}),
    "privacy_officer": frozenset({CUSTOMERS_READ}),
    # analysts work on de-identified Parquet, auditors on records of acts: neither opens a customer
    "analyst": frozenset(),
    "auditor": frozenset(),
    "admin": frozenset({CUSTOMERS_READ}),
}


def scopes_of(role: str) -> frozenset[str]:
    """The scopes of a role; a role that is not known has none."""
    return SCOPES.get(role, frozenset())

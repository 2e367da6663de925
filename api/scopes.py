"""What each role may do. A route names the scope it needs; nothing else decides."""

from __future__ import annotations

CUSTOMERS_READ = "customers:read"
SELF_READ = "self:read"

SCOPES: dict[str, frozenset[str]] = {
    "agent": frozenset({SELF_READ, CUSTOMERS_READ}),
    "steward": frozenset({SELF_READ, CUSTOMERS_READ}),
    "privacy_officer": frozenset({SELF_READ, CUSTOMERS_READ}),
    # analysts work on de-identified Parquet, auditors on records of acts: neither opens a customer
    "analyst": frozenset({SELF_READ}),
    "auditor": frozenset({SELF_READ}),
    "admin": frozenset({SELF_READ, CUSTOMERS_READ}),
}


def scopes_of(role: str) -> frozenset[str]:
    """The scopes of a role; a role that is not known has none."""
    return SCOPES.get(role, frozenset())

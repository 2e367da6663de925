"""`gold.contacts`: every phone, e-mail, document and account of a customer, ranked; and the first phone, e-mail and document."""

from __future__ import annotations

import duckdb

from pipelines.golden.candidates import keep_candidates
from pipelines.golden.chain import Candidates, Voices, in_order, said_values, survivors
from schemas.survivorship import Chain, DecidedField, Survivorship

# A relay number or a service line is a valid number, but nobody's own: it never becomes a customer's phone.
_OWN_PHONE = "(is_personal OR is_masked OR NOT is_valid OR value LIKE '0%')"
_KINDS: dict[DecidedField, str] = {
    "phone": "kind = 'phone'",
    "email": "kind = 'email'",
    "id_number": "kind = 'id_number'",
    "identifier": "kind NOT IN ('phone', 'email', 'id_number')",
}


def decide_contacts(con: duckdb.DuckDBPyConnection, policy: Survivorship, voices: Voices) -> None:
    """Fill gold.contacts for `golden_customers`; temp `golden_won_phone`, `golden_won_email`, `golden_won_id_number`."""
    for field, kinds in _KINDS.items():
        chain = policy.fields[field]
        own = _OWN_PHONE if field == "phone" else "true"
        candidates = Candidates(
            field, "golden_identifiers", "value", where=kinds, per=("customer_n", "kind"),
            is_clear="NOT is_masked", is_verified="is_verified", is_valid=f"is_valid AND {own}", is_minor="is_minor",
            part_n="length(value)",
            also={"passes": "bool_or(is_valid)", "is_personal": "bool_or(is_personal)", "is_own": f"bool_or({own})",
                  "first_seen_at": "min(event_at)", "last_seen_at": "max(event_at)"},
        )  # fmt: skip
        con.execute(f"CREATE OR REPLACE TEMP TABLE golden_values AS {said_values(candidates, chain, voices)}")
        if field != "identifier":
            _decide_first(con, field, chain)
        _drop_covered(con)
        con.execute(
            f"""INSERT INTO gold.contacts BY NAME
            SELECT customer_id, kind, value_key AS value, rank, passes AS is_valid, is_personal, record_n, first_seen_at, last_seen_at
            FROM ({in_order("golden_values", chain, per=("customer_n", "kind"))}) JOIN golden_customers USING (customer_n)"""
        )
    con.execute("DROP TABLE golden_values; DROP TABLE golden_ranked")


def _decide_first(con: duckdb.DuckDBPyConnection, field: DecidedField, chain: Chain) -> None:
    """Temp `golden_won_<field>`: the first of the values that are the customer's own."""
    own_values = "(SELECT * FROM golden_values WHERE is_own)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_ranked AS {in_order(own_values, chain)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_won_{field} AS {survivors('golden_ranked', chain)}")
    keep_candidates(con, field, chain)


def _drop_covered(con: duckdb.DuckDBPyConnection) -> None:
    """A hidden value that may be one of the customer's clear ones says nothing more: it is not another contact."""
    con.execute(
        """DELETE FROM golden_values WHERE NOT is_clear AND (customer_n, kind, value_key) IN (
            SELECT (h.customer_n, h.kind, h.value_key)
            FROM golden_values h JOIN golden_values c ON c.customer_n = h.customer_n AND c.kind = h.kind
            WHERE NOT h.is_clear AND c.is_clear AND c.value_key LIKE replace(h.value_key, '*', '_'))"""
    )

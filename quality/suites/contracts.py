"""Checks that follow from the table contracts: one property each, measured as a number of breaches that must be nought.

A check is an aggregate expression over its table, so all checks of a table cost one scan (of the changed rows, when few changed).
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.contract import Table
from schemas.tables import TABLES

CONTRACT = "contract"
KEY_IS_UNIQUE = "key_is_unique"


@dataclass(frozen=True)
class Check:
    """One property of one table. `breaches`: SQL aggregate over it; `exact`: dearer SQL that decides when `breaches` is not nought;
    `of_rows`: whether rows that did not change need no second look."""

    table: str
    name: str
    doc: str
    breaches: str
    exact: str | None = None
    of_rows: bool = False

    @property
    def column(self) -> str:
        """Its name among the facts of a layer."""
        return f"{self.table.replace('.', '_')}__{self.name}"


def suite(layer: str) -> list[Check]:
    """All checks of the layer's tables, change markers apart."""
    return [check for table in TABLES if table.layer == layer and table.noun != "changes" for check in checks_of(table)]


def checks_of(table: Table) -> list[Check]:
    """The checks of one table; a test holds each of them able to fail."""
    declared, unique = "Columns and types are as declared, and what may not be empty is not.", f"{', '.join(table.key)}: no two rows alike."
    return [
        Check(table.name, CONTRACT, declared, _nulls(table), of_rows=True),
        Check(table.name, KEY_IS_UNIQUE, unique, _repeats(table), _repeats(table, exact=True), of_rows=True),
        *(Check(table.name, name, doc, sql) for name, (doc, sql) in ACCOUNTING.get(table.name, {}).items()),
    ]


def _repeats(table: Table, *, exact: bool = False) -> str:
    """Rows beyond the first of each key. Distinct 64-bit hashes are counted first, being cheaper than strings."""
    columns = ", ".join(f'"{name}"' for name in table.key)
    return f"count(*) - count(DISTINCT {'row' if exact else 'hash'}({columns}))"


def _nulls(table: Table) -> str:
    columns = [f'"{column.name}" IS NULL' for column in table.columns if not column.nullable]
    return f"count(*) FILTER ({' OR '.join(columns)})"


_OUTCOMES = " + ".join(f"coalesce(rows_{name}_n, 0)" for name in ("loaded", "unchanged", "superseded", "suppressed", "quarantined"))


def _as_many_as(other: str) -> str:
    return f"abs(count(*) - (SELECT count(*) FROM {other}))"


# nothing is lost on the way: what goes into a layer is found again in it
ACCOUNTING: dict[str, dict[str, tuple[str, str]]] = {
    "raw.files": {
        "rows_are_accounted_for": (
            "Rows read = loaded + unchanged + superseded + suppressed + quarantined.",
            f"count(*) FILTER (outcome = 'loaded' AND rows_read_n IS DISTINCT FROM {_OUTCOMES})",
        ),
    },
    "raw.superseded": {"all_are_taken_out": ("Rows that another of their file supersedes are no longer stored.", "count(*)")},
    "raw.quarantine": {
        "agrees_with_manifest": (
            "As many rows are indexed as the manifest says were set aside.",
            "abs(count(*) - (SELECT coalesce(sum(rows_quarantined_n), 0) FROM raw.files))",
        ),
    },
    "match.node_records": {"every_mention_has_a_node": ("As many as there are mentions.", _as_many_as("std.mentions"))},
    "cluster.members": {"every_mention_has_a_customer": ("As many as there are mentions.", _as_many_as("std.mentions"))},
    "gold.crosswalk": {"every_mention_is_there": ("As many as there are mentions.", _as_many_as("std.mentions"))},
    "gold.customers": {
        "every_customer_is_there": (
            "As many as customers that are active.",
            "abs(count(*) - (SELECT count(*) FROM cluster.customers WHERE status = 'active'))",
        ),
    },
    "mart.profiles": {"every_customer_has_a_profile": ("As many as there are customers.", _as_many_as("gold.customers"))},
}

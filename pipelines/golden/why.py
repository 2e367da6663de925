"""Why a field of a customer is what it is: every value that was said of it, by which record and file line, when, and which rule put it
where it stands. Values leave here masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.profile.masking import install_masks
from pipelines.warehouse import count
from schemas.errors import UsageError
from schemas.overrides import ATTRIBUTE

# Field -> its column in gold.customers (of an address the street), and the mask of a value `{0}`.
SHOWN = {
    "party_kind": ("party_kind", "{0}"),
    "name": ("name", "mask_name({0})"),
    "gender": ("gender", "{0}"),
    "birth_on": ("birth_on", "{0}[1:4] || '-**-**'"),
    "phone": ("phone", "mask_phone({0})"),
    "email": ("email", "mask_email({0})"),
    "id_number": ("id_number", "mask_id_number({0}[1 + instr({0}, ':') :])"),
    "address": ("address", "split_part({0}, ' / ', 1) || ' ***'"),
    "company": ("company", "{0}"),
    "uscc": ("uscc", "{0}"),
    "customer_level": ("customer_level", "{0}"),
    "preferred_channel": ("preferred_channel", "{0}"),
    "language": ("language", "{0}"),
    "marketing_consent": ("marketing_consent", "{0}"),
    "last_agent": ("last_agent", "{0}"),
}
FIELDS = tuple(SHOWN)
_VALUES = " ".join(f"WHEN '{field}' THEN g.{column}::VARCHAR" for field, (column, _) in SHOWN.items() if field != "address")
_CASES = " ".join(f"WHEN '{field}' THEN {mask.format('value')}" for field, (_, mask) in SHOWN.items())
MASKED = f"CASE field {_CASES} ELSE mask_text(value) END"  # over rows of `field` and `value`; attributes are free texts
# The candidates of contested fields, and the one value of each other field.
_SAID = f"""
    WITH contested AS (SELECT * FROM gold.candidates WHERE customer_id = $customer),
    alone AS (
        SELECT p.field, 1 AS rank, CASE p.field WHEN 'address' THEN concat_ws(' ', g.province, g.city, g.district) {_VALUES} END AS value,
               p.record_id, p.event_at, p.rule, NULL::BIGINT AS record_n, NULL::BIGINT AS source_n
        FROM gold.provenance p JOIN gold.customers g USING (customer_id)
        WHERE customer_id = $customer AND p.field IN {FIELDS} AND p.field NOT IN (SELECT field FROM contested)),
    said AS (
        SELECT field, rank, value, record_id, event_at, rule, record_n, source_n FROM contested
        UNION ALL FROM alone
        UNION ALL
        SELECT '{ATTRIBUTE}' || attribute, rank, value, record_id, event_at, rule, NULL, NULL
        FROM gold.attributes WHERE customer_id = $customer)
    SELECT s.field, s.rank, {MASKED}, s.record_id, coalesce(m.source, split_part(s.record_id, ':', 1)), f.file_name,
           m.line_n, s.event_at, s.rule, s.record_n, s.source_n
    FROM said s
    LEFT JOIN std.mentions m USING (record_id)
    LEFT JOIN raw.files f ON f.file_id = m.file_id
    WHERE $field IS NULL OR s.field = $field
    ORDER BY s.field, s.rank"""


@dataclass(frozen=True)
class Said:
    """One value of a field, masked. `rank` 1 survived; `rule`: what put it before the second, or the first before it. `file` and `line`
    are null for what a steward entered; `record_n` and `source_n` for what nothing contradicts."""

    field: str
    rank: int
    value: str | None
    record_id: str
    source: str
    file: str | None
    line: int | None
    event_at: datetime | None
    rule: str
    record_n: int | None
    source_n: int | None


def why(con: duckdb.DuckDBPyConnection, customer_id: str, field: str | None = None) -> list[Said]:
    """What was said of one field, or of all, best first.

    Raises:
        UsageError: no such field or customer.
    """
    if field is not None and field not in FIELDS and not field.startswith(ATTRIBUTE):
        raise UsageError(f"there is no field {field!r}", mend=f"Use one of {', '.join(FIELDS)} or {ATTRIBUTE}<name>")
    if not count(con, "SELECT count(*) FROM gold.customers WHERE customer_id = ?", [customer_id]):
        raise UsageError("there is no such customer now", where=customer_id, mend="`hub history` tells what became of an id")
    install_masks(con)
    return [Said(*row) for row in con.execute(_SAID, {"customer": customer_id, "field": field}).fetchall()]

"""Values with checks: phones, e-mails and document numbers that a slip spoilt or that fail their checks."""

from __future__ import annotations

import duckdb

from schemas.writeback import Writeback

# A field may hold several numbers; only one that is the whole field can be replaced. Country code and trunk zero are not of the number.
_DIGITS = "regexp_replace(regexp_replace(translate({0}, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g'), '^(00)?(86)?0*', '')"
_SLIP = "damerau_levenshtein(v.value, o.value) = 1"


def find_spoilt_values(con: duckdb.DuckDBPyConnection, policy: Writeback) -> None:
    """Insert into temp `writeback_findings` the phones, e-mails and document numbers of `writeback_kept` to correct or to ask for."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE writeback_values AS {values_sql('writeback_kept')}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE writeback_offers AS {_OFFERS}")
    needed = [policy.statements.get(field, 2) for field in ("phone", "phone_alt", "email")]
    con.execute(
        """INSERT INTO writeback_findings
        SELECT record_id, customer_id, source, field, 'correct', 'slip', raw, new_value
        FROM writeback_offers JOIN (VALUES ('phone', $1), ('phone_alt', $2), ('email', $3)) AS n(field, needed_n) USING (field)
        WHERE is_valid AND is_slip AND own_n = 1 AND statement_n >= needed_n
        QUALIFY row_number() OVER (PARTITION BY record_id, field ORDER BY statement_n DESC, new_value) = 1""",
        needed,
    )
    con.execute(
        """INSERT INTO writeback_findings
        SELECT record_id, customer_id, source, field, 'correct', 'invalid', raw, new_value
        FROM writeback_offers WHERE NOT is_valid AND (is_slip OR is_golden)
        QUALIFY row_number() OVER (PARTITION BY record_id, field ORDER BY is_slip DESC, statement_n DESC, new_value) = 1"""
    )
    con.execute(
        """INSERT INTO writeback_findings
        SELECT record_id, customer_id, source, field, 'ask', 'no_valid_value', raw, NULL
        FROM writeback_values v
        WHERE NOT is_valid AND NOT EXISTS (
            FROM writeback_said o WHERE o.customer_id = v.customer_id AND o.kind = v.said_as AND o.is_valid)"""
    )
    con.execute("DROP TABLE writeback_values; DROP TABLE writeback_offers")


def values_sql(rows: str) -> str:
    """SQL: what stands in the fields of the rows in temp `rows` (columns of `writeback_rows`), and whether it passes its checks: record_id,
    customer_id, source, field, said_as, raw, value, is_valid. Masked values were never the source's to change."""
    return f"""
        {_phone(rows, "phone")} UNION ALL {_phone(rows, "phone_alt")}
        UNION ALL
        SELECT r.record_id, customer_id, r.source, 'email', 'email', r.email, coalesce(email_norm, lower(trim(r.email))),
               email_norm IS NOT NULL
        FROM {rows} r JOIN std.mentions m USING (record_id) WHERE r.email IS NOT NULL AND NOT contains(r.email, '*')
        UNION ALL
        SELECT r.record_id, customer_id, r.source, 'id_number', 'id_number', r.id_number,
               coalesce(id_number_norm, upper(trim(r.id_number))), id_number_norm IS NOT NULL
        FROM {rows} r JOIN std.mentions m USING (record_id) WHERE r.id_number IS NOT NULL AND NOT contains(r.id_number, '*')"""


def _phone(rows: str, field: str) -> str:
    return f"""
        SELECT r.record_id, r.customer_id, r.source, '{field}' AS field, 'phone' AS said_as, r.{field} AS raw, i.value, i.is_valid
        FROM {rows} r JOIN std.identifiers i ON i.record_id = r.record_id AND i.kind = 'phone' AND NOT i.is_masked
        WHERE (i.is_personal OR NOT i.is_valid)
          AND CASE WHEN r.{field} = i.value THEN true ELSE {_DIGITS.format(f"r.{field}")} = {_DIGITS.format("i.value")} END"""


# Usable values of the same customer beside each of these. A row that says both itself means both.
_OFFERS = f"""
    WITH said AS (SELECT *, value[1 + instr(value, ':') * (kind = 'id_number')::INT :] AS plain FROM writeback_said),
    known AS (SELECT customer_id, kind, plain AS value, statement_n FROM said WHERE is_usable)
    SELECT v.*, o.value AS new_value, o.statement_n, coalesce(w.statement_n, 0) AS own_n, {_SLIP} AS is_slip,
           o.value = CASE v.said_as WHEN 'phone' THEN g.phone WHEN 'email' THEN g.email ELSE g.id_number END AS is_golden
    FROM writeback_values v
    JOIN known o ON o.customer_id = v.customer_id AND o.kind = v.said_as AND o.value <> v.value
    JOIN gold.customers g ON g.customer_id = v.customer_id
    LEFT JOIN said w ON w.customer_id = v.customer_id AND w.kind = v.said_as AND w.plain = v.value
    WHERE (NOT v.is_valid OR {_SLIP}) AND NOT EXISTS (
        FROM std.identifiers i WHERE i.record_id = v.record_id AND i.kind = v.said_as AND i.value = o.value)"""

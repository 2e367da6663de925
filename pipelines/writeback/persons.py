"""What is said of the person: names that a slip or lost characters spoilt, or dressed; dates of birth and genders against the document."""

from __future__ import annotations

import duckdb

from pipelines.standardise.documents import born_on_sql, gender_sql
from schemas.writeback import Writeback

_LOST = "[?？■□�]"  # what a wrong encoding or a missing character leaves
_PLAIN = "replace(replace({0}, ' ', ''), '　', '')"


def find_spoilt_names(con: duckdb.DuckDBPyConnection, policy: Writeback) -> None:
    """Insert into temp `writeback_findings` the names of persons in `writeback_kept` to correct or to ask for."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_called AS
        SELECT r.record_id, r.customer_id, r.source, r.name AS raw, m.name, m.name_norm, coalesce(m.name_is_masked, false) AS is_masked
        FROM writeback_kept r JOIN std.mentions m USING (record_id) WHERE r.name IS NOT NULL AND m.party_kind = 'person'"""
    )
    con.execute(f"INSERT INTO writeback_findings {_SLIP}", [policy.statements.get("name", 2)])
    for sql in (_UNREADABLE, _DRESSED, _UNKNOWN):
        con.execute(f"INSERT INTO writeback_findings {sql}")
    con.execute("DROP TABLE writeback_called")


# Not where the other name is a former one: who was renamed did not mistype.
_SLIP = """
    SELECT c.record_id, c.customer_id, c.source, 'name', 'correct', 'slip', c.raw, o.name
    FROM writeback_called c
    JOIN writeback_names w ON w.customer_id = c.customer_id AND w.name_norm = c.name_norm
    JOIN writeback_names o ON o.customer_id = c.customer_id AND damerau_levenshtein(o.name_norm, c.name_norm) = 1
    WHERE NOT c.is_masked AND w.statement_n = 1 AND o.statement_n >= ? AND length(c.name_norm) > 1 AND length(o.name_norm) > 1
      AND NOT EXISTS (
        FROM std.mentions f JOIN cluster.members USING (record_id)
        WHERE customer_id = c.customer_id AND f.former_name_norm IN (c.name_norm, o.name_norm))
    QUALIFY row_number() OVER (PARTITION BY c.record_id ORDER BY o.statement_n DESC, o.name) = 1"""

_UNREADABLE = f"""
    SELECT c.record_id, any_value(c.customer_id), any_value(c.source), 'name', 'correct', 'unreadable', any_value(c.raw), any_value(o.name)
    FROM writeback_called c
    JOIN writeback_names o ON o.customer_id = c.customer_id AND o.name_norm LIKE replace(c.name_norm, '*', '_')
    WHERE regexp_matches(c.raw, '{_LOST}') AND length(o.name_norm) > 1
    GROUP BY c.record_id HAVING count(*) = 1"""

# Somebody else says the same name, so that a dressed slip is not taken for the name.
_DRESSED = f"""
    SELECT c.record_id, c.customer_id, c.source, 'name', 'correct', 'dressed', c.raw, c.name
    FROM writeback_called c JOIN writeback_names w ON w.customer_id = c.customer_id AND w.name_norm = c.name_norm
    WHERE NOT c.is_masked AND w.statement_n > 1 AND length(c.name) > 1 AND {_PLAIN.format("c.raw")} <> {_PLAIN.format("c.name")}
      AND contains({_PLAIN.format("c.raw")}, {_PLAIN.format("c.name")})"""

_UNKNOWN = f"""
    SELECT c.record_id, c.customer_id, c.source, 'name', 'ask', 'no_valid_value', c.raw, NULL
    FROM writeback_called c
    WHERE regexp_matches(c.raw, '{_LOST}') AND NOT EXISTS (FROM writeback_names o WHERE o.customer_id = c.customer_id)"""


def find_contradicted(con: duckdb.DuckDBPyConnection) -> None:
    """Insert into temp `writeback_findings` dates of birth and genders of `writeback_kept` that contradict the customer's only valid
    resident identity number."""
    number = "split_part(any_value(value), ':', 2)"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE writeback_documents AS
        SELECT customer_id, {born_on_sql(number)} AS birth_on, {gender_sql(number)} AS gender
        FROM writeback_said WHERE kind = 'id_number' AND is_usable AND value LIKE 'resident:__________________'
        GROUP BY customer_id HAVING count(*) = 1"""
    )
    for field, stated in (("birth_on", "true"), ("gender", "r.gender IN ('male', 'female')")):
        con.execute(
            f"""INSERT INTO writeback_findings
            SELECT record_id, customer_id, source, '{field}', 'correct', 'not_as_document', r.{field}::VARCHAR, d.{field}::VARCHAR
            FROM writeback_kept r JOIN writeback_documents d USING (customer_id) WHERE {stated} AND r.{field} <> d.{field}"""
        )
    con.execute("DROP TABLE writeback_documents")

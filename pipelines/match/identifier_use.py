"""How many differently named parties use an identifier: a family's phone is weak evidence, a pick-up station's none."""

from __future__ import annotations

import duckdb

from schemas.match_model import MatchModel


def refresh_use(con: duckdb.DuckDBPyConnection, model: MatchModel, *, everything: bool) -> None:
    """Recount the identifiers of added and removed nodes (or all); leaves temp `use_crossed(node_id)`: nodes whose identifiers went
    over one of the two lines (sole user, too many users) in either direction, and temp `use_turned(identifier)`: those that became or
    ceased to be anybody's. Needs match.node_identifiers without removed nodes."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE use_keys AS
        SELECT identifier FROM match.node_identifiers {"WHERE false" if everything else "SEMI JOIN nodes_added USING (node_id)"}
        UNION SELECT identifier FROM removed_identifiers"""
    )
    _count_names(con, model, "" if everything else "SEMI JOIN use_keys USING (identifier)")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE use_crossed AS
        SELECT DISTINCT i.node_id
        FROM use_now n JOIN match.identifier_use b USING (identifier) JOIN match.node_identifiers i USING (identifier)
        WHERE n.is_sole <> b.is_sole OR n.is_shared <> b.is_shared"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE use_turned AS
        SELECT identifier FROM use_now n JOIN match.identifier_use b USING (identifier) WHERE n.is_shared <> b.is_shared"""
    )
    con.execute(f"DELETE FROM match.identifier_use {'' if everything else 'WHERE identifier IN (SELECT identifier FROM use_keys)'}")
    con.execute("INSERT INTO match.identifier_use BY NAME FROM use_now")
    con.execute("DROP TABLE use_keys; DROP TABLE use_now")


def _count_names(con: duckdb.DuckDBPyConnection, model: MatchModel, only: str) -> None:
    """Temp `use_now` (match.identifier_use columns) of the identifiers that the join `only` leaves. Names are counted by their hash, and
    one by one only where the least and the greatest differ."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE carried AS
        WITH named AS (
            SELECT node_id, CASE WHEN NOT coalesce(name_is_masked, false) THEN coalesce(name_pinyin, name_norm) END AS called
            FROM match.nodes)
        SELECT identifier, kind, value, CASE WHEN called IS NOT NULL THEN hash(called) END AS name
        FROM (FROM match.node_identifiers {only}) JOIN named USING (node_id)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE use_now AS
        WITH counted AS (
            SELECT identifier, any_value(kind) AS kind, any_value(value) AS value, count(*) AS node_n, min(name) AS least, max(name) AS most
            FROM carried GROUP BY identifier),
        several AS (
            SELECT identifier, count(DISTINCT name) AS name_n
            FROM carried SEMI JOIN (SELECT identifier FROM counted WHERE least <> most) USING (identifier) GROUP BY identifier),
        summed AS (
            SELECT identifier, kind, value, coalesce(s.name_n, (least IS NOT NULL)::BIGINT) AS name_n, node_n
            FROM counted LEFT JOIN several s USING (identifier))
        SELECT *, name_n <= 1 AS is_sole, name_n > ? AS is_shared FROM summed""",
        [model.shared_identifier_names],
    )
    con.execute("DROP TABLE carried")

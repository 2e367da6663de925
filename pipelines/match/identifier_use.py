"""How many differently named parties use an identifier: a family's phone is weak evidence, a pick-up station's none."""

from __future__ import annotations

import duckdb

from schemas.match_model import MatchModel


def refresh_use(con: duckdb.DuckDBPyConnection, model: MatchModel, *, everything: bool) -> None:
    """Recount the identifiers of added and removed nodes (or all); leaves temp `use_crossed(node_id)`: nodes whose identifiers went
    over one of the two lines (sole user, too many users) in either direction. Needs match.node_identifiers without removed nodes."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE use_keys AS SELECT DISTINCT kind, value FROM match.node_identifiers"""
        if everything
        else """CREATE OR REPLACE TEMP TABLE use_keys AS
        SELECT DISTINCT kind, value FROM match.node_identifiers SEMI JOIN nodes_added USING (node_id)
        UNION SELECT kind, value FROM removed_identifiers"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE use_now AS
        SELECT kind, value, name_n, node_n, name_n <= 1 AS is_sole, name_n > ? AS is_shared
        FROM (
            SELECT i.kind, i.value, count(*) AS node_n,
                   count(DISTINCT CASE WHEN NOT coalesce(n.name_is_masked, false) THEN coalesce(n.name_pinyin, n.name_norm) END) AS name_n
            FROM match.node_identifiers i SEMI JOIN use_keys USING (kind, value) JOIN match.nodes n USING (node_id)
            GROUP BY i.kind, i.value
        )""",
        [model.shared_identifier_names],
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE use_crossed AS
        SELECT DISTINCT i.node_id
        FROM use_now n JOIN match.identifier_use b USING (kind, value) JOIN match.node_identifiers i USING (kind, value)
        WHERE n.is_sole <> b.is_sole OR n.is_shared <> b.is_shared"""
    )
    con.execute("DELETE FROM match.identifier_use WHERE (kind, value) IN (SELECT (kind, value) FROM use_keys)")
    con.execute("INSERT INTO match.identifier_use SELECT kind, value, name_n, node_n, is_sole, is_shared FROM use_now")
    con.execute("DROP TABLE use_keys; DROP TABLE use_now")

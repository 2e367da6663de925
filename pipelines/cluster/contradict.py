"""Which nodes of a component speak against each other, judged by the same SQL levels as scoring."""

from __future__ import annotations

import duckdb

from pipelines.cluster.agglomerate import Contradiction
from pipelines.match.comparisons import AGREEMENTS, DOCUMENT_SQL, FEATURES, LEVELS, side_by_side
from pipelines.warehouse import count
from schemas.match_model import MatchModel

# A component with more signatures than this is first cut to pairs of equal names: never a quadratic blow-up.
MOST_SIGNATURES = 400
_FIELDS = ("party_kind", "name_norm", "surname", "name_pinyin", "name_is_masked", "former_name_norm", "gender", "born", "documents")
_COMPARED = {name: FEATURES.get(name, name) for name in _FIELDS}
_OF_NODE = ", ".join(f"{sql} AS {name}" for name, sql in _COMPARED.items())


# One node a group will do: those that are held together join before anything else (pipelines/cluster/agglomerate.py).
_APART_NODES = """
    SELECT foe, group_id, component, min(node_id) AS node_id
    FROM (SELECT record_id, group_id, unnest(apart_from) AS foe FROM match.judged_records)
    JOIN match.node_records USING (record_id) JOIN many USING (node_id) GROUP BY ALL"""
_JUDGED_AGAINST = """
    SELECT DISTINCT least(a.signature, b.signature) AS one, greatest(a.signature, b.signature) AS two
    FROM apart_nodes l JOIN apart_nodes r ON r.group_id = l.foe AND r.foe = l.group_id AND r.component = l.component
    JOIN signed a ON a.node_id = l.node_id JOIN signed b ON b.node_id = r.node_id"""


def sign_nodes(con: duckdb.DuckDBPyConnection) -> int:
    """Temp `signed(node_id, component, signature)` of the components of several nodes, a signature being a hash of what can contradict in
    a node; temp `signatures(component, signature, <that>)` of the components with more than one. A node that is judged to be apart from
    others has a signature of its own. Answers how many of these are too large to compare."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE many AS
        SELECT node_id, component FROM components SEMI JOIN (SELECT component FROM components GROUP BY component HAVING count(*) > 1)
        USING (component)"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE node_documents AS
        WITH papers AS (SELECT node_id, {DOCUMENT_SQL} AS paper FROM match.node_identifiers SEMI JOIN many USING (node_id))
        SELECT node_id, list(paper ORDER BY paper) AS documents FROM papers WHERE paper IS NOT NULL GROUP BY node_id"""
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE apart_nodes AS {_APART_NODES}")
    known = "many JOIN match.nodes USING (node_id) LEFT JOIN node_documents USING (node_id)"
    alone = "CASE WHEN node_id IN (SELECT node_id FROM apart_nodes) THEN node_id END"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE signed AS
        SELECT node_id, component, hash({", ".join(_COMPARED.values())}, {alone}) AS signature FROM {known}"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE signatures AS
        WITH several AS (SELECT component FROM signed GROUP BY component HAVING min(signature) <> max(signature)),
        examples AS (
            SELECT signature, min(node_id) AS node_id FROM signed SEMI JOIN several USING (component) GROUP BY component, signature)
        SELECT component, signature, {_OF_NODE} FROM examples JOIN {known} USING (node_id)"""
    )
    con.execute("DROP TABLE node_documents; DROP TABLE many")
    return count(con, "SELECT count(*) FROM (SELECT component FROM signatures GROUP BY component HAVING count(*) > ?)", [MOST_SIGNATURES])


def compare_signatures(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    """Temp `against(component, one, two, <comparison> bits or null, forbidden, judged)` of the signature pairs where something contradicts
    or could have: silent comparisons are null."""
    judged = judged_by(model)
    forbidding = [name for name, levels in model.comparisons.items() if any(x.forbids for x in levels)]
    columns = ", ".join(f"{_contradicting(model, name)} AS {name}" for name in judged)
    forbidden = " OR ".join(f"coalesce({_forbidding(model, name)}, false)" for name in forbidding) or "false"
    con.execute(f"CREATE OR REPLACE TEMP TABLE judged_against AS {_JUDGED_AGAINST}")
    some = " OR ".join(f"{name} < 0" for name in judged)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE against AS
        WITH pair AS (
            SELECT l.component, l.signature AS one, r.signature AS two, {side_by_side(_FIELDS)}
            FROM signatures l JOIN signatures r ON l.component = r.component AND l.signature < r.signature),
        agreeing AS (SELECT *, {AGREEMENTS["names_agree"]} AS names_agree FROM pair)
        SELECT component, one, two, {columns}, {forbidden} AS forbidden, j.one IS NOT NULL AS judged
        FROM agreeing LEFT JOIN judged_against j USING (one, two)"""
    )
    con.execute("DROP TABLE judged_against; DROP TABLE apart_nodes")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE disputed AS
        SELECT DISTINCT component FROM against WHERE forbidden OR judged OR {some}"""
    )


def contradictions_of(con: duckdb.DuckDBPyConnection, model: MatchModel) -> dict[int, dict[tuple[int, int], Contradiction]]:
    """Per disputed component: (signature, signature) -> Contradiction."""
    compared = judged_by(model)
    found: dict[int, dict[tuple[int, int], Contradiction]] = {}
    rows = con.execute(
        f"SELECT component, one, two, forbidden, judged, {', '.join(compared)} FROM against SEMI JOIN disputed USING (component)"
    ).fetchall()
    for component, one, two, forbidden, judged, *bits in rows:
        known = {name: value for name, value in zip(compared, bits, strict=True) if value is not None}
        found.setdefault(component, {})[(one, two)] = Contradiction(known, forbidden, judged)
    return found


def supports_sql(model: MatchModel) -> str:
    """SELECT of (component, cost, node_a, node_b) of the edges of disputed components that nothing forbids, strongest support first; the
    cost is the negated support: bits less what the two nodes themselves have against each other."""
    judged = " + ".join(f"coalesce({name}, 0)" for name in judged_by(model))
    return f"""
        SELECT a.component, -(e.bits - coalesce({judged}, 0)) AS cost, e.node_a, e.node_b
        FROM scope_edges e JOIN (FROM signed SEMI JOIN disputed USING (component)) a ON a.node_id = e.node_a
        JOIN signed b ON b.node_id = e.node_b
        LEFT JOIN against g ON g.component = a.component AND g.one = least(a.signature, b.signature)
            AND g.two = greatest(a.signature, b.signature)
        WHERE NOT coalesce(g.forbidden OR g.judged, false) ORDER BY a.component, cost, e.node_a, e.node_b"""


def judged_by(model: MatchModel) -> list[str]:
    """The comparisons that can contradict."""
    return [name for name, levels in model.comparisons.items() if any(x.contradicts for x in levels)]


def _contradicting(model: MatchModel, name: str) -> str:
    """Bits of the level if it contradicts, 0 for a level that does not, null when the comparison is silent."""
    whens = " ".join(f"WHEN {LEVELS[name][x.level]} THEN {x.bits() if x.contradicts else 0.0}" for x in model.comparisons[name])
    return f"(CASE {whens} END)::DOUBLE"


def _forbidding(model: MatchModel, name: str) -> str:
    whens = " ".join(f"WHEN {LEVELS[name][x.level]} THEN {str(x.forbids).lower()}" for x in model.comparisons[name])
    return f"(CASE {whens} ELSE false END)"

"""Which nodes of a component speak against each other, judged by the same SQL levels as scoring."""

from __future__ import annotations

import duckdb

from pipelines.cluster.agglomerate import Contradiction
from pipelines.match.comparisons import AGREEMENTS, LEVELS
from pipelines.warehouse import count
from schemas.match_model import MatchModel

# A component with more signatures than this is first cut to pairs of equal names: never a quadratic blow-up.
MOST_SIGNATURES = 400
_FIELDS = ("party_kind", "name_norm", "surname", "name_pinyin", "name_is_masked", "former_name_norm", "gender", "birth_on", "documents")


def sign_nodes(con: duckdb.DuckDBPyConnection) -> int:
    """Temp `signatures(component, signature, …)` and `signed(node_id, component, signature)`: the distinct contents of each component
    of several nodes, as far as they can contradict. Answers how many components had to be cut first."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE many AS
        SELECT component FROM components GROUP BY component HAVING count(*) > 1"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE node_documents AS
        SELECT node_id, list(value ORDER BY value) AS documents FROM match.node_identifiers
        WHERE kind = 'id_number' AND node_id IN (SELECT node_id FROM components SEMI JOIN many USING (component)) GROUP BY node_id"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE signed AS
        SELECT c.node_id, c.component, n.* EXCLUDE (node_id), d.documents,
               dense_rank() OVER (PARTITION BY c.component ORDER BY {", ".join(_FIELDS)}) AS signature
        FROM components c SEMI JOIN many USING (component) JOIN match.nodes n USING (node_id) LEFT JOIN node_documents d USING (node_id)"""
    )
    columns = ", ".join(f"any_value({f}) AS {f}" for f in _FIELDS)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE signatures AS SELECT component, signature, {columns} FROM signed GROUP BY component, signature"
    )
    con.execute("DROP TABLE node_documents; DROP TABLE many")
    return count(con, "SELECT count(*) FROM (SELECT component FROM signatures GROUP BY component HAVING count(*) > ?)", [MOST_SIGNATURES])


def compare_signatures(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    """Temp `against(component, one, two, <comparison> bits or null, forbidden)` of the signature pairs where something contradicts
    or could have: silent comparisons are null."""
    judged = [name for name, levels in model.comparisons.items() if any(x.contradicts for x in levels)]
    forbidding = [name for name, levels in model.comparisons.items() if any(x.forbids for x in levels)]
    columns = ", ".join(f"{_contradicting(model, name)} AS {name}" for name in judged)
    forbidden = " OR ".join(f"coalesce({_forbidding(model, name)}, false)" for name in forbidding) or "false"
    some = " OR ".join(f"{name} < 0" for name in judged)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE against AS
        SELECT l.component, l.signature AS one, r.signature AS two, {AGREEMENTS["names_agree"]} AS names_agree,
               {columns}, {forbidden} AS forbidden
        FROM signatures l JOIN signatures r ON l.component = r.component AND l.signature < r.signature"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE disputed AS
        SELECT DISTINCT component FROM against WHERE forbidden OR {some}"""
    )


def contradictions_of(con: duckdb.DuckDBPyConnection, model: MatchModel) -> dict[int, dict[tuple[int, int], Contradiction]]:
    """Per disputed component: (signature, signature) -> Contradiction."""
    judged = [name for name, levels in model.comparisons.items() if any(x.contradicts for x in levels)]
    found: dict[int, dict[tuple[int, int], Contradiction]] = {}
    rows = con.execute(
        f"SELECT component, one, two, forbidden, {', '.join(judged)} FROM against SEMI JOIN disputed USING (component)"
    ).fetchall()
    for component, one, two, forbidden, *bits in rows:
        known = {name: value for name, value in zip(judged, bits, strict=True) if value is not None}
        found.setdefault(component, {})[(one, two)] = Contradiction(known, forbidden)
    return found


def _contradicting(model: MatchModel, name: str) -> str:
    """Bits of the level if it contradicts, 0 for a level that does not, null when the comparison is silent."""
    whens = " ".join(f"WHEN {LEVELS[name][x.level]} THEN {x.bits() if x.contradicts else 0.0}" for x in model.comparisons[name])
    return f"(CASE {whens} END)::DOUBLE"


def _forbidding(model: MatchModel, name: str) -> str:
    whens = " ".join(f"WHEN {LEVELS[name][x.level]} THEN {str(x.forbids).lower()}" for x in model.comparisons[name])
    return f"(CASE {whens} ELSE false END)"

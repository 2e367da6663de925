"""Why two mentions are one, or are not: the waterfall of bits of their pair, by the SQL and the model that scored it. Values are masked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import duckdb

from pipelines.match.reasons import REASONS
from pipelines.match.score import gather_compared, levels_sql, score
from pipelines.match.weigh import reached_levels
from pipelines.profile.masking import install_masks
from pipelines.warehouse import one
from schemas.errors import HubError
from schemas.match_model import MatchModel


@dataclass(frozen=True)
class Evidence:
    """What one comparison adds to the odds, in bits: log2(m / u), u being the frequency of the name itself where `by_share`. `shown`: what
    the two say, masked."""

    comparison: str
    level: str
    reason: str
    bits: float
    m: float
    u: float
    by_share: bool
    shown: tuple[str | None, str | None]


@dataclass(frozen=True)
class Explanation:
    """The waterfall of a pair: `prior_bits`, then `evidence`, then `correction` (evidence that sees one fact twice, evidence that
    identifies nobody), which sum to `bits`. `verdict` says what came of it."""

    prior_bits: float
    evidence: tuple[Evidence, ...]
    correction: float
    bits: float
    together: bool
    verdict: str

    @property
    def probability(self) -> float:
        return 1 / (1 + 2**-self.bits)


def explain_pair(con: duckdb.DuckDBPyConnection, model: MatchModel, one_record: str, other: str) -> Explanation:
    """Explain two mentions.

    Raises:
        HubError: one of them is no mention.
    """
    nodes = (_node_of(con, one_record), _node_of(con, other))
    together = one(con, "SELECT count(DISTINCT customer_id) FROM cluster.members WHERE record_id IN (?, ?)", [one_record, other]) == 1
    if nodes[0] == nodes[1]:
        same = "One party: both say exactly the same, or a masked waybill shows what its order says."
        return Explanation(model.prior_bits, (), 0.0, math.inf, together, same)
    install_masks(con)
    _lay_out(con, model, nodes)
    levels, share = con.execute(f"SELECT levels, name_share FROM ({levels_sql(model)})").fetchall()[0]
    evidence = tuple(_evidence(con, model, int(levels), float(share), nodes))
    score(con, model.model_copy(update={"review_bits": -1e9}))
    bits = one(con, "SELECT max(bits) FROM scored")  # none where something forbids
    told = model.prior_bits + sum(of.bits for of in evidence)
    total = told if bits is None else float(str(bits))
    for table in ("candidates", "compared", "scored", "explained"):
        con.execute(f"DROP TABLE {table}")
    found = Explanation(model.prior_bits, evidence, total - told, total, together, "")
    return replace(found, verdict=_verdict(con, model, (one_record, other), found))


def _node_of(con: duckdb.DuckDBPyConnection, record_id: str) -> int:
    found = con.execute("SELECT node_id FROM match.node_records WHERE record_id = ?", [record_id]).fetchall()
    if not found:
        shape = "`<source>:<key>`, for orders with `#buyer` or `#recipient`"
        raise HubError("there is no mention of this id", where=record_id, mend=f"Its shape is {shape}")
    return int(found[0][0])


def _lay_out(con: duckdb.DuckDBPyConnection, model: MatchModel, nodes: tuple[int, int]) -> None:
    """Temp `candidates` and `compared` of the one pair, as the match stage makes them of all."""
    con.execute("CREATE OR REPLACE TEMP TABLE explained AS SELECT unnest([?, ?]::UBIGINT[]) AS node_id", list(nodes))
    con.execute(
        """CREATE OR REPLACE TEMP TABLE candidates AS
        WITH named AS (SELECT DISTINCT node_id, order_id FROM match.node_records SEMI JOIN explained USING (node_id)
                       JOIN std.mentions USING (record_id) WHERE order_id IS NOT NULL)
        SELECT min(node_id) AS node_a, max(node_id) AS node_b,
               coalesce((SELECT bool_or(n > 1) FROM (SELECT count(*) AS n FROM named GROUP BY order_id)), false) AS same_order
        FROM explained"""
    )
    gather_compared(con, model, "explained")


def _evidence(
    con: duckdb.DuckDBPyConnection, model: MatchModel, levels: int, share: float, nodes: tuple[int, int]
) -> Iterator[Evidence]:
    for of in reached_levels(model, levels, share):
        name, level = of.comparison, of.level
        by_share = level.u == "name_share"
        yield Evidence(name, level.level, REASONS[name][level.level], of.bits, level.m, of.u, by_share, _shown(con, name, nodes))


# What a node says to each comparison, masked: SQL over match.nodes, or over its identifiers of some kinds.
_OF_NODE = {
    "kind": "party_kind",
    "name": "CASE WHEN party_kind = 'organisation' THEN name_norm ELSE mask_name(name_norm) END",
    "birth": "year(birth_on)::VARCHAR || '-**-**'",
    "gender": "gender",
    "phone": "CASE WHEN contains(phone_norm, '*') THEN phone_norm ELSE mask_phone(phone_norm) END",
    "place": "concat_ws(' ', province, city, district, CASE WHEN address_norm IS NOT NULL THEN '***' END)",
}
_OF_IDENTIFIERS = {
    "document": (
        "kind IN ('id_number', 'uscc')",
        "CASE kind WHEN 'uscc' THEN kind || ':' || mask_hidden(value) ELSE split_part(value, ':', 1) || ':' || "
        "mask_id_number(split_part(value, ':', 2)) END",
    ),
    "account": ("kind NOT IN ('phone', 'email', 'id_number', 'uscc')", "kind || ' ' || mask_hidden(value[1 + instr(value, ':') :])"),
    "email": ("kind = 'email'", "mask_email(value)"),
}


def _shown(con: duckdb.DuckDBPyConnection, comparison: str, nodes: tuple[int, int]) -> tuple[str | None, str | None]:
    if comparison in _OF_NODE:
        sql = f"SELECT {_OF_NODE[comparison]} FROM match.nodes WHERE node_id = ?"
    elif comparison in _OF_IDENTIFIERS:
        kinds, value = _OF_IDENTIFIERS[comparison]
        sql = f"SELECT string_agg(DISTINCT {value}, ', ' ORDER BY {value}) FROM match.node_identifiers WHERE node_id = ? AND {kinds}"
    else:
        return None, None
    left, right = (one(con, sql, [node]) for node in nodes)
    return (None if left is None else str(left)), (None if right is None else str(right))


def _verdict(con: duckdb.DuckDBPyConnection, model: MatchModel, records: tuple[str, str], found: Explanation) -> str:
    """What came of the pair, in a sentence."""
    judged = con.execute(
        """SELECT a.group_id = b.group_id, list_contains(a.apart_from, b.group_id), a.judged_group_id = b.judged_group_id
        FROM match.judged_records a, match.judged_records b WHERE a.record_id = ? AND b.record_id = ?""",
        list(records),
    ).fetchall()
    if judged and judged[0][0]:
        return "A steward holds them together." if judged[0][2] else "The source merged them, and nothing stronger speaks against it."
    if judged and judged[0][1]:
        return "A steward keeps them apart."
    forbidding = [e.reason for e in found.evidence if any(x.forbids and x.level == e.level for x in model.comparisons[e.comparison])]
    if forbidding:
        return f"Never one party: {', '.join(forbidding)}."
    line = f"the line of {model.merge_bits:g} bits"
    if found.together and found.bits >= model.merge_bits:
        return f"One party: the pair is above {line}."
    if found.together:
        return f"One party by way of their other mentions: the pair alone is below {line}."
    if found.bits >= model.merge_bits:
        return f"Two parties, though the pair is above {line}: what the mentions of each side say contradicts those of the other."
    if found.bits >= model.review_bits:
        return f"Two parties: the pair is below {line}, in the band for review."
    return f"Two parties: the pair is below {line}."

"""Fellegi-Sunter scoring in SQL generated from the model: one statement for a batch, a delta or one new record."""

from __future__ import annotations

import math
from collections.abc import Iterable

import duckdb

from pipelines.match.comparisons import AGREEMENTS, COMPARED, DOCUMENT_SQL, FEATURES, LEVELS, SHARED_VALUES, side_by_side
from pipelines.match.weigh import NOT_IDENTIFIED
from pipelines.warehouse import count
from schemas.errors import UsageError
from schemas.match_model import Level, MatchModel

# Nodes on the left side of the pairs that are levelled in one statement: beside those of the right side they should fit in memory.
_NODES_AT_ONCE = 2_500_000


def check_levels(model: MatchModel) -> None:
    """Every comparison and level of the model must be one that is implemented.

    Raises:
        UsageError: naming what is unknown and what there is.
    """
    for name, levels in model.comparisons.items():
        known = LEVELS.get(name)
        if known is None:
            raise UsageError(f"the match model has an unknown comparison {name!r}", mend=f"Known: {', '.join(LEVELS)}")
        for level in levels:
            if level.level not in known:
                raise UsageError(f"comparison {name!r} has no level {level.level!r}", mend=f"Known: {', '.join(known)}")


def gather_compared(con: duckdb.DuckDBPyConnection, model: MatchModel, nodes: str | None) -> None:
    """Temp table `compared`: all that is compared of the nodes in temp table `nodes(node_id)`, or of all; shared identifiers left out."""
    only = f"SEMI JOIN {nodes} USING (node_id)" if nodes else ""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE held AS
        SELECT node_id, identifier, kind, value,
               identifier IN (SELECT identifier FROM match.identifier_use WHERE NOT is_sole) AS is_used_by_several
        FROM match.node_identifiers {only} WHERE identifier NOT IN (SELECT identifier FROM match.identifier_use WHERE is_shared)"""
    )
    least = ", ".join(f"min(identifier) FILTER ({held.condition}) AS {name}" for name, held in SHARED_VALUES.items())
    several = ", ".join(_list_of_several(name, held.condition) for name, held in SHARED_VALUES.items())
    lists = ", ".join(f"all_{name}" for name in SHARED_VALUES)
    features = ", ".join(f"{sql} AS {name}" for name, sql in FEATURES.items())
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE compared AS
        WITH one AS (SELECT node_id, {least}, count(*) AS n FROM held GROUP BY node_id),
        more AS (SELECT node_id, {several} FROM held SEMI JOIN (SELECT node_id FROM one WHERE n > 1) USING (node_id) GROUP BY node_id),
        papers AS (SELECT node_id, list(paper) AS documents FROM (SELECT node_id, {DOCUMENT_SQL} AS paper FROM held)
            WHERE paper IS NOT NULL GROUP BY node_id)
        SELECT node_id, {features}, one.* EXCLUDE (node_id, n), {lists}, documents, coalesce(t.share, ?) AS name_share
        FROM (FROM match.nodes {only}) LEFT JOIN one USING (node_id) LEFT JOIN more USING (node_id) LEFT JOIN papers USING (node_id)
        LEFT JOIN match.name_terms t USING (name_norm)""",
        [model.rare_name_share],
    )
    con.execute("DROP TABLE held")


def _list_of_several(name: str, condition: str) -> str:
    """The identifiers of a node under `condition` where there are several. Most nodes have one, and numbers compare at a tenth of what
    lists cost."""
    return f"CASE WHEN count(*) FILTER ({condition}) > 1 THEN list(identifier) FILTER ({condition}) END AS all_{name}"


def score(con: duckdb.DuckDBPyConnection, model: MatchModel) -> int:
    """Score temp `candidates` over temp `compared` into temp `scored` (match.pairs columns); answer how many were kept.

    Levels are reached pair by pair, weights are worked out once per distinct pattern of levels: there are far fewer of those.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE levelled (node_a UBIGINT, node_b UBIGINT, name_share DOUBLE, levels UBIGINT)")
    parts = 1 + count(con, "SELECT count(*) FROM compared") // _NODES_AT_ONCE
    for part in range(parts):
        con.execute(f"INSERT INTO levelled {levels_sql(model, part=part, parts=parts)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE patterns AS {patterns_sql(model)}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE scored AS
        WITH weighed AS (
            SELECT node_a, node_b, levels, is_identifying, bits - CASE WHEN by_share THEN log2(name_share) ELSE 0 END AS bits
            FROM levelled JOIN patterns USING (levels) WHERE NOT is_forbidden)
        SELECT node_a, node_b, CASE WHEN is_identifying THEN bits ELSE least(bits, {model.merge_bits - NOT_IDENTIFIED}) END AS bits, levels
        FROM weighed WHERE bits >= {model.review_bits}"""
    )
    con.execute("DROP TABLE levelled; DROP TABLE patterns")
    return count(con, "SELECT count(*) FROM scored")


def levels_sql(model: MatchModel, *, part: int = 0, parts: int = 1) -> str:
    """The SELECT over `candidates` and `compared` that answers (node_a, node_b, name_share, levels), of one of several parts."""

    def of(table: str, node: str) -> str:
        return table if parts == 1 else f"(FROM {table} WHERE {node} % {parts} = {part})"

    return reached_sql(
        model,
        f"""SELECT c.node_a, c.node_b, c.same_order, {side_by_side(COMPARED)}
        FROM {of("candidates", "node_a")} c JOIN {of("compared", "node_id")} l ON l.node_id = c.node_a
        JOIN compared r ON r.node_id = c.node_b""",
        ("node_a", "node_b"),
    )


def reached_sql(model: MatchModel, pairs: str, kept: Iterable[str]) -> str:
    """The SELECT that answers (<kept>, name_share, levels) of the `pairs`, a SELECT of the columns to keep, `same_order`, and those of
    `compared` side by side."""
    agreements = ", ".join(f"{sql} AS {name}" for name, sql in AGREEMENTS.items())
    packed = " + ".join(f"{_level_case(name, levels)}::UBIGINT * {16**n}" for n, (name, levels) in enumerate(model.comparisons.items()))
    return f"""
    WITH pair AS ({pairs}), agreeing AS (SELECT *, {agreements} FROM pair)
    SELECT {", ".join(kept)}, least(l_name_share, r_name_share) AS name_share, {packed} AS levels FROM agreeing"""


def patterns_sql(model: MatchModel) -> str:
    """The SELECT over `levelled` that answers what each pattern of levels weighs: (levels, bits, by_share, is_identifying, is_forbidden).
    Where `by_share`, the frequency of the name is still to be taken off."""
    names = list(model.comparisons)
    unpacked = ", ".join(f"levels >> {4 * n} & 15 AS level_{name}" for n, name in enumerate(names))
    bits = ", ".join(f"{_bits_case(name, model.comparisons[name])} AS bits_{name}" for name in names)
    total = " + ".join(f"bits_{name}" for name in names)
    for pair in model.correlated:
        reached = " AND ".join(_at_levels(model, name, wanted) for name, wanted in pair.levels.items())
        weaker = ", ".join(f"bits_{name}" for name in pair.levels)
        total += f" - CASE WHEN {reached} THEN {1 - pair.factor} * least({weaker}) ELSE 0 END"
    identifying = " OR ".join(_at_levels(model, name, wanted) for name, wanted in model.identifying.items())
    by_share = _where_any(model, {(name, x.level) for name in names for x in model.comparisons[name] if x.u == "name_share"})
    forbidden = _where_any(model, {(name, x.level) for name in names for x in model.comparisons[name] if x.forbids})
    return f"""
    WITH distinct_patterns AS (SELECT DISTINCT levels, {unpacked} FROM levelled), weighed AS (SELECT *, {bits} FROM distinct_patterns)
    SELECT levels, {model.prior_bits} + {total} AS bits, {by_share} AS by_share, {identifying} AS is_identifying,
           {forbidden} AS is_forbidden FROM weighed"""


def _at_levels(model: MatchModel, comparison: str, levels: tuple[str, ...]) -> str:
    return f"level_{comparison} IN ({', '.join(str(_number(model, comparison, level)) for level in levels)})"


def _where_any(model: MatchModel, levels: set[tuple[str, str]]) -> str:
    return " OR ".join(_at_levels(model, name, (level,)) for name, level in sorted(levels)) or "false"


def _number(model: MatchModel, comparison: str, level: str) -> int:
    return [x.level for x in model.comparisons[comparison]].index(level) + 1


def _level_case(name: str, levels: tuple[Level, ...]) -> str:
    whens = " ".join(f"WHEN {LEVELS[name][level.level]} THEN {n}" for n, level in enumerate(levels, 1))
    return f"CASE {whens} ELSE 0 END"


def _bits_case(name: str, levels: tuple[Level, ...]) -> str:
    whens = " ".join(
        f"WHEN {n} THEN {math.log2(level.m) if level.u == 'name_share' else level.bits()}" for n, level in enumerate(levels, 1)
    )
    return f"CASE level_{name} {whens} ELSE 0 END"


def spell_levels(model: MatchModel, packed: int) -> str:
    """`name=exact phone=sole …` of a packed `match.pairs.levels`: four bits a comparison, in the order of the model."""
    reached = ((name, packed >> 4 * n & 15) for n, name in enumerate(model.comparisons))
    return " ".join(f"{name}={model.comparisons[name][number - 1].level}" for name, number in reached if number)

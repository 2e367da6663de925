"""The neighbourhood of a new record as a small database in memory, where the SQL of the match stage runs on it.

The new record is node 0. Statements are planned once: planning the levels costs ten times what reaching them does. They are planned
without the optimiser, whose work a hundred rows do not pay back, and which a prepared statement would do anew each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import duckdb
import orjson

from pipelines.match.block import agreement_sql, key_sql
from pipelines.match.comparisons import COMPARED, DOCUMENTS, FEATURES, SHARED_VALUES, side_by_side
from pipelines.match.score import reached_sql
from schemas.match_model import MatchModel
from schemas.tables import match as contract

OWN = 0  # the node of the new record
Row = Sequence[object]
_TYPES = {column.name: column.type for column in contract.NODES.columns} | {"name_share": "DOUBLE"}


class Identifier(NamedTuple):
    """One identifier of a node: DuckDB's hash of it, its kind, and of a document its type and number."""

    identifier: int
    kind: str
    paper: str | None


@dataclass
class Node:
    """A row of match.nodes, the share of its name where it is a common one, and its identifiers that may be evidence."""

    said: Sequence[object]
    name_share: float | None
    held: list[Identifier] = field(default_factory=list)

    @property
    def node_id(self) -> int:
        return int(str(self.said[0]))


class Compared(NamedTuple):
    """A pair of the new record and a node: packed `levels` as in match.pairs, and the frequency of the rarer name. `agrees_on`: some rule
    that goes by what is said (not by identifiers) proposes the pair."""

    node_id: int
    agrees_on: bool
    name_share: float
    levels: int


class Session:
    """One a thread; serves one record at a time. What is laid out is rolled back: that costs less than to delete it."""

    def __init__(self, model: MatchModel) -> None:
        self.con = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "512MB"})
        self.con.execute("SET TimeZone = 'UTC'; CREATE SCHEMA match; PRAGMA disable_optimizer")
        # rows come as one JSON text: a hundred bound rows would be as many statements, and an EXECUTE takes no bound values
        self.con.execute("CREATE TABLE sent (nodes VARCHAR, identifiers VARCHAR, wanted VARCHAR)")
        columns = [*(f"{name} {kind}" for name, kind in _TYPES.items()), *(f"all_{name} UBIGINT[]" for name in SHARED_VALUES)]
        self.con.execute(f"CREATE TABLE match.nodes ({', '.join(columns)}, documents VARCHAR[])")
        self.con.execute(
            f"""CREATE VIEW match.node_identifiers AS
            SELECT {OWN}::UBIGINT AS node_id, hash(r[1], r[2]) AS identifier, r[1] AS kind FROM {_sent("identifiers")}"""
        )
        self.con.execute("CREATE TABLE match.identifier_use (identifier UBIGINT, is_shared BOOLEAN)")
        self.con.execute(f"PREPARE lay_out AS INSERT INTO match.nodes SELECT {', '.join(_cells())} FROM {_sent('nodes')}")
        self.con.execute(
            f"""PREPARE keys AS SELECT rule, key, NULL FROM ({_keys_sql(model)})
            UNION ALL SELECT NULL, identifier, kind FROM match.node_identifiers"""
        )
        self.con.execute(f"PREPARE compare AS {_compare_sql(model)}")

    def keys(self, own: Node, identifiers: Sequence[tuple[str, str]]) -> tuple[list[tuple[int, int]], list[Identifier]]:
        """The (rule, key) of the blocks of the new record, and its identifiers with their hashes."""
        rows = self._run("keys", [own], set(), identifiers=identifiers)
        papers = {kind: DOCUMENTS[kind] + value for kind, value in identifiers if kind in DOCUMENTS}
        held = [Identifier(key, kind, papers.get(kind)) for rule, key, kind in rows if rule is None]
        return [(rule, key) for rule, key, _ in rows if rule is not None], held

    def compare(self, nodes: Iterable[Node], wanted: Iterable[int], used_by_several: set[int]) -> list[Compared]:
        """Compare the new record, one of `nodes`, with the others. `wanted` are the rules whose block of it proposes pairs,
        `used_by_several` those of its identifiers that names of several people use."""
        return [Compared(*row) for row in self._run("compare", nodes, used_by_several, wanted=wanted)]

    def _run(
        self, statement: str, nodes: Iterable[Node], used_by_several: set[int], *, identifiers: Iterable[Row] = (),
        wanted: Iterable[int] = (),
    ) -> list[tuple[Any, ...]]:  # fmt: skip
        laid_out = ([*node.said, node.name_share, *_lists(node, used_by_several)] for node in nodes)
        texts = [orjson.dumps(list(rows), default=_plain).decode() for rows in (laid_out, identifiers, wanted)]
        self.con.execute("BEGIN")
        try:
            self.con.execute("INSERT INTO sent VALUES (?, ?, ?)", texts)
            self.con.execute("EXECUTE lay_out")
            return self.con.execute(f"EXECUTE {statement}").fetchall()
        finally:
            self.con.execute("ROLLBACK")


def _sent(what: str) -> str:
    """SQL: the rows `r` of texts that were sent."""
    return f"(SELECT unnest(from_json({what}, '[[\"VARCHAR\"]]')) AS r FROM sent)"


def _cells() -> list[str]:
    """SQL of the columns of match.nodes in a session, over the texts of a row."""
    cells = [f"r[{n}]::{kind}" for n, kind in enumerate(_TYPES.values(), start=1)]
    lists = {**dict.fromkeys(SHARED_VALUES, "UBIGINT"), "documents": "VARCHAR"}
    return cells + [f"from_json(r[{n}], '[\"{kind}\"]')" for n, kind in enumerate(lists.values(), start=len(cells) + 1)]


def _lists(node: Node, used_by_several: set[int]) -> list[object]:
    lists: list[object] = [
        [x.identifier for x in node.held if x.kind in of.kinds and not (of.sole and x.identifier in used_by_several)] or None
        for of in SHARED_VALUES.values()
    ]
    return [*lists, [x.paper for x in node.held if x.paper] or None]


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _keys_sql(model: MatchModel) -> str:
    """(rule, key) of the rules that the new record can be proposed by: it is named by no order."""
    rules = [(n, rule) for n, rule in enumerate(model.blocking) if not rule.orders]
    return " UNION ALL ".join(f"SELECT {n} AS rule, key FROM ({key_sql(rule)})" for n, rule in rules)


def _compare_sql(model: MatchModel) -> str:
    """(node, agrees on, name share, levels) of every node but the new one."""
    features = ", ".join(f"{sql} AS {name}" for name, sql in FEATURES.items())
    lists = ", ".join(f"list_min(all_{name}) AS {name}, all_{name}" for name in SHARED_VALUES)
    rules = [(n, *agreement_sql(rule.agree_on)) for n, rule in enumerate(model.blocking) if rule.agree_on]
    keys = ", ".join(f"CASE WHEN {present} THEN {key} END AS key_{n}" for n, key, present in rules)
    agrees = " OR ".join(f"coalesce(l.key_{n} = r.key_{n} AND list_contains(wanted, {n}), false)" for n, _, _ in rules) or "false"
    pairs = f"""SELECT r.node_id, {agrees} AS agrees_on, false AS same_order, {side_by_side(COMPARED)}
        FROM (FROM compared WHERE node_id = {OWN}) l, (FROM compared WHERE node_id <> {OWN}) r,
             (SELECT from_json(wanted, '["UTINYINT"]') AS wanted FROM sent)"""
    return f"""
    WITH compared AS (
        SELECT node_id, {features}, {lists}, documents, coalesce(name_share, {model.rare_name_share}) AS name_share, {keys}
        FROM match.nodes)
    FROM ({reached_sql(model, pairs, ("node_id", "agrees_on"))})"""

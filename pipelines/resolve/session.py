"""The neighbourhood of a new record as a small database in memory, where the SQL of the match stage runs on it.

The new record is node 0. Statements are planned once: planning the levels costs ten times what reaching them does. They are planned
without the optimiser, whose work a hundred rows do not pay back, and which a prepared statement would do anew each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import duckdb
import orjson

from pipelines.match.block import key_sql
from pipelines.match.comparisons import DOCUMENT, FEATURES, SHARED_VALUES
from pipelines.match.score import levels_sql
from schemas.match_model import MatchModel
from schemas.tables import match as contract

OWN = 0  # the node of the new record
COLUMNS = tuple(column.name for column in contract.NODES.columns)
_TYPES = {column.name: column.type for column in contract.NODES.columns} | {"name_share": "DOUBLE"}


class Identifier(NamedTuple):
    """One identifier of a node: DuckDB's hash of it, its kind, and of a document its value."""

    identifier: int
    kind: str
    value: str | None


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
    levels: int
    name_share: float
    agrees_on: bool


class Session:
    """One a thread; serves one record at a time."""

    def __init__(self, model: MatchModel) -> None:
        self.con = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "512MB"})
        self.con.execute("SET TimeZone = 'UTC'; CREATE SCHEMA match; PRAGMA disable_optimizer")
        columns = [*(f"{name} {kind}" for name, kind in _TYPES.items()), *(f"all_{name} UBIGINT[]" for name in SHARED_VALUES)]
        self.con.execute(f"CREATE TABLE match.nodes ({', '.join(columns)}, documents VARCHAR[])")
        self.con.execute("CREATE TABLE match.node_identifiers (node_id UBIGINT, identifier UBIGINT, kind VARCHAR)")
        self.con.execute("CREATE TABLE match.identifier_use (identifier UBIGINT, is_shared BOOLEAN)")
        self.con.execute("CREATE TABLE wanted (rule UTINYINT, key UBIGINT); CREATE TABLE sent (rows VARCHAR)")
        self._prepare("nodes", "match.nodes", _cells())
        self._prepare("identifiers", "match.node_identifiers", [str(OWN), "hash(r[1], r[2])", "r[1]"])
        self._prepare("wanted", "wanted", ["r[1]::UTINYINT", "r[2]::UBIGINT"])
        self.con.execute(f"PREPARE keys AS SELECT rule, key FROM ({_keys_sql(model, identifiers=True)})")
        self.con.execute(f"PREPARE compare AS {_compare_sql(model)}")

    def keys(self, own: Node, identifiers: Iterable[tuple[str, str]]) -> tuple[list[tuple[int, int]], list[Identifier]]:
        """The (rule, key) of the blocks of the new record, and its identifiers with their hashes."""
        self._lay_out([own], set())
        self._fill("identifiers", "match.node_identifiers", identifiers)
        keys = self.con.execute("EXECUTE keys").fetchall()
        held = self.con.execute("SELECT identifier, kind FROM match.node_identifiers").fetchall()
        value = dict(zip(((kind) for kind, _ in identifiers), (v for _, v in identifiers), strict=True))
        return keys, [Identifier(identifier, kind, value[kind] if kind == DOCUMENT else None) for identifier, kind in held]

    def compare(self, nodes: Iterable[Node], wanted: Iterable[tuple[int, int]], used_by_several: set[int]) -> list[Compared]:
        """Compare the new record, one of `nodes`, with the others. `wanted` are the (rule, key) of its blocks that propose pairs,
        `used_by_several` those of its identifiers that names of several people use."""
        self._lay_out(nodes, used_by_several)
        self._fill("wanted", "wanted", wanted)
        return [Compared(*row) for row in self.con.execute("EXECUTE compare").fetchall()]

    def _lay_out(self, nodes: Iterable[Node], used_by_several: set[int]) -> None:
        self._fill("nodes", "match.nodes", ([*node.said, node.name_share, *_lists(node, used_by_several)] for node in nodes))

    def _prepare(self, name: str, table: str, cells: Sequence[str]) -> None:
        """The statement that writes into `table` what was `sent`: rows as one JSON text, for a hundred bound rows would be as many
        statements, and an EXECUTE takes no bound values."""
        rows = "(SELECT unnest(from_json(rows, '[[\"VARCHAR\"]]')) AS r FROM sent)"
        self.con.execute(f"PREPARE fill_{name} AS INSERT INTO {table} SELECT {', '.join(cells)} FROM {rows}")

    def _fill(self, name: str, table: str, rows: Iterable[Sequence[object]]) -> None:
        self.con.execute(f"DELETE FROM {table}; DELETE FROM sent")
        self.con.execute("INSERT INTO sent VALUES (?)", [orjson.dumps(list(rows), default=_plain).decode()])
        self.con.execute(f"EXECUTE fill_{name}")


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
    return [*lists, [x.value for x in node.held if x.kind == DOCUMENT] or None]


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _keys_sql(model: MatchModel, *, identifiers: bool) -> str:
    """(rule, key, node_id) of the rules that a new record can be proposed by: it is named by no order."""
    rules = [(n, rule) for n, rule in enumerate(model.blocking) if not rule.orders and (identifiers or not rule.identifiers)]
    return " UNION ALL ".join(f"SELECT {n} AS rule, key, node_id FROM ({key_sql(rule)})" for n, rule in rules)


def _compare_sql(model: MatchModel) -> str:
    """(node, levels, name share, agrees on) of every node but the new one."""
    features = ", ".join(f"{sql} AS {name}" for name, sql in FEATURES.items())
    lists = ", ".join(f"list_min(all_{name}) AS {name}, all_{name}" for name in SHARED_VALUES)
    return f"""
    WITH compared AS (
        SELECT node_id, {features}, {lists}, documents, coalesce(name_share, {model.rare_name_share}) AS name_share FROM match.nodes),
    candidates AS (SELECT {OWN}::UBIGINT AS node_a, node_id AS node_b, false AS same_order FROM match.nodes WHERE node_id <> {OWN}),
    agreeing_nodes AS (SELECT DISTINCT node_id FROM ({_keys_sql(model, identifiers=False)}) SEMI JOIN wanted USING (rule, key))
    SELECT node_b, levels, name_share, agreeing_nodes.node_id IS NOT NULL
    FROM ({levels_sql(model)}) LEFT JOIN agreeing_nodes ON agreeing_nodes.node_id = node_b"""

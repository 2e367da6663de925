"""The kind `zh_address` of a table's model: what is prepared of an address, and the levels two of them may reach."""

from __future__ import annotations

import duckdb

from pipelines.match.addresses import both_ways, contradict, read_parts
from pipelines.sql import quoted

_PLACE = 0  # bits from which two addresses are one place rather than two (docs/benchmarks.md: of real pairs there, 1 in 14 is different)
_SIMILAR = -4
_L, _R = "l.{f}_parts", "r.{f}_parts"
_SCORE = both_ways(_L, _R)
# a score costs far more than a look at what is shared, and most pairs share nothing: CASE keeps them from it, AND would not
_SHARES = f"list_has_any({_L}.sounds, {_R}.sounds)"


def _scores(at_least: float, *, where: str = "true") -> str:
    return f"CASE WHEN {where} AND {_SHARES} THEN {_SCORE} >= {at_least} ELSE false END"


def _agree(*units: str) -> str:
    return " AND ".join(f"list_has_any({_L}.{unit}, {_R}.{unit})" for unit in units)


def _contradict(*units: str) -> str:
    return "(" + " OR ".join(f"({contradict(f'{_L}.{unit}', f'{_R}.{unit}')})" for unit in units) + ")"


_NO_OTHER_DISTRICT = f"coalesce({_L}.district = {_R}.district, true)"
_HOUSE = f"({_agree('buildings')} OR {_agree('roads', 'numbers')} OR {_agree('lanes', 'numbers')})"
_HOUSES = ("numbers", "buildings", "lanes")


def _one_place(*also: str) -> str:
    """The same place by the score, no house or district contradicts, and `also` holds."""
    return _scores(_PLACE, where=" AND ".join((*also, f"NOT {_contradict(*_HOUSES)}", _NO_OTHER_DISTRICT)))


# name, condition over `l` and `r`, meaning; the strongest first, below the same text and above anything else
ADDRESS_LEVELS = (
    ("same_room", _one_place(_agree("rooms"), f"NOT {_contradict('entrances')}"),
     "the same place and room, no number of a house or building contradicts"),
    ("same_building", _one_place(_HOUSE), "the same place, and the house or building"),
    ("same_place", _one_place(), "the same place, as far as both say"),
    ("neighbours", _scores(_SIMILAR, where=_contradict(*_HOUSES)), "alike, but the house or building is another"),
    ("similar", _scores(_SIMILAR), "alike"),
    ("same_area", f"{_L}.district = {_R}.district OR {_agree('roads')} OR {_agree('villages')}", "a district, road or village in common"),
)  # fmt: skip


def parts_column(field: str) -> str:
    """SQL: the parts of a field's address while `prepare` reads the rows."""
    return quoted(f"parts of {field}")


def prepared_address(field: str) -> dict[str, str]:
    """SQL of the columns: the address in one spelling with its city and district, and its parts."""
    parts = parts_column(field)
    return {field: f"nullif(concat({parts}.city, {parts}.district, {parts}.whole), '')", f"{field}_parts": parts}


def read_field(con: duckdb.DuckDBPyConnection, field: str, cell: str, rows: str) -> str:
    """Read the distinct addresses of a field in the table `rows` called `t`; answer the SQL that joins their parts to it."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE address_texts AS SELECT DISTINCT {cell} AS address FROM {rows} t WHERE trim({cell}) <> ''")
    table, text = quoted(f"addresses of {field}"), quoted(f"text of {field}")
    read_parts(con, "address_texts", table)
    con.execute("DROP TABLE address_texts")
    return f"LEFT JOIN (SELECT address AS {text}, parts AS {parts_column(field)} FROM {table} parts) ON {text} = {cell}"

"""Small tables to link: invented people with errors, and the truth of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.link.prepare import prepare
from pipelines.link.score import level_names, put_levels
from pipelines.match.level import Level
from schemas.table_model import Kind, TableModel

GIVEN = (
    "anna", "bernd", "clara", "dieter", "emma", "franz", "greta", "hugo", "ida", "jonas",
    "karla", "ludwig", "maria", "nils", "olga", "paul", "rosa", "stefan", "tilda", "uwe",
)  # fmt: skip
FAMILY = (
    "abel", "brandt", "conrad", "dorn", "engel", "fuchs", "gruber", "hahn", "ilgner", "jung",
    "keller", "lang", "maier", "nagel", "otto", "pohl", "quandt", "richter", "sauer", "thiel",
)  # fmt: skip
PEOPLE: dict[str, Any] = {
    "version": "people-1",
    "record_id": "id",
    "fields": {
        "given": {"column": "first", "kind": "given_name"},
        "family": {"column": "last", "kind": "family_name"},
        "born": {"column": "born", "kind": "date"},
        "town": {"column": "town", "kind": "text"},
        "phone": {"column": "phone", "kind": "code"},
    },
    "comparisons": {
        "given": {"of": "given", "swapped_with": "family"},
        "family": {"of": "family", "swapped_with": "given"},
        "born": {"of": "born"},
        "town": {"of": "town"},
        "phone": {"of": "phone"},
    },
    "pairing": [
        {"agree_on": ["given", "family"]},
        {"agree_on": ["born"]},
        {"agree_on": ["phone"]},
        {"agree_on": ["family", "born_year"]},
        {"agree_on": ["given", "town", "born_year"]},
    ],
}


def model(**changed: Any) -> TableModel:
    return TableModel.model_validate(PEOPLE | {"random_pairs": 50_000} | changed)


def people(persons: int = 150, seed: int = 1) -> list[dict[str, str | None]]:
    """One to four rows a person, one value in eight wrong or missing. `person` is the truth."""
    dice = random.Random(seed)
    rows: list[dict[str, str | None]] = []
    for person in range(persons):
        true: dict[str, str | None] = {
            "first": dice.choice(GIVEN), "last": dice.choice(FAMILY), "town": dice.choice(["Ulm", "Bonn", "Kiel", "Jena", "Hof"]),
            "born": f"{dice.randrange(1940, 2005)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}",
            "phone": str(dice.randrange(10**8, 10**9)),
        }  # fmt: skip
        for _ in range(dice.choice((1, 2, 2, 3, 4))):
            row = {name: _spoiled(dice, value) if dice.random() < 0.125 else value for name, value in true.items()}
            rows.append({"id": f"r{len(rows):04}", "person": f"p{person}", **row})
    return rows


def _spoiled(dice: random.Random, value: str | None) -> str | None:
    if value is None or dice.random() < 0.4:
        return None
    at = dice.randrange(len(value) - 1)
    return value[:at] + value[at + 1] + value[at] + value[at + 2 :] if value[at] != value[at + 1] else value[:at] + value[at + 1 :]


def table(con: duckdb.DuckDBPyConnection, rows: list[dict[str, str | None]], name: str = "file_rows") -> list[str]:
    """Put rows into the temp table `name`; answer its columns."""
    lent = pa.Table.from_pylist(rows)
    con.register("lent", lent)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM lent")
    con.unregister("lent")
    return lent.column_names


def without_example(levels: Mapping[Kind, tuple[Level, ...]], cases: Iterable[tuple[object, ...]]) -> set[tuple[str, str]]:
    """The (kind, level) that none of the cases (kind, left, right, level) reaches."""
    return {(kind, level.name) for kind, of in levels.items() for level in of} - {(kind, level) for kind, _, _, level in cases}


def levels_reached(kind: str, pairs: list[tuple[str | None, str | None]]) -> list[str | None]:
    """The levels that pairs of values of a kind reach, all in one table; None for none."""
    con = duckdb.connect()
    values = {"version": "1", "record_id": "id", "random_pairs": 1_000, "pairing": [{"agree_on": ["f"]}]}
    fields = {"f": {"column": "v", "kind": kind}}
    model = TableModel.model_validate({**values, "fields": fields, "comparisons": {"f": {"of": "f"}}})
    flat = [value for pair in pairs for value in pair]
    prepare(con, model, "file_rows", table(con, [{"id": f"{n:06}", "v": value} for n, value in enumerate(flat)]))
    con.execute(f"CREATE TEMP TABLE pairs AS SELECT 2 * range AS a, 2 * range + 1 AS b FROM range({len(pairs)})")
    put_levels(con, model, "pairs", "levelled")
    names = level_names(model)["f"]
    return [names[level - 1] if level else None for (level,) in con.execute("SELECT levels FROM levelled ORDER BY a").fetchall()]


def level_reached(kind: str, left: object, right: object, *, column: str | list[str] = "v", **field: Any) -> str | None:
    """The level that two values of a kind reach; None for none."""
    con = duckdb.connect()
    values = {"version": "1", "record_id": "id", "random_pairs": 1_000, "pairing": [{"agree_on": ["f"]}]}
    model = TableModel.model_validate({
        **values, "fields": {"f": {"column": column, "kind": kind, **field}, "g": {"column": "w", "kind": "text"}},
        "comparisons": {"f": {"of": "f"}},
    })  # fmt: skip
    names = [column] if isinstance(column, str) else column
    rows = [dict(zip(names, value if isinstance(value, tuple) else (value,), strict=True)) for value in (left, right)]
    columns = table(con, [{"id": str(n), "w": "x", **row} for n, row in enumerate([*rows, *rows])])
    prepare(con, model, "file_rows", columns)
    con.execute("CREATE TEMP TABLE pairs AS SELECT 0 AS a, 1 AS b")
    put_levels(con, model, "pairs", "levelled")
    reached = con.execute("SELECT levels FROM levelled").fetchall()[0][0]
    return level_names(model)["f"][reached - 1] if reached else None

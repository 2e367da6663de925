"""`report.html`: what a run learned and found, on one page without outside parts. It shows counts and record ids, never a value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.cluster.bridges import bridges
from pipelines.link.link import Linked
from pipelines.link.score import level_bits, level_names
from schemas.table_model import TableModel

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_ROWS = 20  # of a table of examples
_SMALL = 20  # rows of an entity whose triangles are looked for
_SIZES = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, None))


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: where it begins, what it counts, and how long it is, 0 to 1."""

    label: str
    n: int
    length: float


@dataclass(frozen=True)
class Review:
    """Pairs that are neither clearly one nor clearly two: between `low` and `high` in probability; `told`: pairs of at least 1 %."""

    low: float
    high: float
    pairs: int
    told: int


def render(con: duckdb.DuckDBPyConnection, model: TableModel, linked: Linked) -> str:
    """The page, from what `link_rows` left: temp `entities`, `prepared`, `scored` and `within`. The same run gives the same page."""
    _put_entity_numbers(con)
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["count"] = "{:,}".format
    weak, weak_n = _bridges(con, model)
    page = environment.get_template("report.html.j2").render(
        model=model, linked=linked, weights=_weights(model, linked), histogram=_histogram(con),
        lines={"merge": _bits(model.merge_probability), "link": _bits(model.link_probability)},
        sizes=_sizes(con), largest=_largest(con), bridges=weak, bridges_n=weak_n, review=_review(con, model),
    )  # fmt: skip
    con.execute("DROP TABLE entity_of")
    return page


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability))


def _put_entity_numbers(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """CREATE OR REPLACE TEMP TABLE entity_of AS
        SELECT n, record_id, entity_id, count(*) OVER (PARTITION BY entity_id) AS size FROM entities JOIN prepared USING (record_id)"""
    )


def _weights(model: TableModel, linked: Linked) -> list[tuple[str, list[tuple[str, float, float, float]]]]:
    """By comparison: of each level its name, m, u and bits."""
    parts = zip(level_names(model).items(), linked.learned.m, linked.learned.u, level_bits(model, linked.learned).values(), strict=True)
    return [(name, list(zip(levels, m.tolist(), u.tolist(), bits.tolist(), strict=True))) for (name, levels), m, u, bits in parts]


def _histogram(con: duckdb.DuckDBPyConnection) -> list[tuple[int, int, float]]:
    """Of each whole number of bits that pairs have: how many, and the height of its bar on a scale of logarithms, 0 to 1."""
    found = con.execute("SELECT floor(bits)::INT AS low, count(*) FROM scored GROUP BY low ORDER BY low").fetchall()
    most = max((n for _, n in found), default=1)
    return [(at, n, math.log1p(n) / math.log1p(most)) for at, n in found]


def _sizes(con: duckdb.DuckDBPyConnection) -> list[Bar]:
    found = dict(con.execute("SELECT size, count(DISTINCT entity_id) FROM entity_of GROUP BY size").fetchall())
    counted = [(low, high, sum(n for size, n in found.items() if low <= size <= (high or size))) for low, high in _SIZES]
    most = max(n for *_, n in counted)
    return [Bar(_range(low, high), n, math.log1p(n) / math.log1p(most)) for low, high, n in counted if n]


def _range(low: int, high: int | None) -> str:
    return str(low) if low == high else f"{low}–{high}" if high else f"≥ {low}"


def _largest(con: duckdb.DuckDBPyConnection) -> Sequence[tuple[str, int, float]]:
    """The largest entities: id, rows, and the mean probability of the pairs inside."""
    sql = f"""
        WITH large AS (SELECT entity_id, any_value(size) AS size FROM entity_of WHERE size > 1 GROUP BY ALL
            ORDER BY size DESC, entity_id LIMIT {_MOST_ROWS})
        SELECT g.entity_id, g.size, coalesce(avg(w.probability), 0) FROM large g JOIN entity_of x USING (entity_id)
        LEFT JOIN (within w JOIN entity_of y ON y.n = w.b) ON w.a = x.n AND y.entity_id = x.entity_id
        GROUP BY g.entity_id, g.size ORDER BY g.size DESC, g.entity_id"""
    return con.execute(sql).fetchall()


def _bridges(con: duckdb.DuckDBPyConnection, model: TableModel) -> tuple[list[tuple[str, str, float, int, int]], int]:
    """The least probable pairs without which an entity of three or more would fall in two: ids, probability, rows on either side; and how
    many such pairs there are."""
    # most small entities are all triangles, whose sides hold nothing together alone: they need no walk
    found = con.execute(
        f"""WITH edges AS (SELECT w.a, w.b, w.probability, x.entity_id, x.size FROM within w
            JOIN entity_of x ON x.n = w.a JOIN entity_of y ON y.n = w.b AND y.entity_id = x.entity_id
            WHERE x.size > 2 AND w.told > 0 AND w.probability >= ?),
        small AS (FROM edges WHERE size <= {_SMALL}),
        sides AS (SELECT a AS n, b AS other FROM small UNION ALL SELECT b, a FROM small),
        in_triangles AS (SELECT DISTINCT e.a, e.b FROM small e JOIN sides x ON x.n = e.a JOIN sides y ON y.n = e.b AND y.other = x.other),
        doubtful AS (SELECT DISTINCT entity_id FROM edges ANTI JOIN in_triangles USING (a, b))
        SELECT a, b, probability FROM edges SEMI JOIN doubtful USING (entity_id) ORDER BY a, b""",
        [model.merge_probability],
    ).fetchnumpy()
    a, b, probability = (np.asarray(found[name]) for name in ("a", "b", "probability"))
    cut = sorted(bridges(a, b), key=lambda of: (probability[of[0]], of[0]))
    ends = [int(side[k]) for k, _, _ in cut[:_MOST_ROWS] for side in (a, b)]
    ids = dict(con.execute("SELECT n, record_id FROM prepared WHERE n IN (SELECT unnest(?::INTEGER[]))", [ends]).fetchall())
    shown = [(ids[int(a[k])], ids[int(b[k])], float(probability[k]), fewer, more) for k, fewer, more in cut[:_MOST_ROWS]]
    return shown, len(cut)


def _review(con: duckdb.DuckDBPyConnection, model: TableModel) -> Review:
    low, high = sorted((1 - model.link_probability, model.link_probability))
    sql = "SELECT count(*) FILTER (probability BETWEEN ? AND ?), count(*) FROM scored WHERE probability >= 0.01"
    pairs, told = con.execute(sql, [low, high]).fetchall()[0]
    return Review(low, high, pairs, told)

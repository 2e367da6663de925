"""How alike two Chinese addresses are: a score in bits, over the parts that `address_parts` reads.

The score is a weighted sum: what of the one is in the other (by weight of the rare pieces), which numbers agree, contradict or are
missing on one side, by their unit, and what single characters say that are in both or in one only. The weights are constants of
`schemas/match/addresses.yaml` and `address_characters.csv`, fitted to real pairs by `benchmarks/fit_addresses.py` (logistic regression).

The two sides differ: the first is an address as people write it, the second as a directory lists it. Where neither is a directory,
`both_ways` takes the mean of the two directions.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import yaml

from pipelines.match.address_parts import VIEWS, WEIGHT, read_addresses

_FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "match"
_STEP = 10_000  # a character's weights are kept to four digits
_SHARED_BITS = 1 << 20
_UNIT_NAMES = ("numbers", "buildings", "entrances", "floors", "rooms", "lanes", "teams", "digits", "villages", "roads")


def read_parts(con: duckdb.DuckDBPyConnection, texts: str, into: str) -> None:
    """As `read_addresses`, with `characters` (what each says if shared), `if_first` and `if_second` (what all say if none is shared)."""
    read_addresses(con, texts, "address_read")
    con.register("character_rows", _characters())
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT r.*, coalesce(characters, []) AS characters, coalesce(if_first, 0) AS if_first, coalesce(if_second, 0) AS if_second
        FROM address_read r LEFT JOIN (
            SELECT address, list(shared) AS characters, sum(c.if_first) AS if_first, sum(c.if_second) AS if_second
            FROM (SELECT address, unnest(list_distinct(string_split(address, ''))) AS character FROM address_read)
            JOIN character_rows c USING (character) GROUP BY address) USING (address)"""
    )
    con.unregister("character_rows")
    con.execute("DROP TABLE address_read")


@cache
def _characters() -> pa.Table:
    """character, if_first, if_second, and `shared`: its own number, and in the low bits what sharing it adds to these two."""
    with (_FOLDER / "address_characters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first, second = ([float(row[side]) for row in rows] for side in ("only_first", "only_second"))
    adds = [float(row["both"]) - one - two for row, one, two in zip(rows, first, second, strict=True)]
    shared = [n * _SHARED_BITS + _SHARED_BITS // 2 + round(added * _STEP) for n, added in enumerate(adds)]
    return pa.table({"character": [row["character"] for row in rows], "shared": shared, "if_first": first, "if_second": second})


def character_evidence(first: str, second: str) -> str:
    """SQL: what the characters of two addresses say; `first` and `second` are rows of `read_parts`."""
    shared = f"list_intersect({first}.characters, {second}.characters)"
    added = f"list_sum([x % {_SHARED_BITS} - {_SHARED_BITS // 2} for x in {shared}])"
    return f"{first}.if_first + {second}.if_second + coalesce({added}, 0) / {_STEP}"


def features(first: str, second: str) -> dict[str, str]:
    """SQL of each feature of a pair, by its name."""
    made: dict[str, str] = {}
    for view in (*VIEWS, "counted"):
        made |= _of_view(view, first, second)
    for unit in _UNIT_NAMES:
        made |= _of_unit(f"{first}.{unit}", f"{second}.{unit}", unit)
    return made | _of_names(first, second) | _of_the_rest(first, second)


def _shared(view: str, first: str, second: str, *, of: str = "sum", each: str = f"x & {WEIGHT}") -> str:
    return f"coalesce(list_{of}([{each} for x in list_intersect({first}.{view}, {second}.{view})]), 0)"


def _of_view(view: str, first: str, second: str) -> dict[str, str]:
    shared, square = _shared(view, first, second), f"(x & {WEIGHT}) * (x & {WEIGHT})"
    lengths = " * ".join(f"greatest(1, list_sum([{square} for x in {side}.{view}]))" for side in (first, second))
    return {
        f"{view}_cosine": f"{_shared(view, first, second, each=square)} / sqrt({lengths})",
        f"{view}_of_first": f"{shared} / greatest(1, {first}.{view}_w)",
        f"{view}_of_second": f"{shared} / greatest(1, {second}.{view}_w)",
        f"{view}_first": f"ln(1 + {first}.{view}_w)",
        f"{view}_second": f"ln(1 + {second}.{view}_w)",
        f"{view}_rarest": f"{_shared(view, first, second, of='max')} / {WEIGHT}",
    }


def _of_unit(one: str, two: str, unit: str) -> dict[str, str]:
    return {
        f"{unit}_agree": f"list_has_any({one}, {two})::INT",
        f"{unit}_contradict": f"({contradict(one, two)})::INT",
        f"{unit}_on_one_side": f"((len({one}) > 0) <> (len({two}) > 0))::INT",
    }


def contradict(one: str, two: str) -> str:
    """SQL: both lists say something, and nothing in common."""
    return f"len({one}) > 0 AND len({two}) > 0 AND NOT list_has_any({one}, {two})"


def _of_names(first: str, second: str) -> dict[str, str]:
    one, two = f"{first}.segments", f"{second}.segments"
    backwards = "jaro_winkler_similarity(reverse(x), reverse(y))"
    return {
        "segments_alike": f"coalesce(list_max([list_max([{backwards} for y in {two}]) for x in {one}]), 0.5)",
        "last_segment_of_second": f"coalesce(list_max([jaro_winkler_similarity(x, {two}[-1]) for x in {one}]), 0.5)",
        "last_segment_of_first": f"coalesce(list_max([jaro_winkler_similarity(x, {one}[-1]) for x in {two}]), 0.5)",
        "longest_segment_shared": f"coalesce(list_max([length(x) for x in list_intersect({one}, {two})]), 0)",
        "tail_of_first": f"{_tail(first, second)} / greatest(1, {first}.tail_w)",
        "tail_of_second": f"{_tail(second, first)} / greatest(1, {second}.tail_w)",
    }


def _tail(one: str, other: str) -> str:
    return f"coalesce(list_sum([x & {WEIGHT} for x in list_intersect({one}.tail, {other}.words)]), 0)"


def _of_the_rest(first: str, second: str) -> dict[str, str]:
    same_road = f"list_has_any({first}.roads, {second}.roads)"
    both = f"len(list_intersect({first}.digits, {second}.digits))"
    return {
        "district_agrees": f"coalesce({first}.district = {second}.district, false)::INT",
        "district_contradicts": f"coalesce({first}.district <> {second}.district, false)::INT",
        "city_contradicts": f"coalesce({first}.city <> {second}.city, false)::INT",
        "digits_share": f"coalesce({both} / nullif(len({first}.digits) + len({second}.digits) - {both}, 0), 0.5)",
        "number_after_the_same": f"list_has_any({first}.near, {second}.near)::INT",
        "road_and_number_agree": f"({same_road} AND list_has_any({first}.numbers, {second}.numbers))::INT",
        "other_number_of_the_road": f"({same_road} AND {contradict(f'{first}.numbers', f'{second}.numbers')})::INT",
        "length_first": f"length({first}.whole) / 30",
        "length_second": f"length({second}.whole) / 30",
    }


@cache
def weights() -> dict[str, float]:
    """Of each feature what one unit of it adds, in bits; `constant` is what every pair starts at."""
    loaded: dict[str, float] = yaml.safe_load((_FOLDER / "addresses.yaml").read_text("utf-8"))["weights"]
    return loaded


def score(first: str, second: str) -> str:
    """SQL: bits for "one place" against "different places"; 0 is even odds."""
    return _weighed(first, second, weights(), character_evidence(first, second))


def both_ways(one: str, other: str) -> str:
    """SQL: the mean score of the two directions, the same whichever comes first. What is of the first in the one direction is of the second
    in the other, so the mean of two scores is one score with the weights of such features averaged."""
    known = weights()
    averaged = {name: (weight + known[_turned(name)]) / 2 for name, weight in known.items()}
    return _weighed(one, other, averaged, f"({character_evidence(one, other)} + {character_evidence(other, one)}) / 2")


def _turned(feature: str) -> str:
    """The feature that says the same once the two addresses change places."""
    if feature.endswith("_first"):
        return feature.removesuffix("first") + "second"
    return feature.removesuffix("second") + "first" if feature.endswith("_second") else feature


def _weighed(first: str, second: str, by: dict[str, float], characters: str) -> str:
    terms = [f"{by[name]!r} * ({sql})" for name, sql in features(first, second).items()]
    return f"({by['constant']!r} + {characters} + {' + '.join(terms)})"

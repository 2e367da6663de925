"""Chinese addresses taken apart for comparing: numbers by their unit, roads, and weighted pieces of text.

| address | roads | numbers | buildings | names |
| --- | --- | --- | --- | --- |
| `江苏省南京市浦口区团结路8号19幢附近中海万锦熙岸` | 团结路 | 8 | 19 | 中海, 海万, 万锦, 锦熙, 熙岸 |

A piece (two or three neighbouring characters, a number with its unit) is one integer that carries its weight in the low byte: 15 times
the natural logarithm of how many addresses of the table there are to one that has it (inverse document frequency, Spärck Jones 1972). So
what two addresses share, and how much that says, is one intersection of two lists.
"""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa

from pipelines.sql import literal
from pipelines.standardise.addresses import standardise_addresses
from pipelines.standardise.characters import HAN
from pipelines.standardise.divisions import divisions
from pipelines.standardise.readings import syllables
from pipelines.standardise.vocabulary import any_of

WEIGHT = 255  # the bits of a piece that are its weight
# the size of table the score was learned on: a smaller one cannot tell what is rare, a larger one counts nothing as rarer than this
_USUAL = 10_000
_ROAD = "(?:大道|大街|路|街|道|巷|胡同|弄)"
_UNIT = "(?:号楼|号院|号|栋|单元|单|层|楼|室|弄|期|组|队|巷)"
_ABOUT = "[东西南北中侧]*[0-9]+米|交叉路?口|附近|交汇处|街道办事处|菜鸟驿站|旁边|对面|斜对面|第|街道"
_ANY_NUMBER = "[0-9一二三四五六七八九十零〇]+"
# of each unit what its numbers are found by
UNITS = {
    "numbers": "([0-9]+(?:-[0-9]+)*)号", "buildings": "([0-9A-Z]+(?:-[0-9]+)*)(?:栋|号楼)", "entrances": "([0-9A-Z]+)单",
    "floors": "(负?[0-9]+)(?:层|楼)", "rooms": "([0-9]+)室", "lanes": "([0-9]+)弄", "teams": f"({_ANY_NUMBER})(?:组|队|社)",
    "digits": "([0-9]+)", "villages": f"([{HAN}0-9]{{1,2}}(?:村|镇|乡))",
}  # fmt: skip
# of each view of an address the text it is cut from, and how many characters a piece has
VIEWS = {"twos": ("whole", 2), "threes": ("whole", 3), "sounds": ("heard", 2), "words": ("said", 2), "names": ("named", 2)}
_COUNTED = f"([0-9A-Z]+(?:-[0-9]+)*(?:{_UNIT}|区|座|街|条|路)?)"


def read_addresses(con: duckdb.DuckDBPyConnection, texts: str, into: str) -> None:
    """Temp `into(address, whole, city, district, <units>, roads, segments, <views>, <views>_w, tail, tail_w, counted, counted_w, near)`
    of the temp table `texts(address)` of distinct addresses that are not null. `_w` is the weight of all pieces of a view."""
    con.execute(f"""CREATE OR REPLACE TEMP TABLE address_raw AS
        SELECT address AS key, NULL::VARCHAR AS province, NULL::VARCHAR AS city, NULL::VARCHAR AS district, address FROM {texts}""")
    standardise_addresses(con, "address_raw", "address_standard")
    _part(con)
    _spell(con)
    for view, (column, size) in VIEWS.items():
        _cut(con, view, _pieces(column, size))
    _cut(con, "tail", _pieces("tail_text", 2), weighed_as="words")
    _cut(con, "counted", f"regexp_extract_all(whole, {literal(_COUNTED)}, 1)")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * EXCLUDE (n, text, heard, said, named, tail_text) FROM address_parts")
    for view in VIEWS:
        con.execute(f"DROP TABLE weights_{view}")
    con.execute("DROP TABLE weights_counted; DROP TABLE address_raw; DROP TABLE address_standard; DROP TABLE address_parts")


def _part(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `address_parts`: region, roads, numbers by unit, and the texts that pieces are cut from; `|` is where something was cut out."""
    units = ", ".join(f"list_distinct(regexp_extract_all(text, {literal(found)}, 1)) AS {unit}" for unit, found in UNITS.items())
    road = f"[{HAN}0-9]{{1,3}}{_ROAD}"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE address_parts AS
        WITH whole AS (
            SELECT row_number() OVER (ORDER BY key) AS n, key AS address, city, district, coalesce(address_norm, upper(key)) AS whole
            FROM address_standard),
        parted AS (
            SELECT n, address, whole, city, coalesce(district, nullif(regexp_extract(whole, {literal(_head())}, 1), '')) AS district,
                regexp_replace(whole, {literal(_ABOUT)}, '|', 'g') AS text,
                regexp_replace(text, {literal(f"[0-9A-Z]+(?:-[0-9]+)*{_UNIT}?")}, '|', 'g') AS said,
                regexp_replace(said, {literal(f"{road}|[东西南北]门")}, '|', 'g') AS named
            FROM whole)
        SELECT *, regexp_extract(rtrim(named, '|'), '[^|]+$') AS tail_text, {units},
            list_distinct([right(road, 3) for road in regexp_extract_all(text, {literal(road)})]) AS roads,
            list_distinct(regexp_extract_all(whole, '[^0-9A-Z][0-9A-Z]+')) AS near
        FROM parted"""
    )


@cache
def _head() -> str:
    """The pattern of a district that the head of a text names, also one that several cities have."""
    districts = any_of({row["name"] for row in divisions().values() if row["level"] == "district"})
    return f"^(?:[{HAN}]{{2,3}}省)?(?:[{HAN}]{{2,4}}市)*({districts})"


def _spell(con: duckdb.DuckDBPyConnection) -> None:
    """Add `heard` and `segments`: the whole and the names between cuts, a character for each sound, so that misheard is spelt the same."""
    rows = con.execute("SELECT n, whole, named FROM address_parts ORDER BY n").fetchall()
    heard, named = (_as_heard([row[column] for row in rows]) for column in (1, 2))
    con.register("spelt", pa.table({"n": [row[0] for row in rows], "heard": heard, "named_heard": named}))
    con.execute(
        """CREATE OR REPLACE TEMP TABLE address_parts AS
        SELECT p.*, heard, list_filter(string_split(named_heard, '|'), lambda segment: length(segment) > 1) AS segments
        FROM address_parts p JOIN spelt USING (n)"""
    )
    con.unregister("spelt")


def _as_heard(texts: list[str]) -> list[str]:
    return "\n".join(texts).translate(_sounds()).split("\n") if texts else []


@cache
def _sounds() -> dict[int, str]:
    """Character -> one character for its sound. What many do not tell apart is one: zh/z, ch/c, sh/s, -ng/-n, l/n, hu/fu."""
    codes: dict[str, str] = {}
    table = {}
    for character, syllable in zip(*syllables().to_pydict().values(), strict=True):
        sound = syllable.removesuffix("g") if syllable.endswith("ng") else syllable
        sound = sound[0] + sound[2:] if sound[:2] in ("zh", "ch", "sh") else sound
        sound = "n" + sound[1:] if sound.startswith("l") else "f" + sound[1:] if sound.startswith("hu") else sound
        table[ord(character)] = codes.setdefault(sound, chr(0xE000 + len(codes)))
    return table


def _pieces(column: str, size: int) -> str:
    """SQL: the runs of `size` characters of a text."""
    return f"list_transform(range(1, greatest(1, length({column}) - {size} + 2)), lambda i: substr({column}, i, {size}))"


def _cut(con: duckdb.DuckDBPyConnection, view: str, pieces: str, *, weighed_as: str | None = None) -> None:
    """Add the pieces `view` and their weight `view_w`; how rare a piece is counts in the view itself, or in `weighed_as`."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE address_cut AS
        SELECT n, piece FROM (SELECT n, unnest(list_distinct({pieces})) AS piece FROM address_parts) WHERE NOT contains(piece, '|')"""
    )
    if weighed_as is None:
        rows = f"greatest((SELECT count(*) FROM address_parts), {_USUAL})"
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE weights_{view} AS
            SELECT piece, round(15 * ln(least({rows} / count(*), {_USUAL})))::BIGINT AS weight
            FROM address_cut GROUP BY piece"""
        )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE address_parts AS
        SELECT p.*, coalesce({view}, []) AS {view}, coalesce({view}_w, 0) AS {view}_w
        FROM address_parts p LEFT JOIN (
            SELECT n, list((hash(piece) % 33554432)::BIGINT * {WEIGHT + 1} + weight) AS {view}, sum(weight) AS {view}_w
            FROM address_cut JOIN weights_{weighed_as or view} USING (piece) GROUP BY n) USING (n)"""
    )
    con.execute("DROP TABLE address_cut")

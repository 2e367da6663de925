"""Addresses: which province, city and district, and what stands below them in one spelling.

Region: the fields as sent, completed by the head of the text; a region that repeats the fields is cut off. Where the two contradict
the fields count and the text keeps what it says. Names are looked up in the division table, never guessed.

| written | address_norm | address_key |
| --- | --- | --- |
| `浙江省杭州市西湖区文三路86号 3号楼二单元301` | `文三路86号3栋2单元301室` | `86-3-2-301` |
| `中山三路3幢十二楼（放门口）` | `中山三路3栋12层` | none |
| `文三路86号***` | `文三路86号` | none, something is hidden |

No fallback through a parser library: its answer would depend on how many odd addresses came in the same run.
"""

from __future__ import annotations

import re
from functools import cache

import duckdb
import pyarrow as pa

from pipelines.sql import literal
from pipelines.standardise.characters import plain_han, simplify, tidy
from pipelines.standardise.divisions import NOWHERE, divisions, field_name, forms, names_of, place_of, resolve
from pipelines.standardise.odd import read_odd, text
from pipelines.standardise.vocabulary import any_of, words

_NUMERALS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100}
_NUMBERED = "(?:号|栋|幢|座|单元|楼|层|室|弄|院|期|组|队)"
_CHINESE_NUMBER = re.compile(rf"第?([零〇一二两三四五六七八九十百]+)(?={_NUMBERED})")
_MARKS = r"/(?![0-9])|(?<![0-9])/|[\s,.;:、。，；：!！'\"“”‘’·|()\[\]【】<>《》~_+=?$%^&]"
_NOTE_IN_BRACKETS = re.compile(r"\(([^()]*)\)?|\[([^\[\]]*)\]?|【([^【】]*)】?")
_IS_NOTE = re.compile("放|送|勿|请|电话|电联|联系|收|拨|敲|代|[0-9]{7,}")
_STREET = re.compile(r"(?:路|街|道|巷|弄|胡同)[0-9]+(?:-[0-9]+)?号")
_TURNED = "@"  # the street stands behind the house: turned round once the region is off
_HIDDEN = re.compile("[＊●○◯※×■□\ufffd]|(?<=[^A-Z0-9])X{2,}(?=[^A-Z0-9]|$)")

# what follows a short name when it is not the division that is meant but a road, a house or another division
NOT_A_DIVISION = (
    "^(?:[东西南北中上下前后新老大小一二三四五六七八九十]?(?:路|街|道|巷|里|弄|胡同|公路|高速)|大道|大街|市|区|县|州|盟|旗|省|镇|乡|村|新村|门|桥|湾"
    "|站|湖|山庄|广场|大厦|大楼|花园|公园|小区|花苑|公寓|家园|饭店|酒店|宾馆|国际|中心|银行|大学|学院|中学|小学|医院|商场|人家|.{0,2}族自治|特区)"
)


def tidy_address(value: str) -> str:
    """One spelling of characters and numbers: half-width, simplified, capitals, no blanks and marks, notes to the courier off,
    Chinese numbers of houses, units and floors in digits.

    >>> tidy_address("文三路８６号 Ｂ座十二楼（放门口）")
    '文三路86号B座12楼'
    """
    clean = simplify(tidy(value)).upper()
    clean = _NOTE_IN_BRACKETS.sub(lambda found: "" if _IS_NOTE.search(found[0]) else found[1] or found[2] or found[3] or "", clean)
    clean = _notes().sub("", _HIDDEN.sub("*", clean))
    *before, last = clean.replace(_TURNED, "").split(",")
    if before and _STREET.search(last) and not _STREET.search("".join(before)):
        clean = f"{''.join(before)}{_TURNED}{last}"
    clean = re.sub(_MARKS, "", re.sub(r"(?<=[0-9])[\s,.;、/]+(?=[0-9])", "-", clean))
    return _CHINESE_NUMBER.sub(lambda found: _digits(found[1]), clean)


def _digits(numeral: str) -> str:
    """十二 -> 12, 二十 -> 20, 一百零三 -> 103, 三〇一 -> 301."""
    if not any(c in _UNITS for c in numeral):
        return "".join(str(_NUMERALS[c]) for c in numeral)
    total, digit = 0, 0
    for c in numeral:
        if c in _UNITS:
            total, digit = total + (digit or 1) * _UNITS[c], 0
        else:
            digit = _NUMERALS[c]
    return str(total + digit)


@cache
def _notes() -> re.Pattern[str]:
    return re.compile(rf"(?<=.)[\s,;，。、]*(?:{any_of(words('courier_notes', place='anywhere'))}.*|请..+)$")


@cache
def _odd_sql() -> str:
    """SQL condition over `address`: `tidy_address` would do more than drop blanks and dots and write capitals."""
    notes = any_of(words("courier_notes", place="anywhere"))
    return f"""regexp_matches(address, {literal(f"[^{plain_han()}A-Za-z0-9 .#*-]|[0-9][ .]+[0-9]")})
        OR regexp_matches(address, {literal(f"[零〇一二两三四五六七八九十百]{_NUMBERED}|请..|XX|xx|{notes}")})"""


Spelt = dict[str, str | bool | None]  # one way to write a division: text, is_short, province, city, district (codes)


@cache
def division_forms() -> dict[tuple[str, str, str], list[Spelt]]:
    """(rank, scope, first two characters) -> the ways to write its divisions, the longest first."""
    grouped: dict[tuple[str, str, str], list[Spelt]] = {}
    for (level, scope), ways in forms(in_field=False).items():
        for form in sorted(ways.values(), key=lambda form: (-len(form.text), form.text)):
            spelt: Spelt = {"text": form.text, "is_short": form.is_short, **place_of(form.code)._asdict()}
            grouped.setdefault((level, scope, form.text[:2]), []).append(spelt)
    return grouped


@cache
def _division_tables() -> dict[str, pa.Table]:
    levels, scopes, heads = zip(*division_forms(), strict=True)
    places = zip(*((code, *place_of(code), *names_of(place_of(code))) for code in divisions()), strict=True)
    names = ("code", "province_code", "city_code", "district_code", "province", "city", "district")
    return {
        "division_forms": pa.table({"level": levels, "scope": scopes, "head": heads, "forms": list(division_forms().values())}),
        "division_places": pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, places, strict=True)}),
    }


def lay_out_divisions(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `division_forms(level, scope, head, forms)` (longest form first) and `division_places(code, province_code, city_code,
    district_code, province, city, district)`."""
    for name, table in _division_tables().items():
        con.register("division_rows", table)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM division_rows")
        con.unregister("division_rows")


def standardise_addresses(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    """Temp `into(key, province, city, district, address_norm, address_key, is_place)` of the distinct addresses in temp
    `raw(key, province, city, district, address)`. Answers how many odd values went through Python."""
    lay_out_divisions(con)
    odd_n = _tidy(con, raw)
    _resolve_fields(con, raw)
    _read_region(con, raw)
    _unify(con, into)
    for table in ("addresses_tidy", "address_fields", "address_regions", "division_forms", "division_places"):
        con.execute(f"DROP TABLE {table}")
    return odd_n


def _tidy(con: duckdb.DuckDBPyConnection, raw: str) -> int:
    """Temp `addresses_tidy(address, text)`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE addresses_split AS SELECT address, {_odd_sql()} AS is_odd FROM "
                f"(SELECT DISTINCT address FROM {raw} WHERE address IS NOT NULL)")  # fmt: skip
    odd_n = read_odd(con, "SELECT address FROM addresses_split WHERE is_odd", "addresses_odd",
                     lambda v: [(v, tidy_address(v))], [text("address"), text("text")])  # fmt: skip
    con.execute(
        """CREATE OR REPLACE TEMP TABLE addresses_tidy AS
        SELECT address,
            CASE WHEN regexp_matches(address, '[a-z .]') THEN upper(regexp_replace(address, '[ .]', '', 'g')) ELSE address END AS text
        FROM addresses_split WHERE NOT is_odd
        UNION ALL SELECT address, text FROM addresses_odd"""
    )
    con.execute("DROP TABLE addresses_split; DROP TABLE addresses_odd")
    return odd_n


def _resolve_fields(con: duckdb.DuckDBPyConnection, raw: str) -> None:
    """Temp `address_fields`: the distinct triples of region fields (some thousands) with the place they name."""
    names = ("f_province", "f_city", "f_district", "p", "c", "d", "province_sent", "city_sent", "district_sent")
    read_odd(con, f"SELECT DISTINCT province, city, district FROM {raw}", "address_fields", read_fields, [text(name) for name in names])


def read_fields(province: str | None, city: str | None, district: str | None) -> list[tuple[str | None, ...]]:
    """The triple, its place, and as sent what the table knows nowhere; a name it knows elsewhere contradicts the rest and is left out."""
    place = resolve(province, city, district)
    sent = (field_name(province), field_name(city), field_name(district))
    ranks = zip(sent, place, strict=True)
    unknown = [name if name and code is None and resolve(name, None, None) == NOWHERE else None for name, code in ranks]
    return [(province, city, district, *place, *unknown)]


def _read_region(con: duckdb.DuckDBPyConnection, raw: str) -> None:
    """Temp `address_regions(key, text, p, c, d, …_sent)`: the place that fields and text name together, and the text behind it."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE address_regions AS
        WITH sent AS (
            SELECT a.key, {_without_country()} AS t0, f.* EXCLUDE (f_province, f_city, f_district)
            FROM {raw} a
            JOIN address_fields f ON a.province IS NOT DISTINCT FROM f_province AND a.city IS NOT DISTINCT FROM f_city
                AND a.district IS NOT DISTINCT FROM f_district
            LEFT JOIN addresses_tidy t ON t.address = a.address),
        one AS (SELECT s.*, {_longest("t0")} AS w1, {_accepted("t0", "w1")} AS f1, f1['province'] AS p1, f1['city'] AS c1,
                {_rest("t0", "f1")} AS t1
            FROM sent s LEFT JOIN division_forms w ON w.level = 'province' AND w.scope = '' AND w.head = left(t0, 2)),
        two AS (SELECT s.*, {_longest("t1")} AS w2, {_accepted("t1", "w2")} AS f2, coalesce(f2['province'], p1) AS p2,
                coalesce(f2['city'], c1) AS c2, {_rest("t1", "f2")} AS t2
            FROM one s LEFT JOIN division_forms w ON w.level = 'city' AND w.scope = coalesce(p1, p, '') AND w.head = left(t1, 2)),
        three AS (SELECT s.*, {_longest("t2")} AS w3, {_accepted("t2", "w3")} AS f3, coalesce(f3['province'], p2) AS p3,
                coalesce(f3['city'], c2) AS c3, f3['district'] AS d3, {_rest("t2", "f3")} AS t3
            FROM two s LEFT JOIN division_forms w
                ON w.level = 'district' AND w.scope = coalesce(c2, c, p2, p, '') AND w.head = left(t2, 2)),
        agreed AS (SELECT *, coalesce(p = p3, true) AS p_agrees, p_agrees AND coalesce(c = c3, true) AS c_agrees,
                c_agrees AND coalesce(d = d3, true) AS d_agrees
            FROM three)
        SELECT key, coalesce(p, p3) AS p, coalesce(c, CASE WHEN p_agrees THEN c3 END) AS c,
            coalesce(d, CASE WHEN c_agrees THEN d3 END) AS d, province_sent, city_sent, district_sent, t0 AS whole,
            CASE WHEN d_agrees THEN t3 WHEN c_agrees THEN t2 WHEN p_agrees THEN t1 ELSE t0 END AS text
        FROM agreed"""
    )


@cache
def country_pattern() -> str:
    """The country before a province, which is the first group."""
    provinces = "|".join(sorted({row["short"][:2] for row in divisions().values() if row["level"] == "province"}))
    return f"^(?:中华人民共和国|中国大陆|中国)({provinces})"


def _without_country() -> str:
    return f"CASE WHEN starts_with(t.text, '中') THEN regexp_replace(t.text, '{country_pattern()}', '\\1') ELSE t.text END"


def _longest(text_column: str) -> str:
    """SQL: the longest form of the joined `w` that `text_column` begins with."""
    return f"list_filter(w.forms, lambda x: starts_with({text_column}, x.text))[1]"


def _accepted(text_column: str, form: str) -> str:
    """SQL: `form`, unless it is a short one and what stands behind it makes it something else."""
    behind = f"substr({text_column}, length({form}['text']) + 1)"
    return f"CASE WHEN NOT {form}['is_short'] OR NOT regexp_matches({behind}, '{NOT_A_DIVISION}') THEN {form} END"


def _rest(text_column: str, form: str) -> str:
    """SQL: what stands behind `form`, or all."""
    return f"CASE WHEN {form} IS NULL THEN {text_column} ELSE substr({text_column}, length({form}['text']) + 1) END"


def _unify(con: duckdb.DuckDBPyConnection, into: str) -> None:
    """One spelling for buildings, floors and rooms; the numbers; places that identify nobody."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        WITH below AS (
            SELECT *, CASE WHEN district_sent IS NOT NULL AND starts_with(text, district_sent) THEN substr(text, length(district_sent) + 1)
                WHEN starts_with(text, '{NO_DISTRICT}') THEN substr(text, {len(NO_DISTRICT) + 1}) ELSE text END AS t
            FROM address_regions),
        {_rewritten_sql("below", "rewritten")},
        hidden AS (
            SELECT *, contains(t, '*') AS is_hidden,
                CASE WHEN contains(t, '*') THEN rtrim(regexp_replace(t, {literal(HIDDEN_PARTS)}, '*', 'g'), '*-') ELSE t END AS norm
            FROM rewritten),
        numbered AS (SELECT *, CASE WHEN regexp_matches(norm, '{SEVERAL_NUMBERS}') THEN {_numbers()} END AS numbers FROM hidden)
        SELECT key, coalesce(l.province, province_sent) AS province, coalesce(l.city, city_sent) AS city,
            coalesce(l.district, district_sent) AS district,
            CASE WHEN regexp_matches(norm, {literal(TWO_SIGNS)}) THEN norm END AS address_norm,
            CASE WHEN contains(numbers, '-') AND NOT is_hidden AND address_norm IS NOT NULL THEN numbers END AS address_key,
            coalesce(regexp_matches(whole, {literal(any_of(words("pickup_words")))}), false) AS is_place
        FROM numbered LEFT JOIN division_places l ON l.code = coalesce(d, c, p)"""
    )


def _rewritten_sql(rows: str, last: str) -> str:
    """The common table expressions that take `t` of `rows` through `REWRITES`; the last of them is `last`."""
    steps = []
    for n, (when, pattern, replacement) in enumerate(REWRITES, start=1):
        name = last if n == len(REWRITES) else f"step_{n}"
        rewritten = f"regexp_replace(t, {literal(pattern)}, {literal(replacement)}, 'g')"
        step = f"CASE WHEN regexp_matches(t, {literal(when)}) THEN {rewritten} ELSE t END"
        steps.append(f"{name} AS (SELECT * REPLACE ({step} AS t) FROM {rows})")
        rows = name
    return ",\n        ".join(steps)


NO_DISTRICT = "市辖区"
# One spelling, step by step: where the first pattern is found, every match of the second becomes the third. RE2 and Python alike.
REWRITES = (
    (_TURNED, f"^(.*){_TURNED}(.*)$", r"\2\1"),
    ("[0-9A-Z](?:号楼|幢|座|#|楼)", "([0-9A-Z])(?:号楼|幢|座|#楼|#)|([A-Z][0-9]+)楼", r"\1\2栋"),
    ("楼|F", "([0-9])(?:楼|F)", r"\1层"),
    ("房", "([0-9])号?房间?$", r"\1室"),
    ("(?:栋|单元|层)[0-9]{3,4}$", "((?:栋|单元|层)[0-9]{3,4})$", r"\1室"),
    # 3-2-301 at the end is building, unit and room
    ("-[0-9]{3,4}室?$", "([^0-9-])([0-9]{1,3})-([0-9]{1,2})-([0-9]{3,4})室?$", r"\1\2栋\3单元\4室"),
)
HIDDEN_PARTS = r"\*+(?:号楼|号|栋|单元|层|楼|室|弄|房|座|幢|-)?"
SEVERAL_NUMBERS = "[0-9].*[^0-9].*[0-9]"
TWO_SIGNS = r"[^*\-/#].*[^*\-/#]"  # less is no address
# the numbers of houses, buildings, units and rooms, in order; a lone chain of numbers at the end is all of them
NUMBERED_PARTS = "([0-9]+(?:-[0-9]+)*)(?:号|弄|栋|单元|室|$)"
_ALL_NUMBERS = f"array_to_string(regexp_extract_all(norm, '{NUMBERED_PARTS}', 1), '-')"
_COMMON_PARTS = (("号[^0-9]*", "栋", "单元", "室"), ("号[^0-9]*", "栋", "室"), ("栋", "单元", "室"))  # a quarter of the cost of the list


def _numbers() -> str:
    """SQL: the numbers of `norm`; the commonest chains by one pattern."""
    cases = ""
    for parts in _COMMON_PARTS:
        shape = "^[^0-9]*" + "".join(f"([0-9]+){part}" for part in parts) + "$"
        groups = "-".join(f"\\{n}" for n in range(1, len(parts) + 1))
        cases += f" WHEN regexp_matches(norm, '{shape}') THEN regexp_replace(norm, '{shape}', '{groups}')"
    return f"CASE{cases} ELSE {_ALL_NUMBERS} END"

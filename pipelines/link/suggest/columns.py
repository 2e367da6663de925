"""What the columns of a table look like: counts, and how many of their values have which form. Never a value itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from pipelines.link.dates import usual_date
from pipelines.link.files import FILE
from pipelines.match.kinds import prepared
from pipelines.sql import literal, quoted
from pipelines.standardise.vocabulary import any_of, words
from schemas.table_model import TableField

_LOOKED_AT = 20_000  # distinct values whose form is told
SEPARATORS = (";", "|", "、", ",")
_WORD_PARTS = re.compile(r"(?<=[a-z])(?=[A-Z])|[\W_]+")
_DIGITS = "regexp_replace(v, '[^0-9]', '', 'g')"
_ITEM = r"\s*([^@\s]+@[^@\s]+\.\w+|[+\d][\d ()-]{4,}|[A-Za-z\d-]*\d[A-Za-z\d-]{4,})\s*"
_DATE = prepared("d", TableField(column="v", kind="date"), (usual_date("v"),), day_first=False)
_DAY_FIRST = prepared("d", TableField(column="v", kind="date"), (usual_date("v"),), day_first=True)
# a whole word of organisations anywhere, for a branch or a note may stand behind it
_ORGANISATION = rf"{any_of(word for word in words('organisation_words') if len(word) > 1)}|商行|[厂店]$|\b(inc|ltd|llc|corp|gmbh|plc|co)\b"
FORMS = {
    "email": r"regexp_full_match(v, '[^@\s]+@[^@\s]*\.[^@\s]+')",
    "date": f"coalesce(year(coalesce({_DATE['d_on']}, {_DAY_FIRST['d_on']})) BETWEEN 1000 AND 2100, false)",
    "time": r"regexp_matches(v, '\d:\d\d')",
    "whole": r"regexp_full_match(v, '[-+]?\d+')",
    "decimal": r"regexp_full_match(v, '[-+]?\d*\.\d+')",
    "letters": r"regexp_full_match(v, '[\p{L}\p{M} .,''’·-]+')",
    "han": r"regexp_full_match(v, '[\p{Han}·]+')",
    "code": r"regexp_full_match(v, '[\p{L}\p{N}/_.#-]+') AND regexp_matches(v, '\d')",
    "phone": rf"regexp_full_match(v, '[-+\d ().#/x]+') AND length({_DIGITS}) BETWEEN 6 AND 15",
    "mobile": rf"regexp_full_match({_DIGITS}, '(86)?1[3-9]\d{{9}}')",
    "cn_id": r"regexp_full_match(v, '\d{17}[\dXx]')",
    # of businesses, and the taxpayer number before it: no 18 signs that may be a person's
    "uscc": r"regexp_full_match(upper(v), '([9ANY][1-9]\d{6}[\dA-Z]{10})|(\d{6}([\dA-Z]{7}[A-Z][\dX]|[A-Z][\dA-Z]{7}[\dX]))')",
    "organisation": f"regexp_matches(lower(v), {literal(_ORGANISATION)})",
    "uk_postcode": r"regexp_full_match(lower(v), '[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}')",
    "spaced": "contains(v, ' ')",
    **{f"in_list{s}": f"regexp_full_match(v, '{_ITEM}([{s}]{_ITEM})*')" for s in SEPARATORS},
    **{f"has{s}": f"contains(v, {literal(s)})" for s in SEPARATORS},
}


@dataclass(frozen=True)
class Column:
    """`filled`: rows with a value; `distinct` values; `chance`: how often two random rows with a value have the same; `length` and `words`
    of a value in the mean; `forms`: of the distinct values, the share that has each of FORMS; `is_list`: of DuckDB's lists; `is_plain`: a
    text, number, date or truth value."""

    name: str
    rows: int
    filled: int
    distinct: int
    chance: float
    length: float
    words: float
    forms: dict[str, float]
    is_list: bool
    is_plain: bool

    @property
    def says(self) -> str:
        """The header in small words parted by spaces."""
        return " ".join(_WORD_PARTS.sub(" ", self.name).lower().split())

    @property
    def facts(self) -> str:
        return f"{self.filled / max(self.rows, 1):.0%} filled, {self.distinct:,} distinct"


def look(con: duckdb.DuckDBPyConnection, rows: str) -> list[Column]:
    """Of each column of the table `rows`, what it looks like."""
    types = con.execute(f"DESCRIBE {rows}").fetchall()
    return [_look(con, rows, name, kind, f"{quoted(name)}::VARCHAR") for name, kind, *_ in types if name != FILE]


def look_at(con: duckdb.DuckDBPyConnection, rows: str, names: tuple[str, ...]) -> Column:
    """What several columns look like as one text."""
    return _look(con, rows, " + ".join(names), "VARCHAR", f"concat_ws(' ', {', '.join(map(quoted, names))})")


def _look(con: duckdb.DuckDBPyConnection, rows: str, name: str, kind: str, value: str) -> Column:
    is_list = kind.endswith("[]")
    is_plain = not is_list and not kind.startswith(("STRUCT", "MAP", "UNION", "BLOB"))
    shares = ", ".join(f"coalesce(avg(({sql})::INT), 0)" for sql in FORMS.values())
    sql = f"""
        WITH held AS (SELECT nullif(trim({value}), '') AS v, count(*) AS n FROM {rows} GROUP BY ALL),
        seen AS (SELECT v, n FROM held WHERE v IS NOT NULL),
        looked_at AS (FROM seen ORDER BY hash(v) LIMIT {_LOOKED_AT})
        SELECT (SELECT sum(n) FROM held), s.*, f.* FROM
            (SELECT coalesce(sum(n), 0), count(*), coalesce(sum(n * n) / pow(sum(n), 2), 1) FROM seen) s,
            (SELECT coalesce(avg(length(v)), 0), coalesce(avg(len(string_split(v, ' '))), 0), {shares} FROM looked_at) f"""
    total, filled, distinct, chance, length, words, *forms = con.execute(sql).fetchall()[0]
    found = dict(zip(FORMS, map(float, forms), strict=True))
    return Column(name, int(total or 0), int(filled), int(distinct), float(chance), float(length), float(words), found, is_list, is_plain)

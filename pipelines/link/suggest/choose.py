"""Which columns become fields of the proposed model, and why the others do not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb
import numpy as np

from pipelines.link.files import FILE
from pipelines.link.suggest.columns import Column, look
from pipelines.link.suggest.guess import ADDRESS, BIRTH, GENDER, NUMBER_OF_SOMEBODY, PHONE, guess, is_about_people, is_like_code, separator
from pipelines.link.suggest.repeats import OPEN, repeats, together
from pipelines.match.organisation_kinds import OF_CODE, OF_NAME
from pipelines.sql import quoted
from pipelines.warehouse import count
from schemas.table_model import OWN_NAMES, Kind, TableField

RECORD_ID = r"\bid\b|\bkey\b|\bno\b|number|\brec\b|uuid|guid|编号|编码|号$|序号"
ENTITY = (
    r"\bcluster\b|\bent(ity)?( id| key)?$|\b(person|customer|client|member|user|buyer|patient|golden|master|party|household|group)"
    r" ?(id|no|number|key|code)$|^person$|\b(truth|label|true id)\b|(客户|会员|用户|买家|患者|主体|实体|人员) ?(id|编号|编码|代码|号)$"
)
SOURCE = r"^(data )?source( system)?$|^system$|\bsource (id|name|dataset)\b|^(数据)?来源$|来源系统|^渠道$"
EVENT = (
    r"order|product|\bitem|ticket|purchase|price|amount|quantity|\bqty\b|sales|discount|profit|cost|status|priority|channel|subject|descri"
    r"|resol|respon|rating|satisf|created|updated|modified|timestamp|\bdate\b|categ|relat|\brel\b|comment|note|remark"
    r"|订单|产品|商品|货|邮寄|销售|数量|折扣|利润|金额|类别|状态|时间|日期|备注|评价|工单|行 ?id"
)
SOMEBODY = f"{BIRTH}|{PHONE}|{ADDRESS}|{NUMBER_OF_SOMEBODY}"
OF_ANOTHER = r"\b(phone|tel|addr|address|email|mail|id|passport|licen[cs]e|name) (type|kind|usage)$"
YAML_WORDS = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}  # what YAML takes for no text
_PARTS = ("year", "month", "day", "on", "words", "mailbox", "longitude", *OF_NAME, *OF_CODE)  # of what a field is prepared into
_MOST = 16  # comparisons of a model
_HARDLY = 0.01
_NEARLY_UNIQUE = 0.95
_FEW_FOR_RARITY = 5


@dataclass(frozen=True)
class Chosen:
    """A field: its `name` in the model, what it is, and of a part of a name the other part."""

    name: str
    of: TableField
    columns: tuple[Column, ...]
    rarity: bool = True
    swapped_with: str | None = None

    @property
    def filled(self) -> float:
        return min(column.filled / max(column.rows, 1) for column in self.columns)

    @property
    def tells(self) -> float:
        """The bits that agreeing by chance is worth, as often as there is a value."""
        return self.filled * -float(np.log2(max(self.columns[0].chance, 1e-9)))


@dataclass
class Choice:
    """`left_out`: of a column's name why; `id_facts`: of the column of record ids."""

    record_id: str | None
    id_facts: str
    fields: list[Chosen] = field(default_factory=list)
    left_out: dict[str, tuple[str, str]] = field(default_factory=dict)


def choose(con: duckdb.DuckDBPyConnection, rows: str) -> Choice:
    """Choose among the columns of the table `rows`."""
    columns = look(con, rows)
    record_id = next((column for column in columns if _is_record_id(con, rows, column)), None)
    choice = Choice(record_id.name if record_id else None, record_id.facts if record_id else "")
    people = any(is_about_people(column) for column in columns)
    kinds: dict[str, Kind] = {}
    for column in columns:
        kind = guess(column)
        why = next((reason for reason, holds in _REASONS if holds(column, kind, people)), None)
        if column is record_id:
            continue
        if why is None and kind is not None:
            kinds[column.name] = kind
        else:
            choice.left_out[column.name] = (why or "free text", column.facts)
    kept = [column for column in columns if column.name in kinds]
    for column, why in repeats(con, rows, list(kept), kinds):
        kept.remove(column)
        choice.left_out[column.name] = (why, column.facts)
    choice.fields = _most_telling(_named(con, together(con, rows, kept, kinds), kinds), choice)
    return choice


_SHARED = ("code", "category", "credit_code")  # kinds whose values say nothing unless two rows have the same
Reason = tuple[str, Callable[[Column, Kind | None, bool], bool]]
_REASONS: tuple[Reason, ...] = (
    ("empty", lambda c, kind, people: not c.filled),
    ("of a type that is not compared", lambda c, kind, people: not (c.is_plain or c.is_list)),
    ("the same in every row", lambda c, kind, people: c.distinct == 1),
    ("hardly ever filled", lambda c, kind, people: c.filled < max(2, _HARDLY * c.rows)),
    ("seems to say already who is who; as evidence it would decide alone", lambda c, kind, people: _says(ENTITY, c) and not _is_name(kind)),
    ("tells where a row is from, not who", lambda c, kind, people: _says(SOURCE, c)),
    ("another in every row", lambda c, kind, people: c.distinct == c.filled and (kind in _SHARED or c.forms["whole"] == 1)),
    ("free text", lambda c, kind, people: kind is None or (kind == "text" and c.words > 4 and c.distinct > _NEARLY_UNIQUE * c.filled)),
    ("a moment, which tells an event", lambda c, kind, people: c.forms["time"] >= 0.5 and not _says(BIRTH, c)),
    ("describes another column", lambda c, kind, people: _says(OF_ANOTHER, c)),
    (
        "a date that is not of birth or death: what happened, not who",
        lambda c, kind, people: people and kind == "date" and not _says(BIRTH, c),
    ),
    ("tells what happened, not who", lambda c, kind, people: people and _says(EVENT, c) and kind in OPEN and not _says(SOMEBODY, c)),
)


def _says(header: str, column: Column) -> bool:
    return re.search(header, column.says) is not None


def _is_name(kind: Kind | None) -> bool:
    return kind in ("given_name", "family_name", "full_name")


def _is_record_id(con: duckdb.DuckDBPyConnection, rows: str, column: Column) -> bool:
    """Whether it is complete and in no file twice, and is named or looks like an id."""
    if column.filled < column.rows or not is_like_code(column) or not _says(RECORD_ID, column):
        return False
    if _says(f"{PHONE}|{NUMBER_OF_SOMEBODY}", column) or column.forms["decimal"] > 0:
        return False
    in_file = f", {quoted(FILE)}" if count(con, f"SELECT count(*) FROM (DESCRIBE {rows}) WHERE column_name = ?", [FILE]) else ""
    return count(con, f"SELECT count(*) FROM (SELECT DISTINCT {quoted(column.name)}::VARCHAR{in_file} FROM {rows})") == column.rows


def _named(con: duckdb.DuckDBPyConnection, found: list[tuple[Column, tuple[str, ...]]], kinds: dict[str, Kind]) -> list[Chosen]:
    """Fields of the columns, latitude and longitude as one; parts of a name know each other."""
    reserved = {
        row[0] for row in con.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'").fetchall()
    }
    taken = reserved | YAML_WORDS | OWN_NAMES
    fields: list[Chosen] = []
    places = {part: next((c for c, _ in found if re.search(header, c.says) and _is_degrees(c)), None) for part, header in _DEGREES.items()}
    latitude, longitude = places["latitude"], places["longitude"]
    for column, names in found:
        if latitude and longitude and column in (latitude, longitude):
            if column is latitude:
                of = TableField(column=(latitude.name, longitude.name), kind="lat_lon")
                fields.append(Chosen(_name("place", taken), of, (latitude, longitude)))
            continue
        kind = kinds[column.name]
        of = TableField(column=names if len(names) > 1 else names[0], kind=kind, separator=_separator(column, kind))
        rarity = not (kind == "category" and (column.distinct <= _FEW_FOR_RARITY or _says(GENDER, column)))
        fields.append(Chosen(_name(kind if len(names) > 1 else column.says, taken), of, (column,), rarity))
    return _swappable(fields)


def _separator(column: Column, kind: Kind) -> str | None:
    return separator(column) if kind == "list" and not column.is_list else None


_DEGREES = {"latitude": r"\blat(itude)?\b|纬度", "longitude": r"\b(lon|lng|long|longitude)\b|经度"}


def _is_degrees(column: Column) -> bool:
    return column.forms["decimal"] >= 0.5


def _name(header: str, taken: set[str]) -> str:
    """A name for a field that is not `taken` yet, and now is."""
    plain = "_".join(re.findall(r"[a-z0-9\u00e0-\u024f\u4e00-\u9fff]+", header)) or "field"
    plain = plain if plain.isidentifier() else f"of_{plain}"
    name, n = f"{plain}_value" if plain in taken and "_" not in plain else plain, 1
    while name in taken:
        n += 1
        name = f"{plain}_{n}"
    taken |= {name, *(f"{name}_{part}" for part in _PARTS)}
    return name


def _swappable(fields: list[Chosen]) -> list[Chosen]:
    """The first given and the first family name may stand in each other's place."""
    given, family = (next((f.name for f in fields if f.of.kind == kind), None) for kind in ("given_name", "family_name"))
    others = {given: family, family: given} if given and family else {}
    return [Chosen(f.name, f.of, f.columns, f.rarity, others.get(f.name)) for f in fields]


def _most_telling(fields: list[Chosen], choice: Choice) -> list[Chosen]:
    best = sorted(fields, key=lambda of: -of.tells)[:_MOST]
    for of in fields:
        if of not in best:
            choice.left_out[" and ".join(of.of.columns)] = (
                f"tells least, and a model has at most {_MOST} comparisons",
                of.columns[0].facts,
            )
    return [of for of in fields if of in best]

"""What a mapping must fulfil beyond its form: contract columns, types, namespaces, zones, value forms."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from schemas.contract import BOOL, DATE, FLOAT, INT, JSON, MONEY, TEXT, TEXTS, TIME, Column, Table
from schemas.tables.raw import ENTITIES, LINEAGE, ORDINAL

if TYPE_CHECKING:
    from schemas.mapping import SourceMapping, ValueMap

Loc = tuple[str | int, ...]
Fault = tuple[Loc, str]

FORM_WORDS = ("iso", "epoch_s", "epoch_ms", "excel")
_DIRECTIVE = re.compile(r"%-?([A-Za-z%])")
_DIRECTIVES = set("YymdHIMSfpbBaAjgG%")
_LINEAGE = {c.name for c in (*LINEAGE, ORDINAL)} | {"attributes"}
_REFERENCES = {
    "customer_ref", "member_ref", "order_ref", "ticket_ref", "buyer_account", "surviving_ref", "merged_ref", "record_ref",
}  # fmt: skip
_ALLOWED = {  # value forms that make sense, by contract type
    TEXT: {"values", "null"}, JSON: set(), TEXTS: {"split", "values", "null"}, BOOL: {"true", "false", "values", "null"},
    INT: {"number", "values", "null"}, FLOAT: {"number", "values", "null"}, MONEY: {"number", "values", "null"},
    DATE: {"date", "timestamp", "null"}, TIME: {"date", "timestamp", "null"},
}  # fmt: skip


_SHORT = ("account", "openid", "unionid")  # stand for every column that ends so


def needs_namespace(column: str) -> bool:
    """Identifiers that are unique only within a namespace."""
    return column in _REFERENCES or column.endswith(("_openid", "_unionid"))


_NAMESPACED = sorted({c for header, _ in ENTITIES.values() for c in header.column_names if needs_namespace(c)})


def mappable(table: Table, header_key: str | None = None) -> list[str]:
    """Contract columns that a mapping may fill; `header_key`: the column a part inherits from its header."""
    return [c for c in table.column_names if c not in _LINEAGE and c != header_key]


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def problems(mapping: SourceMapping) -> Iterator[Fault]:
    """All faults of a mapping of the right form, each with its place."""
    yield from _unfilled(mapping.model_dump(by_alias=True), ())
    yield from _file_faults(mapping)
    yield from _field_faults(mapping.header, mapping.fields, ("fields",), mappable(mapping.header))
    yield from _part_faults(mapping)
    yield from _constant_faults(mapping)
    yield from _namespace_faults(mapping)
    yield from _column_faults(mapping)
    yield from _form_faults(mapping.formats.date, ("formats", "date"))
    yield from _form_faults(mapping.formats.timestamp, ("formats", "timestamp"))


def _unfilled(node: object, loc: Loc) -> Iterator[Fault]:
    """What a drafted mapping leaves to a person."""
    if isinstance(node, str) and node.startswith("<fill"):
        yield loc, f"{loc[-1]!r} is still to be filled in"
    pairs: Iterable[tuple[str | int, object]] = ()
    if isinstance(node, dict):
        pairs = node.items()
    elif isinstance(node, tuple | list):
        pairs = enumerate(node)
    for key, value in pairs:
        yield from _unfilled(value, (*loc, key))


def _file_faults(m: SourceMapping) -> Iterator[Fault]:
    given = m.model_fields_set
    for key, formats in (("sheet", ("xlsx",)), ("delimiter", ("csv",)), ("header_row", ("csv", "xlsx")), ("encoding", ("csv", "jsonl"))):
        if key in given and m.format not in formats:
            yield (key,), f"{key!r} has no meaning for format {m.format}"
    if m.delimiter in '"\r\n' or not m.delimiter.isascii():
        yield ("delimiter",), "the delimiter must be one ASCII character, not a quote or a line end"
    if m.files.startswith("/") or ".." in m.files.split("/"):
        yield ("files",), "the pattern must stay below the landing folder"
    if m.update.mode != "upsert" and m.update.version:
        yield ("update", "version"), f"'version' has no meaning for mode {m.update.mode}"
    if "$line" in m.key and (len(m.key) > 1 or m.update.mode != "append"):
        yield ("key",), "'$line' stands alone, and only in sources of mode append"
    try:
        ZoneInfo(m.timezone or "UTC")
    except (KeyError, ValueError, OSError):
        yield ("timezone",), f"unknown time zone {m.timezone!r}; write it like Asia/Shanghai"


def _field_faults(table: Table, fields: dict[str, ValueMap], loc: Loc, known: list[str]) -> Iterator[Fault]:
    for name, field in fields.items():
        if name not in known:
            yield (*loc, name), f"{table.noun} has no column {name!r}{nearest(name, known)}; it has {', '.join(known)}"
            continue
        yield from _type_faults(table.column(name), field, (*loc, name))


def _type_faults(column: Column, field: ValueMap, loc: Loc) -> Iterator[Fault]:
    for form in ("split", "number", "date", "timestamp", "true", "false", "values"):
        if getattr(field, form) is not None and form not in _ALLOWED[column.type]:
            yield (*loc, form), f"{form!r} has no meaning for {column.name}, which is {_kind(column)}"
    if len(field.column) > 1 and column.type != TEXT:
        yield (*loc, "column"), f"several columns can only be joined for text, {column.name} is {_kind(column)}"
    if field.values is None and "otherwise" in field.model_fields_set:
        yield (*loc, "else"), "'else' has no meaning without 'values'"
    yield from _form_faults(field.date or (), (*loc, "date"))
    yield from _form_faults(field.timestamp or (), (*loc, "timestamp"))
    for word, value in (field.values or {}).items():
        if value is not None and column.type != TEXT and not _fits(column.type, value, field):
            yield (*loc, "values", word), f"{value!r} cannot be a value of {column.name}, which is {_kind(column)}"


def _kind(column: Column) -> str:
    kinds = {TEXT: "text", TEXTS: "a list of texts", BOOL: "yes or no", INT: "a whole number", FLOAT: "a number", MONEY: "money"}
    return {**kinds, DATE: "a date", TIME: "a time"}.get(column.type, column.type)


def _fits(kind: str, value: str, field: ValueMap | None = None) -> bool:
    if kind == BOOL:
        return value in ("true", "false") or bool(field and value in (*(field.true or ()), *(field.false or ())))
    if kind in (INT, FLOAT, MONEY):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return False
        return number.is_finite() and (kind != INT or number == number.to_integral_value())
    if kind in (DATE, TIME):
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}" + (r"( \d{2}:\d{2}:\d{2})?" if kind == TIME else ""), value))
    return kind == TEXT


def _part_faults(m: SourceMapping) -> Iterator[Fault]:
    for name, part in m.parts.items():
        loc: Loc = ("parts", name)
        if name not in m.part_tables:
            yield loc, f"{m.entity} has no part {name!r}; it has {', '.join(m.part_tables) or 'none'}"
            continue
        table = m.part_tables[name]
        yield from _field_faults(table, part.fields, (*loc, "fields"), mappable(table, m.native_key))
        if part.source is not None and m.format in ("csv", "xlsx"):
            yield (*loc, "from"), f"'from' has no meaning for format {m.format}: its rows have no nested lists"
        if part.attributes and "attributes" not in table.column_names:
            yield (*loc, "attributes"), f"{table.noun} carries no attributes"


def _constant_faults(m: SourceMapping) -> Iterator[Fault]:
    known = mappable(m.header)
    for name, value in m.constants.items():
        if name not in known:
            yield ("constants", name), f"{m.header.noun} has no column {name!r}{nearest(name, known)}; it has {', '.join(known)}"
        elif name in m.fields:
            yield ("constants", name), f"{name!r} stands under fields too"
        elif m.header.column(name).type != TEXT and not _fits(m.header.column(name).type, value):
            yield ("constants", name), f"{value!r} cannot be a value of {name}, which is {_kind(m.header.column(name))}"


def _namespace_faults(m: SourceMapping) -> Iterator[Fault]:
    for name in m.namespaces:
        if name not in _NAMESPACED and name not in _SHORT:
            takers = ", ".join(_NAMESPACED)
            yield ("namespaces", name), f"{name!r} takes no namespace{nearest(name, _NAMESPACED)}; those that do are {takers}"
    for section in ("fields", "constants"):
        for name in getattr(m, section):
            if needs_namespace(name) and not m.namespace(name):
                yield (section, name), f"{name!r} needs a namespace: add it under 'namespaces'"


def _column_faults(m: SourceMapping) -> Iterator[Fault]:
    used = m.columns()
    mapped = {*m.fields, *m.constants, m.native_key} | ({"order_no"} if m.entity == "orders" else set())
    for i, name in enumerate(m.required):
        if name not in mapped:
            yield ("required", i), f"{name!r} is required and not mapped under fields{nearest(name, mapped)}"
    for i, name in enumerate(m.optional_columns):
        if name not in used:
            yield ("optional_columns", i), f"no field reads the column {name!r}{nearest(name, used)}"
        elif name in m.key:
            yield ("optional_columns", i), f"{name!r} is part of the key and cannot be optional"
    for name in used:
        if m.format in ("jsonl", "parquet") and (not all(name.split(".")) or '"' in name):
            yield ("fields",), f"{name!r} is not a path like order.id"


def _form_faults(forms: Iterable[str], loc: Loc) -> Iterator[Fault]:
    for i, form in enumerate(forms):
        letters = _DIRECTIVE.findall(form)
        if form in FORM_WORDS:
            continue
        if not letters or "%" in _DIRECTIVE.sub("", form):
            yield (*loc, i), f"{form!r} is no date form; write it like %Y-%m-%d, or {', '.join(FORM_WORDS)}"
        elif set(letters) & {"z", "Z"}:
            yield (*loc, i), f"{form!r}: write 'iso' for times with a zone"
        elif not set(letters) <= _DIRECTIVES:
            yield (*loc, i), f"{form!r} has unknown parts: {', '.join('%' + x for x in sorted(set(letters) - _DIRECTIVES))}"

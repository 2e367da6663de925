"""The inverse of a source mapping: change orders in the source's own columns, words, date forms and file format."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

import polars as pl

from schemas.contract import DATE
from schemas.errors import UsageError
from schemas.mapping import LINE_KEY, SourceMapping, ValueMap
from schemas.mapping_rules import FORM_WORDS
from schemas.writeback import FileWords

KEY_JOINT = "/"  # joins the parts of a native key


@dataclass(frozen=True)
class NativeField:
    """How a source writes a contract column: its header, the words of its value map, the form of its dates."""

    header: str
    words: dict[str, str]
    date_form: str | None


def native_field(mapping: SourceMapping, field: str) -> NativeField | None:
    """None where the source cannot be told what to write: it has no such column, or joins it from several."""
    spec = mapping.fields.get(field)
    if spec is None or len(spec.column) != 1:
        return None
    words: dict[str, str] = {}
    for word, value in (spec.values or {}).items():
        if value is not None:
            words.setdefault(value, word)
    return NativeField(spec.column[0], words, _date_form(mapping, spec) if mapping.header.column(field).type == DATE else None)


def _date_form(mapping: SourceMapping, spec: ValueMap) -> str:
    """The first form that is a pattern; ISO where all are words."""
    return next((form for form in spec.date or mapping.formats.date if form not in FORM_WORDS), "%Y-%m-%d")


def native_rows(orders: pl.DataFrame, mapping: SourceMapping, words: FileWords) -> pl.DataFrame:
    """The rows of a change-order file, a row an order, everything text but the confidence.

    orders: order_id, kind, record_id, other_record_id, field, reason, confidence, old_value, new_value; fields that `native_field` knows.

    Raises:
        UsageError: the source has no key of its own, a key does not come apart, or a key column is called like one of the file's words.
    """
    _check_key(orders, mapping, words)
    fields = {field: native_field(mapping, field) for field in orders["field"].drop_nulls().unique()}
    known = {field: native for field, native in fields.items() if native is not None}
    parts = _native_key("record_id", mapping).str.split(KEY_JOINT)
    single = len(mapping.key) == 1
    keys = [(_native_key("record_id", mapping) if single else parts.list.get(n)).alias(name) for n, name in enumerate(mapping.key)]
    says = {
        "order": pl.col("order_id"),
        "action": pl.col("kind").replace_strict(dict(words.actions)),
        "into": _native_key("other_record_id", mapping),
        "field": pl.col("field").replace_strict({field: native.header for field, native in known.items()}, default=None),
        "old": _written("old_value", known),
        "new": _written("new_value", known),
        "reason": pl.col("reason").replace_strict(dict(words.reasons)),
        "confidence": pl.col("confidence").round(4),
    }
    return orders.sort("kind", "record_id", "field").select(*keys, *(says[name].alias(word) for name, word in words.columns.items()))


def _check_key(orders: pl.DataFrame, mapping: SourceMapping, words: FileWords) -> None:
    if mapping.key == (LINE_KEY,):
        raise UsageError("rows without a key of their own cannot be changed", where=mapping.source, mend="Map `key` to a column")
    if taken := set(mapping.key) & set(words.columns.values()):
        raise UsageError(
            f"the key column {min(taken)!r} is called like a column of the change orders", where=mapping.source,
            mend="Choose another word in schemas/writeback.yaml",
        )  # fmt: skip
    counted = orders.select((_native_key("record_id", mapping).str.count_matches(KEY_JOINT, literal=True) + 1).alias("n"), "order_id")
    odd = counted.filter(pl.col("n") != len(mapping.key)) if len(mapping.key) > 1 else counted.clear()
    if len(odd):
        raise UsageError(
            f"a key does not come apart into {len(mapping.key)} columns", where=odd["order_id"][0], why=f"a part of it holds {KEY_JOINT!r}",
            mend="Refuse the order, and change the row by hand",
        )  # fmt: skip


def _native_key(column: str, mapping: SourceMapping) -> pl.Expr:
    return pl.col(column).str.strip_prefix(f"{mapping.source}:")


def _written(column: str, fields: dict[str, NativeField]) -> pl.Expr:
    """The values of `column` as the source writes those of each field."""

    def turn(value: pl.Expr, item: tuple[str, NativeField]) -> pl.Expr:
        field, native = item
        own = pl.col(column)
        if native.words:
            own = own.replace(native.words)
        if native.date_form:
            own = own.str.to_date("%Y-%m-%d", strict=False).dt.strftime(native.date_form)
        return pl.when(pl.col("field") == field).then(own).otherwise(value)

    return reduce(turn, fields.items(), pl.lit(None, pl.String))


def file_content(rows: pl.DataFrame, mapping: SourceMapping) -> bytes:
    """`rows` as a file of the mapping's format, delimiter, sheet and encoding."""
    out = io.BytesIO()
    if mapping.format == "csv":
        text = rows.write_csv(separator=mapping.delimiter, line_terminator="\r\n")
        return text.encode(mapping.encoding)
    if mapping.format == "jsonl":
        _nested(rows).write_ndjson(out)
    elif mapping.format == "parquet":
        rows.write_parquet(out)
    else:
        rows.write_excel(out, worksheet=mapping.sheet or "Sheet1")
    return out.getvalue()


def _nested(rows: pl.DataFrame) -> pl.DataFrame:
    """Columns named by a path (`buyer.id`) become objects, as the source's own lines have them."""
    names = sorted(rows.columns, key=rows.columns.index)
    made = []
    for head, group in groupby(names, key=lambda name: name.split(".")[0]):
        inner = list(group)
        if inner == [head]:
            made.append(rows[head])
        else:
            inside = rows.select(pl.col(name).alias(name.removeprefix(f"{head}.")) for name in inner)
            made.append(_nested(inside).to_struct(head))
    return pl.DataFrame(made)

"""SQL of one contract column: source cells -> text -> value, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.extract.number_forms import SCIENTIFIC, half_width, number_reason_sql, number_sql
from pipelines.extract.params import Params
from pipelines.extract.time_forms import time_reason_sql, time_sql
from schemas.contract import BOOL, DATE, FLOAT, INT, MONEY, TEXT, TEXTS, TIME, Column
from schemas.mapping import SourceMapping, ValueMap
from schemas.mapping_rules import needs_namespace

_IDENTIFIERS = {"phone", "record_key", "order_no", "waybill", "id_number", "ticket_no", "account", "social_id"}
_ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?"


def is_identifier(column: Column) -> bool:
    """Digits of such a column mean a thing; a spreadsheet must not have touched them."""
    return column.field_class in _IDENTIFIERS or column.name.endswith(("_key", "_no", "_id"))


@dataclass(frozen=True)
class Target:
    """A contract column and the SQL of the source cells it is filled from. `out`: name of the value column."""

    column: Column
    spec: ValueMap
    cells: tuple[str, ...]
    out: str
    is_required: bool = False


@dataclass
class Layers:
    """Columns to compute, one nested SELECT a layer, so that each step is computed once.

    `faults`: condition, SQL of the reason code, and source column, in the order in which they count; `values`: the value columns.
    """

    mapping: SourceMapping
    zone: str
    params: Params
    steps: tuple[list[str], ...] = field(default_factory=lambda: ([], [], [], []))
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    @property
    def typed_source(self) -> bool:
        return self.mapping.format != "csv"

    def sql(self, base: str) -> str:
        """`base` (a table or query in brackets) with all columns of the layers."""
        for step in self.steps:
            if step:
                base = f"(SELECT *, {', '.join(step)} FROM {base})"
        return base

    def value(self, sql: str, out: str) -> None:
        """Plan the value column `out`."""
        self.steps[3].append(f"{sql} AS {out}")
        self.values.append(out)

    def add(self, target: Target) -> None:
        """Plan the column `target.out` and its faults."""
        spec, out, source = target.spec, target.out, target.spec.column[0]
        self.steps[0].append(f"{self._joined(target)} AS {out}_n")
        text = f"{out}_n"
        if spec.values is not None and target.column.type != TEXTS:
            self._map_values(spec, out, source)
            text = f"{out}_t"
        if target.is_required:
            self.faults.append((f"{text} IS NULL", "'missing_value'", source))
        self._value(target, text)

    def _joined(self, target: Target) -> str:
        words = self.mapping.formats.null if target.spec.null is None else target.spec.null
        return joined(target.cells, words, self.params)

    def _map_values(self, spec: ValueMap, out: str, source: str) -> None:
        pairs = (spec.values or {}).items()
        bind = self.params.bind
        cases = " ".join(f"WHEN {bind(word)} THEN {'NULL' if value is None else bind(value)}" for word, value in pairs)
        other = f"{out}_n" if spec.otherwise == "keep" else "NULL"
        self.steps[1].append(f"CASE {out}_n {cases} ELSE {other} END AS {out}_t" if cases else f"{other} AS {out}_t")
        if spec.otherwise == "error":
            known = self.params.bind_all([word for word, _ in pairs])
            self.faults.append((f"{out}_n NOT IN ({known})" if known else f"{out}_n IS NOT NULL", "'unknown_value'", source))

    def _value(self, target: Target, text: str) -> None:
        kind, out, source = target.column.type, target.out, target.spec.column[0]
        if kind == TEXT:
            self._text(target, text)
            return
        if kind == TEXTS:
            self.value(self._mapped_items(target.spec, self._texts(target.spec, text), source), out)
            return
        half = f"{out}_a"
        self.steps[2].append(f"{half_width(text, self.params)} AS {half}")
        value, reason = self._typed(target, half)
        self.value(value, out)
        self.faults.append((f"{half} IS NOT NULL AND {out} IS NULL", reason, source))

    def _typed(self, target: Target, half: str) -> tuple[str, str]:
        """SQL of the value and of the reason why there is none."""
        kind, spec, formats = target.column.type, target.spec, self.mapping.formats
        if kind == BOOL:
            yes = self.params.bind_all([word.lower() for word in (spec.true or formats.true)] + ["true"])
            no = self.params.bind_all([word.lower() for word in (spec.false or formats.false)] + ["false"])
            as_sent, lower = (f"WHEN {word} IN ({yes}) THEN true WHEN {word} IN ({no}) THEN false" for word in (half, f"lower({half})"))
            return f"CASE {as_sent} {lower} END", "'unknown_boolean'"  # lower() of Chinese words costs most of all
        if kind in (DATE, TIME):
            forms = self.time_forms(spec, kind)
            value = time_sql(half, kind, forms, self.zone, self.typed_source, self.params)
            return value, time_reason_sql(half, forms, self.params)
        if kind in (INT, FLOAT, MONEY):
            form = spec.number or formats.number
            value = number_sql(half, kind, form, self.typed_source, self.params)
            return value, number_reason_sql(half, kind, form, self.typed_source, self.params)
        return half, "'wrong_type'"

    def time_forms(self, spec: ValueMap | None, kind: str) -> tuple[str, ...]:
        """Forms of a field: its own, else the file's; times may be given by dates, dates not by times."""
        formats = self.mapping.formats
        own = ((spec.timestamp or ()) + (spec.date or ())) if spec else ()
        return own or (formats.date if kind == DATE else formats.timestamp + formats.date)

    def _text(self, target: Target, text: str) -> None:
        out, source = target.out, target.spec.column[0]
        space = self.mapping.namespace(target.column.name) if needs_namespace(target.column.name) else None
        self.value(f"{self.params.bind(space + ':')} || {text}" if space else text, out)
        if is_identifier(target.column):
            self.mangled(text, source)
        if self.mapping.format in ("jsonl", "parquet") and target.column.field_class not in (None, "free_text", "attribute"):
            nested = f"ascii({text}) IN (91, 123) AND json_valid({text})"  # [ and {
            self.faults.append((nested, "'wrong_type'", source))

    def mangled(self, text: str, source: str) -> None:
        """Faults of an identifier that went through a spreadsheet."""
        may_be = f"(contains({text}, '+') OR contains({text}, '.'))"  # a sixth of the cost of the pattern
        self.faults.append((f"{may_be} AND regexp_full_match({text}, {self.params.bind(SCIENTIFIC)})", "'scientific_notation'", source))
        if self.mapping.format == "xlsx":
            self.faults.append((f"regexp_full_match({text}, {self.params.bind(_ISO_DATE)})", "'excel_date'", source))

    def _texts(self, spec: ValueMap, text: str) -> str:
        """A list: a JSON list as such, else cut at `split`, else the one text."""
        one = f"string_split({text}, {self.params.bind(spec.split)})" if spec.split else f"[{text}]"
        if self.typed_source:
            one = f"CASE WHEN starts_with({text}, '[') AND json_valid({text}) THEN from_json({text}, '[\"VARCHAR\"]') ELSE {one} END"
        items = f"list_filter(list_transform({one}, lambda x: trim(x)), lambda x: x <> '')"
        return f"CASE WHEN {text} IS NOT NULL THEN {items} END"

    def _mapped_items(self, spec: ValueMap, items: str, source: str) -> str:
        """The list with each item in the contract's words, where the mapping gives words."""
        if spec.values is None:
            return items
        pairs, bind = spec.values.items(), self.params.bind
        if spec.otherwise == "error" and pairs:
            known = self.params.bind_all([word for word, _ in pairs])
            self.faults.append((f"len(list_filter({items}, lambda x: x NOT IN ({known}))) > 0", "'unknown_value'", source))
        cases = " ".join(f"WHEN {bind(word)} THEN {'NULL' if value is None else bind(value)}" for word, value in pairs)
        other = "x" if spec.otherwise == "keep" else "NULL"
        mapped = f"CASE x {cases} ELSE {other} END" if cases else other
        return f"list_filter(list_transform({items}, lambda x: {mapped}), lambda x: x IS NOT NULL)"


def joined(cells: tuple[str, ...], null_words: tuple[str, ...], params: Params) -> str:
    """SQL: the text of one cell, or several joined by `/` with empty ones empty; null when all are."""
    texts = [_cell_text(cell, params.bind_all([word for word in null_words if word])) for cell in cells]
    if len(texts) == 1:
        return texts[0]
    filled = ", ".join(f"coalesce({text}, '')" for text in texts)
    return f"CASE WHEN coalesce({', '.join(texts)}) IS NOT NULL THEN concat_ws('/', {filled}) END"


def _cell_text(cell: str, words: str) -> str:
    """SQL: the trimmed text of a cell; null when it is empty or one of `words`. Looking for a blank costs a fifth of trimming."""
    inner = f"trim({cell})"
    trimmed = f"CASE WHEN {inner} IN ({words}) THEN NULL ELSE nullif({inner}, '') END" if words else f"nullif({inner}, '')"
    nothing = f"{cell} IN ('', {words})" if words else f"{cell} = ''"
    return f"CASE WHEN contains({cell}, ' ') THEN {trimmed} WHEN {nothing} THEN NULL ELSE {cell} END"

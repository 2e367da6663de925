"""Draft a mapping from the head of a file: what can be told is filled in, what cannot is marked `<fill>`.

No cell of a personal column ever goes into a draft: only headers, forms, and the words of status-like columns.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from pipelines.extract.forms_seen import DATE_FORMS, TIME_FORMS, NumbersSeen, date_forms
from pipelines.extract.sample import Sample, read_sample
from schemas.contract import BOOL, DATE, FLOAT, INT, MONEY, TEXTS, TIME, Column
from schemas.mapping import NATIVE_KEY, Formats
from schemas.mapping_rules import needs_namespace
from schemas.tables.raw import ENTITIES

WORDS = Path(__file__).with_name("header_words.yaml")
_FILE_WORDS = {
    "orders": "order|订单|交易", "returns": "return|refund|退", "shipments": "ship|logist|deliver|waybill|物流|发货|快递",
    "tickets": "ticket|case|工单", "members": "member|loyal|会员", "interactions": "call|chat|interact|通话|会话",
    "customers": "customer|crm|client|客户", "merges": "merge|dedup|合并", "golden_ids": "golden|xref|crosswalk|oneid|mdm",
}  # fmt: skip
_YES_NO = {word.lower() for word in (*Formats().true, *Formats().false)}
_GENDERS = "{男: male, 女: female, M: male, F: female, Male: male, Female: female, male: male, female: female}"


@dataclass
class Draft:
    """Which header fills which contract column of an entity (`<part>.<column>` in parts). `sure`: the header is a known word."""

    entity: str
    fields: dict[str, str] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    lists: dict[str, str] = field(default_factory=dict)  # part -> path of its list

    @property
    def score(self) -> float:
        return len(self.sure) + (len(self.fields) - len(self.sure)) / 2 + 2 * len(self.lists)


def suggest(path: Path) -> str:
    """Draft the YAML of a mapping for `path`.

    Raises:
        UsageError: the file cannot be read as an extract (see `read_sample`).
    """
    sample = read_sample(path)
    drafts = sorted((_match(entity, sample, path) for entity in ENTITIES), key=lambda draft: -draft.score)
    best = drafts[0]
    return "\n".join([*_head(path, sample, drafts), *_key(sample, best), *_forms(sample, best), *_fields(sample, best)]) + "\n"


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = yaml.safe_load(WORDS.read_text("utf-8"))
    return found


def _match(entity: str, sample: Sample, path: Path) -> Draft:
    """Give each contract column of `entity` the header that names it best."""
    draft = Draft(entity)
    words = _words()[entity]
    flat = {column: names for column, names in words.items() if not sample.lists or "." not in column}
    _assign(draft, list(sample.columns), flat)
    for source, cells in sample.lists.items():
        tables = {part: [c for c in words if c.startswith(f"{part}.")] for part in ENTITIES[entity][1] if part not in draft.lists}
        found = {part: Draft(entity) for part in tables}
        for part, columns in tables.items():
            _assign(found[part], list(cells), {column: words[column] for column in columns})
            found[part].sure |= {part} if part == source.rsplit(".", 1)[-1] else set()
        best = max(found, key=lambda part: found[part].score, default=None)
        if best is not None and found[best].fields:
            draft.lists[best] = source
            draft.fields |= found[best].fields
    if re.search(_FILE_WORDS[entity], path.name, re.IGNORECASE):
        draft.sure.add("file name")
    return draft


def _assign(draft: Draft, headers: list[str], words: dict[str, list[str]]) -> None:
    taken: set[str] = set()
    ranked = sorted(
        ((rank, header, column) for header in headers for column, names in words.items() if (rank := _likeness(header, names)) > 0),
        key=lambda found: -found[0],
    )
    for rank, header, column in ranked:
        if column in draft.fields or header in taken:
            continue
        draft.fields[column] = header
        taken.add(header)
        draft.sure |= {column} if rank >= 100 else set()


def _likeness(header: str, names: list[str]) -> int:
    """100 and more: the header is a known word; below: a known word is in it; 0: neither."""
    whole, last = _plain(header), _plain(header.rsplit(".", 1)[-1])
    for n, name in enumerate(names):
        if _plain(name) in (whole, last):
            return 200 - n
    long_enough = [plain for name in names if len(plain := _plain(name)) >= (5 if plain.isascii() else 2)]
    return max((len(plain) for plain in long_enough if plain in whole), default=0)


def _plain(word: str) -> str:
    return re.sub(r"[\s_\-./()（）]", "", word).lower()


def _head(path: Path, sample: Sample, drafts: list[Draft]) -> list[str]:
    draft, next_best = drafts[0], drafts[1]
    stem = re.sub(r"[^a-z0-9_]+", "_", path.name.split(".")[0].lower()).strip("_")
    name = stem if re.fullmatch(r"[a-z][a-z0-9_]{0,40}", stem) else draft.entity
    sure = "" if draft.score > next_best.score + 2 else f"  # or {next_best.entity}?"
    suffix = path.name.removesuffix(".gz").rsplit(".", 1)[-1]
    glob = re.sub(r"[0-9]{4,}(?:[-_]?[0-9]{2,})*", "*", path.name.removesuffix(".gz").rsplit(".", 1)[0]) + f".{suffix}"
    lines = [
        "# Draft of a source mapping. Read every line; replace what is marked <fill>; then run `hub sources check`.",
        *(f"# Note: {note}." for note in sample.notes),
        f"source: {name}  # becomes the prefix of row ids: do not change it later",
        f"entity: {draft.entity}{sure}",
        f"files: {json.dumps(glob, ensure_ascii=False)}",
        f"format: {sample.format}",
    ]
    lines += [f"encoding: {sample.encoding}"] if sample.encoding else []
    lines += [f"delimiter: {json.dumps(sample.delimiter)}"] if sample.delimiter not in (None, ",") else []
    lines += [f"sheet: {_quote(sample.sheet)}"] if sample.sheet else []
    lines += [f"header_row: {sample.header_row}"] if sample.header_row > 1 else []
    return lines


def _key(sample: Sample, draft: Draft) -> list[str]:
    """Key, update semantics, namespaces."""
    named = draft.fields.get(NATIVE_KEY[draft.entity])
    measured = {header for name, header in draft.fields.items() if _column(draft.entity, name).type in (MONEY, FLOAT, INT, DATE, TIME)}
    full = {name: cells for name, cells in sample.columns.items() if cells and all(cells) and name not in measured}
    unique = [name for name, cells in full.items() if len(set(cells)) == len(cells)]
    flat_line = draft.fields.get("lines.line_key") if not sample.lists else None
    like_ids = [name for name in unique if re.search(r"(?i)id$|no$|号|编码|key", name)]
    candidates = [*(name for name in (flat_line, named) if name in unique), *like_ids, *unique]
    version = draft.fields.get("updated_at")
    lines = []
    if candidates:
        others = list(dict.fromkeys(candidates))[1:4]
        note = f"  # also without repetition in the sample: {', '.join(others)}" if others else ""
        mode = f"{{mode: upsert, version: {_quote(version)}}}" if version else "{mode: upsert}"
        lines += [f"update: {mode}  # or snapshot (each file is complete) or append", f"key: [{_quote(candidates[0])}]{note}"]
    else:
        lines += ["update: {mode: append}", "key: [$line]  # no column is without repetition in the sample; perhaps several together are"]
    spaces = [column for column in draft.fields if needs_namespace(column)]
    if spaces:
        lines += ["namespaces:  # which system or platform gives these numbers; the name of its mapping, where it has one"]
        lines += [f"  {column}: <fill>" for column in spaces]
    return lines


def _forms(sample: Sample, draft: Draft) -> list[str]:
    """Date and number forms seen in the columns that are dates and numbers."""
    seen: dict[str, list[str]] = {DATE: [], TIME: []}
    numbers = NumbersSeen()
    lines: list[str] = []
    for name, header in draft.fields.items():
        kind, cells = _column(draft.entity, name).type, _cells(sample, draft, name, header)
        if kind in seen:
            forms, unread = date_forms(cells, DATE_FORMS if kind == DATE else (*TIME_FORMS, *DATE_FORMS))
            seen[kind] += [form for form in forms if form not in seen[kind]]
            lines += [f"  # {unread} of {len(cells)} cells of {header!r} are in none of the usual date forms"] if unread else []
        elif kind in (MONEY, FLOAT, INT):
            numbers.add(cells)
    for key, kind in (("date", DATE), ("timestamp", TIME)):
        lines += [f"  {key}: [{', '.join(json.dumps(form, ensure_ascii=False) for form in seen[kind])}]"] if seen[kind] else []
    lines += [f"  number: {numbers.yaml}"] if numbers.yaml else []
    return ["formats:", *lines] if any(not line.startswith("  #") for line in lines) else lines


def _fields(sample: Sample, draft: Draft) -> list[str]:
    """Fields, parts, and what is left over."""
    order = [*ENTITIES[draft.entity][0].column_names, *_words()[draft.entity]]
    draft.fields = dict(sorted(draft.fields.items(), key=lambda field: order.index(field[0])))
    header = [(name, source) for name, source in draft.fields.items() if "." not in name]
    lines = ["fields:" if header else "fields: {}"] + [f"  {name}: {_field(sample, draft, name, source)}" for name, source in header]
    parts: dict[str, list[str]] = {}
    for name, source in draft.fields.items():
        if "." in name:
            part, column = name.split(".")
            parts.setdefault(part, []).append(f"      {column}: {_field(sample, draft, name, source)}")
    lines += ["parts:"] if parts else []
    for part, fields in parts.items():
        lines += [f"  {part}:", *([f"    from: {draft.lists[part]}"] if part in draft.lists else []), "    fields:", *fields]
    used = set(draft.fields.values())
    left = [name for name in sample.columns if name not in used]
    lines += [f"# not mapped: {', '.join(map(_quote, left))}. Columns to carry along go under `attributes: [...]`"] if left else []
    lists = [path for path in sample.lists if path not in draft.lists.values()]
    return lines + ([f"# nested lists not mapped: {', '.join(lists)}"] if lists else [])


def _field(sample: Sample, draft: Draft, name: str, header: str) -> str:
    column = _column(draft.entity, name)
    doubt = "" if name in draft.sure or "." in name else "  # unsure"
    if column.name.endswith("gender"):
        return f"{{column: {_quote(header)}, values: {_GENDERS}, else: null}}{doubt}"
    if name in draft.sure and column.field_class is None and (column.type == BOOL or " | " in column.doc):
        words = sorted({cell for cell in _cells(sample, draft, name, header) if cell})
        is_known = column.type == BOOL and {word.lower() for word in words} <= _YES_NO
        if 0 < len(words) <= 12 and not is_known:
            allowed = "true | false" if column.type == BOOL else column.doc.split(".")[0]
            pairs = ", ".join(f"{_quote(word)}: <fill>" for word in words)
            return f"{{column: {_quote(header)}, values: {{{pairs}}}}}  # {allowed}"
    if column.type == TEXTS:
        return f'{{column: {_quote(header)}, split: ","}}  # the sign between the items'
    doubt = doubt or ("  # may need a value map" if column.field_class is None and " | " in column.doc else "")
    return f"{_quote(header)}{doubt}"


def _column(entity: str, name: str) -> Column:
    header, parts = ENTITIES[entity]
    part, _, column = name.rpartition(".")
    return (parts[part] if part else header).column(column)


def _cells(sample: Sample, draft: Draft, name: str, header: str) -> list[str]:
    part = name.rpartition(".")[0]
    cells = sample.lists[draft.lists[part]] if part in draft.lists else sample.columns
    return cells.get(header, [])


def _quote(text: str | None) -> str:
    """A text as YAML: plain when it can be."""
    text = text or ""
    return text if re.fullmatch(r"[^\W\d][\w ./]*\w|[^\W\d]", text) else json.dumps(text, ensure_ascii=False)

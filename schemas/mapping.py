"""What a source mapping is: how a company's extract becomes one canonical input (`schemas/sources/*.yaml`).

The format is written down in `docs/your-own-data.md`. Everything wrong in a mapping is named with its file and line
before a run touches any data.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from schemas.contract import Table
from schemas.errors import MappingError
from schemas.mapping_load import Loc, Words, read_words
from schemas.mapping_rules import nearest, problems
from schemas.tables.raw import ENTITIES

LINE_KEY = "$line"  # key column of append sources without a native key: the line number
ITEM = "$item"  # path of a nested item that is itself the value
NATIVE_KEY = {  # contract column that holds the native key, by entity
    "customers": "customer_key", "members": "member_no", "orders": "order_key", "returns": "return_key",
    "shipments": "shipment_key", "tickets": "ticket_key", "interactions": "interaction_key",
    "merges": "merge_key", "golden_ids": "golden_key",
}  # fmt: skip
_ENCODINGS = {  # GB18030 reads everything that GBK and GB2312 write
    "utf8": "utf-8", "utf-8": "utf-8", "utf-8-sig": "utf-8",
    "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030",
    "utf-16": "utf-16", "utf16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
}  # fmt: skip

Texts = tuple[str, ...]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class NumberForm(_Part):
    """How numbers are written. `round`: decimals to round to; without it more than two decimals in money are an error."""

    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", "’"] | None = None
    strip: Texts = ()
    units: dict[str, Decimal] = {}
    round: int | None = Field(default=None, ge=0, le=6)

    @model_validator(mode="after")
    def _separators_differ(self) -> NumberForm:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands cannot be the same sign")
        for unit, factor in self.units.items():
            if not unit or not Decimal("0.0001") <= factor <= Decimal(10) ** 9:
                raise ValueError("a unit needs a name and a factor between 0.0001 and 1000000000")
        return self


class Formats(_Part):
    """Forms of values in a file."""

    date: Texts = ("%Y-%m-%d",)
    timestamp: Texts = ("%Y-%m-%d %H:%M:%S", "iso")
    number: NumberForm = NumberForm()
    true: Texts = ("是", "1", "true", "Y")
    false: Texts = ("否", "0", "false", "N")
    null: Texts = ("",)


class ValueMap(_Part):
    """What may stand in one field: overrides of the file's forms, a value map, a list separator."""

    column: Texts = Field(min_length=1)
    values: dict[str, str | None] | None = None
    otherwise: Literal["error", "keep", "null"] = Field(default="error", alias="else")
    split: str | None = Field(default=None, min_length=1)
    date: Texts | None = None
    timestamp: Texts | None = None
    number: NumberForm | None = None
    true: Texts | None = None
    false: Texts | None = None
    null: Texts | None = None

    @field_validator("values")
    @classmethod
    def _null_is_no_word(cls, values: dict[str, str | None] | None) -> dict[str, str | None] | None:
        return values and {word: None if value == "null" else value for word, value in values.items()}


def _long_form(value: object) -> object:
    """`name: 姓名` and `order_key: [订单 ID, 客户 ID]` mean `{column: …}`."""
    if isinstance(value, str):
        return {"column": [value]}
    if isinstance(value, list):
        return {"column": value}
    if isinstance(value, dict) and isinstance(value.get("column"), str):
        return {**value, "column": [value["column"]]}
    return value


FieldMap = Annotated[ValueMap, BeforeValidator(_long_form)]


class PartMap(_Part):
    """A nested table. `from`: path of the array; absent: the row itself is the one item."""

    source: str | None = Field(default=None, alias="from", min_length=1)
    fields: dict[str, FieldMap] = Field(min_length=1)
    attributes: Texts = ()


class Update(_Part):
    """What a new file means for rows already known."""

    mode: Literal["snapshot", "append", "upsert"]
    version: str | None = None


class SourceMapping(_Part):
    """One source: which files, how they are written, and which contract column comes from where."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    entity: Literal["customers", "members", "orders", "returns", "shipments", "tickets", "interactions", "merges", "golden_ids"]
    description: str | None = None
    files: str = Field(min_length=1)
    format: Literal["csv", "jsonl", "parquet", "xlsx"]
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1, le=1000)
    update: Update
    timezone: str | None = None
    key: Texts = Field(min_length=1)
    namespaces: dict[str, str] = {}
    constants: dict[str, str] = {}
    formats: Formats = Formats()
    fields: dict[str, FieldMap] = {}
    parts: dict[str, PartMap] = {}
    attributes: Texts = ()
    required: Texts = ()
    optional_columns: Texts = ()

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        if value.lower() not in _ENCODINGS:
            raise ValueError(f"unknown encoding; known are {', '.join(sorted(set(_ENCODINGS)))}")
        return _ENCODINGS[value.lower()]

    @property
    def header(self) -> Table:
        return ENTITIES[self.entity][0]

    @property
    def part_tables(self) -> dict[str, Table]:
        return ENTITIES[self.entity][1]

    @property
    def native_key(self) -> str:
        """Contract column that defaults to the joined key."""
        return NATIVE_KEY[self.entity]

    def fingerprint(self, timezone: str) -> str:
        """16 hex digits that change when a file would be read differently; `timezone`: the default zone."""
        text = self.model_dump_json(by_alias=True, exclude={"description", "files"}) + (self.timezone or timezone)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def namespace(self, column: str) -> str | None:
        """Namespace of a contract column, given by its name or by its last word (`account`, `openid`, `unionid`)."""
        return self.namespaces.get(column) or self.namespaces.get(column.rsplit("_", 1)[-1])

    def columns(self) -> list[str]:
        """Source columns (paths) of the row itself that the mapping reads, in the order they are named."""
        flat = [part for part in self.parts.values() if part.source is None]
        named = [
            *(c for c in self.key if c != LINE_KEY),
            *([self.update.version] if self.update.version else []),
            *(c for field in self.fields.values() for c in field.column),
            *(c for part in flat for field in part.fields.values() for c in field.column),
            *self.attributes,
            *(c for part in flat for c in part.attributes),
        ]
        return list(dict.fromkeys(named))

    def items(self) -> dict[str, list[str]]:
        """Paths read inside each nested part, by part name."""
        return {
            name: list(dict.fromkeys([*(c for field in part.fields.values() for c in field.column), *part.attributes]))
            for name, part in self.parts.items()
            if part.source is not None
        }


def load_mapping(path: Path) -> SourceMapping:
    """Load one mapping file.

    Raises:
        MappingError: naming every fault as `file:line: what`.
    """
    return _validated(read_words(path))


def load_mappings(folder: Path) -> list[SourceMapping]:
    """Load all `*.yaml` of a folder, ordered by source name.

    Raises:
        MappingError: no folder, no mapping in it, a fault in one, or two of the same source name.
    """
    if not folder.is_dir():
        raise MappingError("there is no such folder of source mappings", where=str(folder))
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and not p.name.startswith("."))
    if not paths:
        raise MappingError("the folder holds no source mapping (*.yaml)", where=str(folder))
    found: dict[str, tuple[SourceMapping, str]] = {}
    for path in paths:
        words = read_words(path)
        mapping, where = _validated(words), words.where(("source",))
        if mapping.source in found:
            raise MappingError(
                f"the source name {mapping.source!r} is taken", where=where, why=f"by {found[mapping.source][1]}",
                mend="Give each mapping its own name",
            )  # fmt: skip
        found[mapping.source] = (mapping, where)
    return [found[name][0] for name in sorted(found)]


def _validated(words: Words) -> SourceMapping:
    if not isinstance(words.data, dict):
        raise MappingError("a mapping is a list of `key: value` lines", where=words.where(()))
    try:
        mapping = SourceMapping.model_validate(words.data)
    except ValidationError as error:
        raise _fault(words, [(tuple(e["loc"]), _said(dict(e))) for e in error.errors(include_input=False)]) from None
    faults = list(problems(mapping))
    if faults:
        raise _fault(words, faults)
    return mapping


def _said(error: dict[str, object]) -> str:
    """A pydantic error in a person's words."""
    loc = error["loc"]
    last = str(loc[-1]) if isinstance(loc, tuple) and loc else ""
    if error["type"] == "extra_forbidden":
        return f"unknown key {last!r}{nearest(last, _KEYS)}"
    if error["type"] == "missing":
        return f"{last!r} is missing"
    if error["type"] == "tuple_type":
        return f"{last!r} must be a list, like [a, b]"
    return f"{last}: {str(error['msg']).removeprefix('Value error, ')}"


def _fault(words: Words, faults: list[tuple[Loc, str]]) -> MappingError:
    ordered = sorted(faults, key=lambda fault: words.line(fault[0]))
    rest = "".join(f"\n{words.where(loc)}: {what}" for loc, what in ordered[1:20])
    return MappingError(ordered[0][1] + rest, where=words.where(ordered[0][0]))


_MODELS: tuple[type[_Part], ...] = (SourceMapping, Update, Formats, ValueMap, PartMap, NumberForm)
_KEYS = sorted({field.alias or name for model in _MODELS for name, field in model.model_fields.items()})

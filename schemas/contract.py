"""How a table contract is written: columns with type, meaning and field class, one source for DDL, Arrow schema and dictionary."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

TEXT = "VARCHAR"
TEXTS = "VARCHAR[]"
BOOL = "BOOLEAN"
INT = "BIGINT"
NODE = "UBIGINT"  # 64 bits of a content hash
FLOAT = "DOUBLE"
DATE = "DATE"
TIME = "TIMESTAMP"
MONEY = "DECIMAL(18,2)"
JSON = "JSON"

_ARROW: dict[str, pa.DataType] = {
    TEXT: pa.string(),
    TEXTS: pa.list_(pa.string()),
    BOOL: pa.bool_(),
    INT: pa.int64(),
    NODE: pa.uint64(),
    FLOAT: pa.float64(),
    DATE: pa.date32(),
    TIME: pa.timestamp("us"),
    MONEY: pa.decimal128(18, 2),
    JSON: pa.string(),
}

# Documents: a third of the time and a quarter of the size of what DuckDB chooses for long texts by itself.
_STORAGE = {JSON: " USING COMPRESSION zstd"}


@dataclass(frozen=True)
class Column:
    """One column. `field_class` names an entry of `schemas/fields.yaml` when the value says something about a person."""

    name: str
    type: str
    doc: str
    field_class: str | None = None
    nullable: bool = True

    @property
    def arrow(self) -> pa.Field[pa.DataType]:
        return pa.field(self.name, _ARROW[self.type], self.nullable)


@dataclass(frozen=True)
class Table:
    """A table `<layer>.<noun>` with its key. `key` columns are unique together and never null."""

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...] = field(default=())

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @property
    def noun(self) -> str:
        return self.name.split(".")[1]

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def arrow(self) -> pa.Schema:
        return pa.schema([column.arrow for column in self.columns])

    @property
    def ddl(self) -> str:
        """`CREATE TABLE IF NOT EXISTS`; keys are checked by asset checks, not by an index that every insert would pay for."""
        lines = [f'"{c.name}" {c.type}{_STORAGE.get(c.type, "")}{"" if c.nullable else " NOT NULL"}' for c in self.columns]
        return f"CREATE TABLE IF NOT EXISTS {self.name} (\n  " + ",\n  ".join(lines) + "\n)"

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}; it has {', '.join(self.column_names)}")


def col(name: str, type: str, doc: str, field_class: str | None = None, *, nullable: bool = True) -> Column:
    return Column(name, type, doc, field_class, nullable)


def table(name: str, doc: str, key: str | tuple[str, ...], *columns: Column) -> Table:
    """Build a contract; key columns become NOT NULL."""
    keys = (key,) if isinstance(key, str) else key
    fixed = tuple(Column(c.name, c.type, c.doc, c.field_class, c.nullable and c.name not in keys) for c in columns)
    missing = set(keys) - {c.name for c in fixed}
    if missing:
        raise ValueError(f"{name}: key columns {sorted(missing)} are not columns")
    return Table(name, doc, keys, fixed)

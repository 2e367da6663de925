"""The contract step: SQL generated from a mapping turns text cells into typed contract columns and finds the first fault of each row.

cells (batch) -> head: line_n | byte_at | byte_n | row_id | version_at | row_hash | fault | <header columns> | <flat parts> | p_<part>
              -> items of each nested part, unnested from head; `fault` is a struct of reason and source column, null in good rows
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipelines.extract.fields import Layers, Target, joined
from pipelines.extract.number_forms import half_width
from pipelines.extract.params import Params
from pipelines.extract.time_forms import time_reason_sql, time_sql
from pipelines.sql import quoted
from schemas.contract import TIME, Column, Table
from schemas.mapping import LINE_KEY, PartMap, SourceMapping, ValueMap
from schemas.mapping_rules import needs_namespace
from schemas.tables.raw import ORDINAL


@dataclass(frozen=True)
class Output:
    """A contract table and, by contract column, the SQL that fills it from `relation` (head or the items of a part)."""

    table: Table
    relation: str
    columns: dict[str, str]
    where: str = "true"

    @property
    def select(self) -> str:
        listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in self.columns.items())
        return f"SELECT {listed} FROM {self.relation} WHERE {self.where}"


class Contract:
    """The queries of one file under one mapping.

    `head_sql`: over the registered table `batch`; `item_sql`: part -> query over the table `head`; `outputs`: what is stored.
    """

    def __init__(self, mapping: SourceMapping, *, timezone: str, file_id: str, modified_at: datetime) -> None:
        self.mapping, self.params = mapping, Params()
        self.zone = mapping.timezone or timezone
        self.file_id, self.modified_at = file_id, modified_at
        self._at = {name: f"c{i}" for i, name in enumerate(mapping.columns())}
        self.outputs: list[Output] = []
        self._constants = {name: self._constant(mapping.header.column(name), value) for name, value in mapping.constants.items()}
        self.head_sql = self._head()
        self.item_sql = {name: self._items(name, part) for name, part in mapping.parts.items() if part.source is not None}

    def _head(self) -> str:
        m, layers = self.mapping, Layers(self.mapping, self.zone, self.params)
        self._key(layers)
        version = self._version(layers)
        header = {"row_id": "row_id", "line_n": "line_n", **self._constants}
        for name, spec in m.fields.items():
            header[name] = f"h_{name}"
            layers.add(Target(m.header.column(name), spec, self._cells(spec.column), f"h_{name}", name in m.required))
        header.setdefault(m.native_key, "key")
        if m.entity == "orders":
            header.setdefault("order_no", header["order_key"])
        self._key_column = header[m.native_key]
        for name in set(m.required) - set(m.fields) - set(m.constants):
            layers.faults.append((f"{header[name]} IS NULL", "'missing_value'", m.key[0]))
        if m.attributes:
            header["attributes"] = self._attributes(layers, "h_attributes", m.attributes, self._cells(m.attributes))
        self.outputs.append(Output(m.header, "head", header))
        hashed = [sql for name, sql in sorted(header.items()) if name not in ("row_id", "line_n")] + [version]
        hashed += [sql for name, part in m.parts.items() for sql in self._flat_part(layers, name, part)]
        nested = [name for name, part in m.parts.items() if part.source is not None]
        kept = [*layers.values, *(f"p_{name}" for name in nested)]
        return f"""
            SELECT line_n, byte_at, byte_n, key, {self.params.bind(m.source + ":")} || key AS row_id,
                coalesce({version}, {self.params.bind(self.modified_at)}) AS version_at,
                {self._row_hash(hashed, nested)} AS row_hash, {_fault(layers)} AS fault{"".join(f", {name}" for name in kept)}
            FROM {layers.sql("batch")}"""

    def _row_hash(self, values: list[str], nested: list[str]) -> str:
        """SQL: 64 bits over all values, only ever compared for the same row. Nested parts go in as sent, with what says how to read them.

        DuckDB's own hash costs a tenth of MD5 over texts. Another release may hash otherwise: rows sent again then count as
        changed once.
        """
        m = self.mapping
        reading = "".join([self.zone, m.formats.model_dump_json(), *(m.parts[name].model_dump_json() for name in nested)])
        parts = [*(f"p_{name}" for name in nested), self.params.bind(reading)] if nested else []
        return f"CAST(hash({', '.join(values + parts)}) AS VARCHAR)"

    def _key(self, layers: Layers) -> None:
        """The native key; a part of it may be empty, not all of it."""
        m = self.mapping
        if m.key == (LINE_KEY,):
            layers.steps[0].append(f"{self.params.bind(self.file_id + '-')} || line_n AS key")
            return
        layers.steps[0].append(f"{joined(self._cells(m.key), m.formats.null, self.params)} AS key")
        layers.faults.append(("key IS NULL", "'missing_key'", m.key[0]))
        for name in m.key:
            layers.mangled(f"trim({self._at[name]})", name)

    def _version(self, layers: Layers) -> str:
        """SQL of the row's own time of change; NULL when the source has none."""
        column = self.mapping.update.version
        if column is None:
            return "NULL::TIMESTAMP"
        for name, spec in self.mapping.fields.items():
            if self.mapping.header.column(name).type == TIME and spec == ValueMap(column=(column,)):
                return f"h_{name}"  # it is read as a field already
        forms = layers.time_forms(None, TIME)
        layers.steps[0].append(f"{joined((self._at[column],), self.mapping.formats.null, self.params)} AS version_n")
        layers.steps[1].append(f"{half_width('version_n', self.params)} AS version_a")
        layers.steps[2].append(f"{time_sql('version_a', TIME, forms, self.zone, layers.typed_source, self.params)} AS version_v")
        layers.faults.append(("version_a IS NOT NULL AND version_v IS NULL", time_reason_sql("version_a", forms, self.params), column))
        return "version_v"

    def _flat_part(self, layers: Layers, name: str, part: PartMap) -> list[str]:
        """Plan a part whose one item is the row itself (none when it is nested); answer its value columns."""
        if part.source is not None:
            return []
        table = self.mapping.part_tables[name]
        columns = {field: f"{name}_{field}" for field in part.fields}
        for field, spec in part.fields.items():
            layers.add(Target(table.column(field), spec, self._cells(spec.column), columns[field]))
        given = f"coalesce({', '.join(f'CAST({column} AS VARCHAR)' for column in columns.values())}) IS NOT NULL"
        if part.attributes:
            columns["attributes"] = self._attributes(layers, f"{name}_attributes", part.attributes, self._cells(part.attributes))
        self.outputs.append(Output(table, "head", self._lineage("0") | columns, given))
        return list(columns.values())

    def _items(self, name: str, part: PartMap) -> str:
        """The query that unnests and types the items of a nested part."""
        table, layers = self.mapping.part_tables[name], Layers(self.mapping, self.zone, self.params)
        at = {path: f"it[{i + 1}]" for i, path in enumerate(self.mapping.items()[name])}
        columns = {field: f"i_{field}" for field in part.fields}
        for field, spec in part.fields.items():
            layers.add(Target(table.column(field), spec, tuple(at[path] for path in spec.column), columns[field]))
        given = f"coalesce({', '.join(at.values())}) IS NOT NULL"
        if part.attributes:
            columns["attributes"] = self._attributes(layers, "i_attributes", part.attributes, tuple(at[path] for path in part.attributes))
        self.outputs.append(Output(table, f"items_{name}", self._lineage("item_n") | columns))
        key = self._key_column
        base = f"""(SELECT * FROM (SELECT line_n, row_id, {key} AS header_key, unnest(p_{name}) AS it,
            generate_subscripts(p_{name}, 1) - 1 AS item_n FROM head) WHERE {given})"""
        return f"SELECT line_n, row_id, header_key, item_n, {_fault(layers)} AS fault, {', '.join(layers.values)} FROM {layers.sql(base)}"

    def _lineage(self, item: str) -> dict[str, str]:
        key = self._key_column if item == "0" else "header_key"
        return {"row_id": "row_id", "line_n": "line_n", ORDINAL.name: item, self.mapping.native_key: key}

    def _cells(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._at[name] for name in names)

    def _attributes(self, layers: Layers, out: str, names: tuple[str, ...], cells: tuple[str, ...]) -> str:
        """Plan the JSON of carried-along columns; answer its column."""
        pairs = ", ".join(f"{self.params.bind(name)}, nullif(trim({cell}), '')" for name, cell in zip(names, cells, strict=True))
        layers.value(f"CAST(json_object({pairs}) AS VARCHAR)", out)
        return out

    def _constant(self, column: Column, value: str) -> str:
        space = self.mapping.namespace(column.name) if needs_namespace(column.name) else None
        return f"CAST({self.params.bind(f'{space}:{value}' if space else value)} AS {column.type})"


def _fault(layers: Layers) -> str:
    """SQL: struct of the first fault's reason and source column; null for a good row."""
    cases = " ".join(
        f"WHEN {condition} THEN struct_pack(reason := {reason}, column_name := {layers.params.bind(column)})"
        for condition, reason, column in layers.faults
    )
    return f"CASE {cases} END" if cases else "NULL::STRUCT(reason VARCHAR, column_name VARCHAR)"

"""Asset specifications from the contracts: key, group, meaning, columns, owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg
import duckdb

from assets.lineage import UPSTREAM, tables_of
from pipelines.stage import StageReport
from pipelines.warehouse import count
from schemas.contract import Table
from schemas.tables import BY_NAME

OWNERS = ["team:customer-data"]
PUBLISHED_NOTES = {
    "published.version": "De-identified Parquet files of one version with manifest and catalogue, for analysts.",
    "serving.base": "Masked profiles and keyed lookup tokens as the API reads them.",
}


def asset_key(name: str) -> dg.AssetKey:
    """`<layer>.<noun>` as an asset key."""
    return dg.AssetKey(name.split("."))


def table_specs(layer: str) -> list[dg.AssetSpec]:
    """One specification a table of the layer."""
    return [_table_spec(BY_NAME[name]) for name in tables_of(layer)]


def published_specs() -> list[dg.AssetSpec]:
    """What leaves the warehouse."""
    return [
        dg.AssetSpec(
            asset_key(name), group_name=name.split(".")[0], description=note, owners=OWNERS, kinds={kind},
            deps=[asset_key(up) for up in UPSTREAM[name]],
        )
        for (name, note), kind in zip(PUBLISHED_NOTES.items(), ("parquet", "lmdb"), strict=True)
    ]


def materializations(con: duckdb.DuckDBPyConnection, layer: str, report: StageReport) -> Iterator[dg.MaterializeResult[None]]:
    """A result a table of the layer: its rows, the time of its stage, the numbers the stage reported."""
    facts = {f"stage/{name}": value for name, value in numbers(report).items()}
    for name in tables_of(layer):
        rows = count(con, f"SELECT count(*) FROM {name}")
        yield dg.MaterializeResult(
            asset_key=asset_key(name), metadata={"dagster/row_count": rows, "stage_seconds": round(report.seconds, 3), **facts}
        )


def numbers(report: StageReport) -> dict[str, int | float | str]:
    """The facts that are single values."""
    return {name: value for name, value in report.facts.items() if isinstance(value, int | float | str)}


def _table_spec(table: Table) -> dg.AssetSpec:
    columns = [
        dg.TableColumn(c.name, c.type, c.doc, dg.TableColumnConstraints(nullable=c.nullable)) for c in table.columns
    ]
    return dg.AssetSpec(
        asset_key(table.name), group_name=table.layer, description=table.doc, owners=OWNERS, kinds={"duckdb"},
        deps=[asset_key(up) for up in UPSTREAM.get(table.name, ())],
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns), "key": ", ".join(table.key)},
    )


def observation(name: str, facts: Mapping[str, object]) -> dg.AssetObservation:
    """Counts seen while an asset is being made."""
    shown = {key: value for key, value in facts.items() if isinstance(value, int | float | str)}
    return dg.AssetObservation(asset_key(name), metadata=shown)

"""`hub dedupe`: which rows of any table are one. Needs no home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.terminal import number, out

if TYPE_CHECKING:
    from pipelines.link.link import Linked
    from schemas.table_model import TableModel


def register(app: typer.Typer) -> None:
    app.command("dedupe")(dedupe)


def dedupe(
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet; of several, all rows together.")],
    model: Annotated[Path, typer.Option(help="What the columns mean, what is compared, what is paired (YAML).")],
    into: Annotated[Path, typer.Option("--out", help="Folder for clusters.parquet and pairs.parquet.")],
) -> None:
    """Find the rows that are one, by a model whose weights are learned from the rows themselves."""
    import duckdb

    from pipelines.link.files import read_tables
    from pipelines.link.link import link_rows
    from pipelines.link.write import write_results
    from schemas.table_model import load_table_model

    table_model = load_table_model(model)
    con = duckdb.connect()
    with out.status("Linking"):
        columns = read_tables(con, files, table_model.record_id, "file_rows")
        linked = link_rows(con, table_model, "file_rows", columns)
        write_results(con, table_model, linked.learned, into)
    _print(table_model, linked, into)


def _print(model: TableModel, linked: Linked, into: Path) -> None:
    from pipelines.link.score import level_bits, level_names

    weights = Table("comparison", "level", "m", "u", "bits", title="Weights", title_justify="left")
    for (name, levels), m, u, bits in zip(
        level_names(model).items(), linked.learned.m, linked.learned.u, level_bits(model, linked.learned).values(), strict=True
    ):
        for n, level in enumerate(levels):
            weights.add_row("" if n else name, level, f"{m[n]:.4f}", f"{u[n]:.6f}", f"{bits[n]:+.1f}")
        weights.add_section()
    rules = Table("pairing rule", "pairs", "blocks over cap", "rows in them", title="Pairs", title_justify="left")
    for rule in linked.pairs_by_rule:
        rules.add_row(", ".join(rule.rule), number(rule.pairs), number(rule.blocks_over_cap), number(rule.rows_over_cap))
    for table, first in ((weights, 2), (rules, 1)):
        for column in table.columns[first:]:
            column.justify = "right"
        out.print(table)
    out.print(
        f"{number(linked.rows)} rows, {number(linked.entities)} entities; {number(linked.pairs_proposed)} pairs proposed, "
        f"{number(linked.pairs_scored)} looked at. Written to {into}.",
        markup=False,
    )

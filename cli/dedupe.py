"""`hub dedupe`: which rows of any table are one. Needs no home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.terminal import number, out
from schemas.errors import HubError, UsageError
from schemas.settings import load_settings

if TYPE_CHECKING:
    import duckdb

    from pipelines.link.link import Linked
    from quality.linkage import Difference
    from schemas.table_model import TableModel


def register(app: typer.Typer) -> None:
    app.command("dedupe")(dedupe)


def dedupe(
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet; of several, all rows together.")],
    model: Annotated[Path | None, typer.Option(help="What the columns mean, what is compared, what is paired (YAML).")] = None,
    into: Annotated[Path | None, typer.Option("--out", help="Folder of the results; of --suggest-model, the new file.")] = None,
    suggest_model: Annotated[
        bool, typer.Option("--suggest-model", help="Propose a model instead, on standard output or in --out.")
    ] = False,
    sweep: Annotated[str | None, typer.Option(help="`threshold=0.3,0.4,0.6`: how much would change at other merge probabilities.")] = None,
) -> None:
    """Find the rows that are one, by a model whose weights are learned from the rows themselves."""
    if suggest_model:
        _suggest(files, model, into, sweep)
    elif model is None or into is None:
        raise UsageError("--model and --out are needed", mend="`hub dedupe --suggest-model FILE` proposes a model from the rows")
    else:
        _link(files, model, into, sweep)


def _suggest(files: list[Path], model: Path | None, into: Path | None, sweep: str | None) -> None:
    """Print the proposed model, or write it to a file that is not there yet: what a person edited is not written over."""
    from pipelines.link.files import open_tables, read_tables
    from pipelines.link.suggest.draft import suggest_model

    if model or sweep:
        raise UsageError(f"--suggest-model and {'--model' if model else '--sweep'} do not go together", mend="Give one of the two")
    if into and into.exists():
        raise UsageError("the model is already there", where=str(into), mend="Give another name, or take it away")
    with open_tables(load_settings().memory) as con:
        read_tables(con, files, None, "file_rows")
        text = suggest_model(con, "file_rows", files)
    if into is None:
        out.print(text, markup=False, end="")
        return
    try:
        into.write_text(text, "utf-8")
    except OSError as error:
        raise HubError("the model cannot be written", where=str(into), why=error.strerror) from error
    out.print(f"Written to {into}. Read it, mend it, then: hub dedupe … --model {into} --out FOLDER", markup=False)


def _link(files: list[Path], model: Path, into: Path, sweep: str | None) -> None:
    from pipelines.link.files import open_tables, read_tables
    from pipelines.link.link import link_rows
    from pipelines.link.write import write_results
    from schemas.table_model import load_table_model

    table_model, lines = load_table_model(model), _lines(sweep)
    with out.status("Linking"), open_tables(load_settings().memory) as con:
        columns = read_tables(con, files, table_model.record_id, "file_rows")
        linked = link_rows(con, table_model, "file_rows", columns)
        write_results(con, table_model, linked, into)
        stability = [(line, *_at(con, linked, line)) for line in lines]
    _print(table_model, linked, into)
    if stability:
        _print_stability(table_model, stability)


def _lines(sweep: str | None) -> list[float]:
    """The thresholds of `threshold=0.3,0.4`."""
    if sweep is None:
        return []
    name, _, values = sweep.partition("=")
    try:
        lines = sorted(float(value) for value in values.split(","))
    except ValueError:
        lines = []
    if name != "threshold" or not lines or not all(0 < line < 1 for line in lines):
        raise UsageError(f"--sweep {sweep} is not understood", mend="Write thresholds between 0 and 1: --sweep threshold=0.3,0.4,0.6")
    return lines


def _at(con: duckdb.DuckDBPyConnection, linked: Linked, line: float) -> tuple[int, Difference]:
    """How many entities there would be at another line, and how they would differ from those there are."""
    from pipelines.link.link import divide
    from quality.linkage import compare

    entities = divide(con, linked.labels, line, "divided")
    return entities, compare(con, "entities", "divided")


def _print_stability(model: TableModel, stability: list[tuple[float, int, Difference]]) -> None:
    columns = ("threshold", "entities", "unchanged", "merged", "split", "overlapping", "Talburt-Wang")
    table = Table(*columns, title=f"At other thresholds than {model.merge_probability}", title_justify="left")
    for column in table.columns:
        column.justify = "right"
    for line, entities, found in stability:
        fates = map(number, (entities, found.unchanged, found.merged, found.split, found.overlapping))
        table.add_row(f"{line:g}", *fates, f"{found.talburt_wang:.4f}")
    out.print(table)


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

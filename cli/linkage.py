"""`hub evaluate` and `hub compare`: how right a clustering is, how two clusterings differ. They need no home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.terminal import number, out
from schemas.errors import HubError

if TYPE_CHECKING:
    from quality.linkage import Difference, Evaluation

RecordId = Annotated[str, typer.Option("--record-id", help="Column of the record ids; `record_id` will do as well.")]
Common = Annotated[bool, typer.Option("--common", help="Judge the records that are in both files, and only these.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]


def register(app: typer.Typer) -> None:
    app.command("evaluate")(evaluate_clusters)
    app.command("compare")(compare_clusterings)


def evaluate_clusters(
    clusters: Annotated[Path, typer.Argument(help="CSV or Parquet: which record is of which entity.")],
    truth: Annotated[Path, typer.Option(help="CSV or Parquet: which record is really of which entity.")],
    record_id: RecordId = "record_id",
    truth_id: Annotated[str, typer.Option("--truth-id", help="Column of the entities in the truth.")] = "entity_id",
    entity_id: Annotated[str, typer.Option("--entity-id", help="Column of the entities in CLUSTERS.")] = "entity_id",
    common: Common = False,
    as_json: Json = False,
) -> None:
    """Measure a clustering against a truth: pairs, B-cubed, and what became of entities of each size."""
    import duckdb

    from pipelines.link.files import read_clusters
    from pipelines.warehouse import count
    from quality.linkage import evaluate

    con = duckdb.connect()
    found = read_clusters(con, clusters, record_id, entity_id, "found")
    known = read_clusters(con, truth, record_id, truth_id, "known")
    in_both = count(con, "SELECT count(*) FROM found SEMI JOIN known USING (record_id)")
    if not in_both or (not common and (in_both < found or in_both < known)):
        raise HubError(
            "the truth does not cover the clusters", where=str(truth),
            why=f"{found - in_both:,} of {found:,} records of the clusters are not in it, {known - in_both:,} of its {known:,} not in them",
            mend="`--common` judges what is in both" if in_both else "No record is in both: are these the right columns?",
        )  # fmt: skip
    result = evaluate(con, "found", "known")
    if as_json:
        print(json.dumps(result.as_json()))
    else:
        _print_evaluation(result)


def compare_clusterings(
    a: Annotated[Path, typer.Argument(help="CSV or Parquet.")],
    b: Annotated[Path, typer.Argument(help="CSV or Parquet.")],
    record_id: RecordId = "record_id",
    entity_id: Annotated[str, typer.Option("--entity-id", help="Column of the entities, in both files.")] = "entity_id",
    as_json: Json = False,
) -> None:
    """Tell how clustering B differs from A, over the records in both."""
    import duckdb

    from pipelines.link.files import read_clusters
    from quality.linkage import compare

    con = duckdb.connect()
    for path, name in ((a, "a_clusters"), (b, "b_clusters")):
        read_clusters(con, path, record_id, entity_id, name)
    result = compare(con, "a_clusters", "b_clusters")
    if not result.records:
        raise HubError("no record is in both files", where=f"{a}, {b}", mend=f"Are their record ids in {record_id!r} written alike?")
    if as_json:
        print(json.dumps(result.as_json()))
    else:
        _print_difference(result)


def _print_evaluation(result: Evaluation) -> None:
    scores = Table("", "precision", "recall", "F", title="Agreement with the truth", title_justify="left")
    for name, found in (("pairs", result.pairs), ("B-cubed", result.b_cubed)):
        scores.add_row(name, f"{found.precision:.4f}", f"{found.recall:.4f}", f"{found.f1:.4f}")
    columns = ("records", "entities", "exact", "split", "merged", "both", "pairs found")
    sizes = Table(*columns, title="True entities by size", title_justify="left")
    for row in result.by_size:
        counts = (row.entities, row.exact, row.split, row.merged, row.mixed)
        sizes.add_row(row.size, *map(number, counts), "" if row.recall is None else f"{row.recall:.4f}")
    for table in (scores, sizes):
        for column in table.columns[1:]:
            column.justify = "right"
        out.print(table)
    out.print(f"{number(result.records)} records, {number(result.entities)} entities found, {number(result.true_entities)} in the truth.")


def _print_difference(result: Difference) -> None:
    table = Table("clusters of A that are in B", "clusters", title_justify="left")
    table.columns[1].justify = "right"
    meanings = {
        "unchanged": "the same", "merged": "part of a larger one", "split": "several of their own", "overlapping": "spread over others",
    }  # fmt: skip
    for fate, meaning in meanings.items():
        table.add_row(f"{fate}: {meaning}", number(getattr(result, fate)))
    out.print(table)
    out.print(
        f"{number(result.records)} records in both ({number(result.only_in_a)} in A only, {number(result.only_in_b)} in B only); "
        f"{number(result.clusters_a)} clusters in A, {number(result.clusters_b)} in B. Talburt-Wang index {result.talburt_wang:.4f}.\n"
        f"Pairs together in A {number(result.pairs_a)}, in B {number(result.pairs_b)}, in both {number(result.pairs_both)}."
    )

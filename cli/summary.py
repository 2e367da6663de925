"""What a run did, as tables: rows per file, mentions and customers, duplicates, time per stage, what was published."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import duckdb
from rich.table import Table

from cli.terminal import number, out, size
from pipelines.warehouse import count, open_warehouse
from schemas.settings import Settings

OUTCOMES = ("read", "loaded", "unchanged", "superseded", "suppressed", "quarantined")
ALWAYS_SHOWN = ("read", "loaded", "quarantined")
FILES_SHOWN = 40
FAULTS_SHOWN = 3  # of each reason in each file


@dataclass
class Summary:
    """Counts and names only. `files`: facts of each file that was read; `messages`: what to know about files; `faults`: the first
    quarantined rows of each file, by file, line and column."""

    seconds: float
    stages: list[tuple[str, float]]
    published: dict[str, Any]
    files: list[dict[str, Any]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    mentions: int = 0
    customers: int = 0
    duplicates: dict[str, float] = field(default_factory=dict)
    truth: dict[str, float] = field(default_factory=dict)


def print_summary(settings: Settings, run_id: str) -> int:
    """Print what the run of that id did; answer how many rows and files it set aside or refused. Call it with the run lock held: it
    opens the warehouse."""
    summary = summarise(settings, run_id)
    if summary.files:
        out.print(_files_table(summary.files))
    for message in (*summary.messages, *summary.faults):
        out.print(message, style="yellow", markup=False)
    quarantined = sum(file["rows_quarantined_n"] or 0 for file in summary.files)
    if quarantined > len(summary.faults):
        out.print(f"… and {quarantined - len(summary.faults):,} more rows; all lie in {settings.quarantine} as they were sent.")
    out.print(_stages_table(summary))
    out.print(_result_table(summary))
    published = summary.published
    version, mode = published.get("version"), published.get("mode")
    if mode == "nothing":
        out.print(f"Nothing changed: version {version} stays as it is.", markup=False)
    else:
        out.print(f"Published version {version} ({size(published.get('bytes', 0))} of Parquet, {mode}).", markup=False)
    return quarantined + len(summary.messages)


def summarise(settings: Settings, run_id: str) -> Summary:
    """Gather the summary from the ledger and the warehouse."""
    from ledger.runs import recent_runs
    from ledger.store import open_ledger

    with closing(open_ledger(settings.ledger)) as ledger:
        run = next(run for run in recent_runs(ledger) if run.run_id == run_id)
    stages = [(str(report["stage"]), float(report["seconds"])) for report in run.stages]
    facts = {report["stage"]: report["facts"] for report in run.stages}
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0
    extracted = facts.get("extract", {})
    summary = Summary(seconds, stages, facts.get("publish", {}), extracted.get("files", []), extracted.get("messages", []))
    with closing(open_warehouse(settings.warehouse, memory=settings.memory, threads=settings.threads)) as con:
        _measure(con, settings, summary)
    return summary


def _measure(con: duckdb.DuckDBPyConnection, settings: Settings, summary: Summary) -> None:
    from quality.linkage import duplicate_rates, duplicates_left, evaluate_home

    file_ids = [file["file_id"] for file in summary.files]
    summary.faults = [
        message
        for (message,) in con.execute(
            """SELECT message FROM raw.quarantine WHERE file_id IN (SELECT unnest(?::VARCHAR[]))
            QUALIFY row_number() OVER (PARTITION BY file_id, reason ORDER BY line_n) <= ? ORDER BY file_name, line_n""",
            [file_ids, FAULTS_SHOWN],
        ).fetchall()
    ]
    summary.mentions = count(con, "SELECT count(*) FROM std.mentions")
    summary.customers = count(con, "SELECT count(*) FROM gold.customers")
    summary.duplicates = duplicate_rates(con)
    truth = settings.truth / "truth.parquet"
    if truth.exists():
        pairs = evaluate_home(con, truth).pairs
        summary.truth = {"precision": pairs.precision, "recall": pairs.recall, "duplicates_left": duplicates_left(con, truth)}


def _files_table(files: list[dict[str, Any]]) -> Table:
    totals = {name: sum(file[f"rows_{name}_n"] or 0 for file in files) for name in OUTCOMES}
    shown = [name for name in OUTCOMES if totals[name] or name in ALWAYS_SHOWN]
    table = Table("file", "outcome", *shown, title="Files", title_justify="left")
    table.columns[0].overflow = "fold"
    for column in table.columns[2:]:
        column.justify = "right"
    for file in files[:FILES_SHOWN]:
        outcome = f"{file['outcome']} ({file['reason']})" if file["reason"] else file["outcome"]
        table.add_row(file["file_name"], outcome, *(number(file[f"rows_{name}_n"]) for name in shown))
    if len(files) > 1:
        more = f" (of {len(files)}; `hub status` shows the rest)" if len(files) > FILES_SHOWN else ""
        table.add_section()
        table.add_row(f"all files{more}", "", *(number(totals[name]) for name in shown))
    return table


def _stages_table(summary: Summary) -> Table:
    table = Table("stage", "seconds", title="Time", title_justify="left")
    table.columns[1].justify = "right"
    for stage, seconds in summary.stages:
        table.add_row(stage, f"{seconds:.1f}")
    table.add_section()
    table.add_row("whole run", f"{summary.seconds:.1f}")
    return table


def _result_table(summary: Summary) -> Table:
    table = Table(title="Result", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("mentions of parties", number(summary.mentions))
    table.add_row("customers", number(summary.customers))
    if summary.duplicates.get("crm_records"):
        table.add_row("duplicates among CRM rows, before", f"{summary.duplicates['duplicate_rate']:.1%}")
        left = summary.truth.get("duplicates_left")
        table.add_row("duplicates among customers, after", "none known" if left is None else f"{left:.1%} by the demo's truth")
    if "precision" in summary.truth:
        table.add_row("pairwise precision, by the demo's truth", f"{summary.truth['precision']:.4f}")
        table.add_row("pairwise recall, by the demo's truth", f"{summary.truth['recall']:.4f}")
    return table

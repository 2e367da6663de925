"""`hub status`: what is published, what ran, what came in broken. Works while a run goes on."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import datetime
from typing import Any

import typer
from rich.table import Table

from cli.home import require_home
from cli.terminal import ago, number, out
from ledger.files import quarantine_counts, recent_files
from ledger.jobs import job_counts
from ledger.runs import RunRecord, recent_runs, reconcile
from ledger.store import Ledger, open_ledger
from schemas.settings import Settings, load_settings

MANY = 1_000_000


def register(app: typer.Typer) -> None:
    app.command()(status)


def status() -> None:
    """Published versions, the last runs, how sound the linkage looks, files by outcome, quarantined rows by reason, the age of each
    section."""
    settings = load_settings()
    require_home(settings)
    _published(settings)
    with closing(open_ledger(settings.ledger)) as ledger:
        reconcile(ledger)
        _last_runs(settings, ledger)
        _linkage(ledger)
        _merges(ledger)
        _files(ledger)
        _quarantine(ledger)
        jobs = job_counts(ledger)
    out.print(f"Background jobs: {jobs['open']} waiting, {jobs['succeeded']} done, {jobs['failed']} failed.")


def _published(settings: Settings) -> None:
    from pipelines.publish.manifest import current_version, lineage, read_manifest

    if current_version(settings.published) is None:
        out.print("Nothing is published yet.")
        return
    table = Table("version", "made", "customers", title="Published", title_justify="left")
    for name in lineage(settings.published):
        manifest = read_manifest(settings.published / name)
        made = datetime.fromisoformat(manifest["created_at"]).replace(tzinfo=None)
        table.add_row(name, ago(made), number(manifest["tables"]["gold.customers"]["rows"]))
    out.print(table)
    _sections(settings)


def _sections(settings: Settings) -> None:
    from pipelines.publish.serving_index import ServingIndex
    from schemas.errors import ServingUnavailable

    try:
        with closing(ServingIndex.open(settings.serving)) as index:
            ages: dict[str, Any] = index.meta.get("section_ages", {})
    except ServingUnavailable as error:
        out.print(f"Serving: {error}", style="yellow", markup=False)
        return
    table = Table("section", "as of (UTC)", title="Served", title_justify="left")
    for section, age in ages.items():
        table.add_row(section, str(age.get("as_of") if isinstance(age, dict) else age))
    out.print(table)


def _last_runs(settings: Settings, ledger: Ledger) -> None:
    from pipelines.run_lock import lock_holder

    holder = lock_holder(settings.run_lock)
    if holder:
        out.print(f"Running now: {holder}.", markup=False)
    runs = recent_runs(ledger, limit=5)
    if not runs:
        out.print("No run yet.")
        return
    table = Table("run", "began", "outcome", "seconds", title="Last runs", title_justify="left")
    for run in runs:
        table.add_row(run.run_id[:8], ago(run.started_at), _outcome(run), _seconds(run))
    out.print(table)


def _linkage(ledger: Ledger) -> None:
    """How sound who is who looked when it last changed."""
    stages = (report for run in recent_runs(ledger, limit=50) for report in run.stages if report["stage"] == "cluster")
    health: dict[str, Any] = next((report["facts"]["health"] for report in stages if "health" in report["facts"]), {})
    if not health:
        return
    table = Table("mentions of a customer", *health["sizes"], title="Who is who", title_justify="left")
    table.add_row("customers", *map(number, health["sizes"].values()))
    out.print(table)
    out.print(
        f"Largest: {number(health['largest'])} mentions. Held by a weak join: {number(health['weak'])} customers. "
        f"Pairs above the line {number(health['pairs'])}, in the band for review {number(health['review_pairs'])}."
    )
    for name in ("precision", "recall"):
        if of := health.get(name):
            out.print(f"Of the pairs that stewards judged, {name} {of['share']:.3f} ({of['low']:.3f} to {of['high']:.3f}, n = {of['of']}).")


def _merges(ledger: Ledger) -> None:
    """What became of the merges that sources made before."""
    stages = (report for run in recent_runs(ledger, limit=50) for report in run.stages if report["stage"] == "match")
    facts: dict[str, Any] = next((report["facts"] for report in stages if "mentions_changed" in report["facts"]), {})
    if "merges" in facts:
        findings = ", ".join(f"{number(n)} {name.replace('_', ' ')}" for name, n in facts["merge_findings"].items())
        told = f" Found among them (match.merge_findings): {findings}." if findings else ""
        out.print(f"Merges of sources: {number(facts['merges'])}, not applied {number(facts['merges_not_applied'])}.{told}")


def _outcome(run: RunRecord) -> str:
    return f"{run.outcome}: {run.message}" if run.message else run.outcome


def _seconds(run: RunRecord) -> str:
    return f"{(run.ended_at - run.started_at).total_seconds():.1f}" if run.ended_at else ""


def _files(ledger: Ledger) -> None:
    files = recent_files(ledger, limit=MANY)
    if not files:
        return
    outcomes = Counter(str(row["outcome"]) for row in files)
    rows = Counter[str]()
    for name in ("loaded", "unchanged", "superseded", "suppressed", "quarantined"):
        rows[name] = sum(row[f"rows_{name}_n"] or 0 for row in files)
    out.print("Files: " + ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in sorted(outcomes.items()))
              + ". Rows: " + ", ".join(f"{number(n)} {name}" for name, n in rows.items()) + ".")
    for row in files:
        if row["outcome"] != "loaded":
            out.print(f"  {row['file_name']}: {row['message']}", markup=False, style="yellow")


def _quarantine(ledger: Ledger) -> None:
    counts = quarantine_counts(ledger)
    if not counts:
        return
    table = Table("source", "reason", "rows", title="Quarantine", title_justify="left")
    table.columns[2].justify = "right"
    for row in counts:
        table.add_row(row["source"], row["reason"], number(row["row_n"]))
    out.print(table)

"""What assets work with: the home under its lock, the run in the ledger, the warehouse, the keys.

They are opened in that order and closed in the opposite one, once a run, by whichever process executes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import duckdb
from dagster import Field, InitResourceContext, Noneable, resource

from assets.failures import without_values
from assets.instance import fail_dead_runs
from ledger.runs import end_run, reconcile, report_stage, start_run
from ledger.store import Ledger, open_ledger
from pipelines.home_use import refuse_half_restored
from pipelines.publish.keyring import Keyring, load_keyring
from pipelines.run_lock import run_lock
from pipelines.stage import Run, Stage, StageReport, carry_out
from pipelines.warehouse import close_warehouse, open_warehouse
from quality.judging import Judge
from schemas.settings import Settings, load_settings


@dataclass(frozen=True)
class Home:
    """The home of this run and what the run was asked for."""

    settings: Settings
    run: Run


@dataclass
class RunLedger:
    """This run's entry in the ledger. `failure`: why it failed, once it has; `done`: it reached its end; `acts`: the newest number of each
    kind of human act it takes in."""

    ledger: Ledger
    run: Run
    failure: str | None = None
    done: bool = False
    acts: dict[str, int] = field(default_factory=dict)

    def report(self, report: StageReport) -> None:
        report_stage(self.ledger, self.run.run_id, {"stage": report.stage, "seconds": round(report.seconds, 3), "facts": report.facts})

    @contextmanager
    def attempt(self, step: str) -> Iterator[None]:
        """Keep why `step` failed, if it does. What Dagster stores of the error holds no value of a row."""
        try:
            yield
        except Exception as error:
            safe = without_values(error)
            self.failure = f"{step}: {safe}"
            raise safe from None

    def note_breaches(self, checks: Iterable[str]) -> None:
        """Checks that found something stop the run; keep their names."""
        if names := ", ".join(checks):
            self.failure = f"a table is not what its contract says: {names}"

    def close(self) -> None:
        failure = self.failure or (None if self.done else "it was stopped before its end")
        end_run(self.ledger, self.run.run_id, "failed" if failure else "succeeded", failure)
        self.ledger.close()


@dataclass(frozen=True)
class Warehouse:
    """The warehouse, open for this run only."""

    con: duckdb.DuckDBPyConnection
    run: Run
    ledger: RunLedger

    def carry_out(self, name: str, stage: Stage) -> StageReport:
        """One stage in one transaction, reported to the ledger when it is committed."""
        with self.ledger.attempt(name):
            report = carry_out(self.con, self.run, name, stage)
        self.ledger.report(report)
        return report


@resource(
    config_schema={
        "full": Field(bool, default_value=False, description="Derive everything anew from the raw layer; ids persist."),
        "sources": Field(Noneable(str), default_value=None, description="Folder of source mappings; default: HUB_SOURCES."),
    }
)
def home_resource(context: InitResourceContext) -> Iterator[Home]:
    """Settings and the run lock. Raises HomeBusy when another process runs, HomeDamaged when a restore was cut off."""
    run, instance, sources = context.run, context.instance, context.resource_config["sources"]
    assert run is not None and instance is not None, "a resource of a job is opened by a run"
    settings = load_settings(sources=Path(sources) if sources else None)
    with run_lock(settings.run_lock, "hub run"):
        refuse_half_restored(settings.home)
        # only now can other runs be told to be dead: a living one would hold the lock
        fail_dead_runs(instance, but=run.run_id)
        yield Home(settings, Run(run.run_id, context.resource_config["full"], settings.match_model, settings.survivorship))


@resource(required_resource_keys={"home"})
def ledger_resource(context: InitResourceContext) -> Iterator[RunLedger]:
    """The ledger with this run entered as running."""
    home: Home = context.resources.home
    ledger = open_ledger(home.settings.ledger)
    reconcile(ledger, alone=True)
    start_run(ledger, home.run.run_id, full=home.run.full)
    entry = RunLedger(ledger, home.run)
    try:
        yield entry
    finally:
        entry.close()


@resource(required_resource_keys={"home", "ledger"})
def warehouse_resource(context: InitResourceContext) -> Iterator[Warehouse]:
    """The warehouse; only a run opens it."""
    home: Home = context.resources.home
    settings = home.settings
    entry: RunLedger = context.resources.ledger
    with entry.attempt("warehouse"):
        con = open_warehouse(settings.warehouse, memory=settings.memory, threads=settings.threads, temp=settings.home / "tmp")
    try:
        yield Warehouse(con, home.run, entry)
    finally:
        close_warehouse(con)


@resource(required_resource_keys={"home"})
def keyring_resource(context: InitResourceContext) -> Keyring:
    """The secret keys, checked against what was published with them."""
    settings: Settings = context.resources.home.settings
    return load_keyring(settings.keys_dir, stores=[settings.published, settings.serving])


@resource(required_resource_keys={"home"})
def judge_resource(_context: InitResourceContext) -> Iterator[Judge]:
    """Who judges the checks; it loads while the first stage runs."""
    with Judge() as judge:
        yield judge


RESOURCES: dict[str, dg.ResourceDefinition] = {
    "home": home_resource, "ledger": ledger_resource, "warehouse": warehouse_resource, "keyring": keyring_resource,
    "judge": judge_resource,
}

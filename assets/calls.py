"""How the stages are called: their arguments from the settings. Stage modules are imported when they run: they are heavy."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any

import duckdb

from assets.resources import Home, Warehouse
from pipelines.publish.keyring import Keyring
from pipelines.stage import Run, Stage, StageReport, forget_taken
from schemas.tables import LAYERS


def stage_function(name: str) -> Stage:
    """`pipelines.<name>.stage.<name>`."""
    function: Stage = getattr(import_module(f"pipelines.{name}.stage"), name)
    return function


def extraction(home: Home, on_file: Callable[[Any], None]) -> Stage:
    """The extract stage over this home's landing folder; `on_file` gets each file when it has been read."""
    settings = home.settings

    def stage(con: duckdb.DuckDBPyConnection, run: Run, seq: int) -> dict[str, object]:
        from pipelines.extract.stage import extract
        from schemas.mapping import load_mappings
        from schemas.survivorship import load_survivorship

        mappings = load_mappings(settings.sources_dir)
        # read by golden, much later: what is wrong with it is said before anything is done
        load_survivorship(run.survivorship, sources=[m.source for m in mappings], attributes={a for m in mappings for a in m.attributes})
        return extract(
            con, run, seq, landing=settings.landing, quarantine=settings.quarantine, mappings=mappings,
            timezone=settings.timezone, settle_seconds=settings.settle_seconds, on_file=on_file,
        )

    return stage


def publish_home(home: Home, warehouse: Warehouse, keyring: Keyring) -> StageReport:
    """Publish, report it, and drop the change markers that every stage has taken in."""
    from pipelines.publish.stage import publish
    from quality.backlog import recipe

    began, settings = perf_counter(), home.settings
    with warehouse.ledger.attempt("publish"):
        facts = publish(
            warehouse.con, home.run, published=settings.published, serving=settings.serving, keyring=keyring,
            keep_versions=settings.keep_versions, ledger_seq=warehouse.ledger.acts.get("judgements", 0),
        )
        _forget(warehouse)
    facts |= {"recipe": recipe(settings), "acts": warehouse.ledger.acts}
    report = StageReport("publish", 0, perf_counter() - began, facts)
    warehouse.ledger.report(report)
    warehouse.ledger.done = True
    return report


def _forget(warehouse: Warehouse) -> None:
    """Every stage has run by now, so whoever reads a layer has a watermark on it."""
    for layer in LAYERS[1:]:
        readers = warehouse.con.execute("SELECT consumer FROM meta.watermarks WHERE layer = ?", [layer]).fetchall()
        if readers:
            forget_taken(warehouse.con, layer, tuple(name for (name,) in readers))

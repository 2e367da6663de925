"""Asset checks: one operation a layer, run between the stage that made the layer and the next; a breach stops the flow before publish."""

from collections.abc import Iterator

import dagster as dg

from assets.lineage import tables_of
from assets.resources import Home, Warehouse
from assets.specs import asset_key
from assets.stages import LAYER_OF
from quality.suites.contracts import Check, suite

Results = Iterator[dg.AssetCheckResult]


def layer_checks(layer: str) -> dg.AssetChecksDefinition:
    """The suite of a layer, one Dagster check a property of a table."""
    checks = suite(layer)

    @dg.multi_asset_check(name=f"{layer}_checks", specs=[_spec(check) for check in checks], required_resource_keys={"warehouse", "judge"})
    def run_checks(context: dg.AssetCheckExecutionContext) -> Results:
        from quality.runner import run_suite

        warehouse: Warehouse = context.resources.warehouse
        verdicts = run_suite(warehouse.con, layer, checks, everything=warehouse.run.full, judge=context.resources.judge)
        warehouse.ledger.note_breaches(verdict.check.column for verdict in verdicts if not verdict.passed)
        for verdict in verdicts:
            yield dg.AssetCheckResult(
                passed=verdict.passed, asset_key=asset_key(verdict.check.table), check_name=verdict.check.name,
                metadata={"breaches": "not counted" if verdict.breaches is None else verdict.breaches},
            )

    return run_checks


def _spec(check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(check.name, asset=asset_key(check.table), description=check.doc, blocking=True)


@dg.multi_asset_check(
    name="published_checks",
    specs=[
        dg.AssetCheckSpec("rows_as_in_warehouse", asset=asset_key("published.version"), description="Each table has the warehouse's rows."),
        dg.AssetCheckSpec("profiles_as_in_warehouse", asset=asset_key("serving.base"), description="Every profile is served."),
    ],
    required_resource_keys={"home", "warehouse"},
)
def published_checks(context: dg.AssetCheckExecutionContext) -> Results:
    """What readers see is what the warehouse holds."""
    from pipelines.publish.manifest import current_version
    from quality.counts import published_breaches, serving_breaches

    home: Home = context.resources.home
    con, version = context.resources.warehouse.con, current_version(home.settings.published)
    breaches = published_breaches(con, version) if version else 1
    yield dg.AssetCheckResult(passed=not breaches, asset_key=asset_key("published.version"), metadata={"breaches": breaches})
    breaches = serving_breaches(con, home.settings.serving, version.name) if version else 1
    yield dg.AssetCheckResult(passed=not breaches, asset_key=asset_key("serving.base"), metadata={"breaches": breaches})


CHECKS = [*(layer_checks(layer) for layer in LAYER_OF.values() if tables_of(layer)), published_checks]

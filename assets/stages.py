"""One multi-asset a stage, one asset a table."""

from collections.abc import Iterator
from functools import partial

import dagster as dg

from assets.calls import extraction, publish_home, stage_function
from assets.resources import Home, Warehouse
from assets.specs import materializations, numbers, observation, published_specs, table_specs

Results = Iterator[dg.MaterializeResult[None]]
DERIVING = {"standardise": "std", "match": "match", "cluster": "cluster", "golden": "gold", "profile": "mart"}  # stage -> its layer
LAYER_OF = {"extract": "raw", **DERIVING, "writeback": "writeback"}
STAGES = (*LAYER_OF, "publish")


@dg.multi_asset(
    name="extract", specs=table_specs("raw"), required_resource_keys={"home", "warehouse", "keyring"},
    description="Stage `extract`: complete new files in landing/ become typed rows; what cannot be read is set aside and indexed.",
)
def extract_assets(context: dg.AssetExecutionContext) -> Results:
    """The manifest is copied to the ledger as soon as it is committed; first what a killed run left uncopied. Human acts come from
    there."""
    from ledger.vault import Vault
    from pipelines.extract.duplicates import settle
    from quality.mirror import mirror_acts, mirror_manifest

    home: Home = context.resources.home
    warehouse: Warehouse = context.resources.warehouse
    mirror_manifest(warehouse.con, warehouse.ledger.ledger)
    vault = Vault(warehouse.ledger.ledger, context.resources.keyring.field)
    warehouse.ledger.acts = mirror_acts(warehouse.con, warehouse.ledger.ledger, vault)
    report = warehouse.carry_out("extract", extraction(home, lambda file: context.log_event(observation("raw.files", file))))
    settle(warehouse.con)
    mirror_manifest(warehouse.con, warehouse.ledger.ledger)
    yield from materializations(warehouse.con, "raw", report)


def deriving_assets(name: str, layer: str) -> dg.AssetsDefinition:
    """The multi-asset of a stage that derives one layer from those before it."""

    @dg.multi_asset(
        name=name, specs=table_specs(layer), required_resource_keys={"warehouse"},
        description=f"Stage `{name}`: one transaction; only what changed upstream is derived anew.",
    )
    def assets(context: dg.AssetExecutionContext) -> Results:
        warehouse: Warehouse = context.resources.warehouse
        report = warehouse.carry_out(name, stage_function(name))
        yield from materializations(warehouse.con, layer, report)

    return assets


@dg.multi_asset(
    name="writeback", specs=table_specs("writeback"), required_resource_keys={"warehouse", "keyring"},
    description="Stage `writeback`: repairs proposed to the sources, and those acknowledged that their new extracts show.",
)
def writeback_assets(context: dg.AssetExecutionContext) -> Results:
    """What stewards decided comes from the ledger, and what was seen done goes there."""
    from pipelines.writeback.stage import writeback
    from quality.change_orders import enter_decided, mirror_change_orders

    warehouse: Warehouse = context.resources.warehouse
    mirror_change_orders(warehouse.con, warehouse.ledger.ledger)
    report = warehouse.carry_out("writeback", partial(writeback, key=context.resources.keyring.token, begin=False))
    enter_decided(warehouse.con, warehouse.ledger.ledger)
    yield from materializations(warehouse.con, "writeback", report)


@dg.multi_asset(
    name="publish", specs=published_specs(), required_resource_keys={"home", "warehouse", "keyring"},
    description="Stage `publish`: a new Parquet version and serving index, verified, then switched to.",
)
def publish_assets(context: dg.AssetExecutionContext) -> Results:
    """Outside the derivation transactions: files and folders."""
    report = publish_home(context.resources.home, context.resources.warehouse, context.resources.keyring)
    for spec in published_specs():
        yield dg.MaterializeResult(asset_key=spec.key, metadata={"stage_seconds": round(report.seconds, 3), **numbers(report)})


STAGE_ASSETS = [extract_assets, *(deriving_assets(name, layer) for name, layer in DERIVING.items()), writeback_assets, publish_assets]

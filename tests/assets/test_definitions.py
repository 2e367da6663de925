"""The asset graph says what the contracts say."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from assets.definitions import hub_definitions
from assets.jobs import JOB
from assets.lineage import UPSTREAM
from assets.specs import asset_key
from assets.stages import LAYER_OF, STAGES
from quality.suites.contracts import suite
from schemas.tables import BY_NAME, TABLES
from tests.conventions.source import PROJECT

MADE_OUTSIDE = {"published.version", "serving.base"}
DERIVED = [table.name for table in TABLES if table.layer != "meta" and table.noun != "changes"]
HEAVY = ("great_expectations", "polars", "pypinyin", "lmdb", "pandas")


@pytest.fixture(scope="module")
def graph() -> Any:
    return hub_definitions().resolve_asset_graph()


def test_lineage_names_only_what_there_is() -> None:
    named = set(UPSTREAM) | {name for names in UPSTREAM.values() for name in names}
    assert named - set(BY_NAME) == MADE_OUTSIDE


def test_every_derived_table_says_what_it_is_made_from() -> None:
    assert {name for name in DERIVED if not name.startswith("raw.")} | MADE_OUTSIDE == set(UPSTREAM)


@pytest.mark.parametrize("name", DERIVED)
def test_each_table_is_an_asset_described_by_its_contract(graph: Any, name: str) -> None:
    node, table = graph.get(asset_key(name)), BY_NAME[name]
    assert (node.group_name, node.description) == (table.layer, table.doc)
    assert node.owners
    assert [column.name for column in node.metadata["dagster/column_schema"].columns] == table.column_names
    assert {".".join(parent.path) for parent in node.parent_keys} == set(UPSTREAM.get(name, ()))


def test_every_check_of_the_suites_is_an_asset_check_that_blocks(graph: Any) -> None:
    expected = {(check.table, check.name) for layer in LAYER_OF.values() for check in suite(layer)}
    found = {(".".join(key.asset_key.path), key.name): graph.get_check_spec(key) for key in graph.asset_check_keys}
    assert expected == {key for key in found if key[0] not in MADE_OUTSIDE}
    assert all(found[key].blocking for key in expected)


def test_the_checks_of_a_layer_come_before_the_next_stage() -> None:
    job = hub_definitions().resolve_job_def(JOB)
    order = [node.name for node in job.graph.nodes_in_topological_order]
    pairs = [[stage, f"{LAYER_OF[stage]}_checks" if stage in LAYER_OF else "published_checks"] for stage in STAGES]
    assert order == [step for pair in pairs for step in pair]


def test_loading_the_definitions_loads_nothing_heavy() -> None:
    """The web interface and the daemon do it all day."""
    code = f"import sys, assets.definitions as d; d.hub_definitions(); print([m for m in {HEAVY} if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert ended.stdout.strip() == "[]"

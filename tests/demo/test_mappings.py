"""The mappings of the demo's extracts fit the files."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from schemas.mapping import load_mappings
from schemas.settings import PROJECT
from tests.demo.conftest import Extracts

MAPPINGS = {mapping.source: mapping for mapping in load_mappings(PROJECT / "schemas" / "sources")}


def test_one_mapping_claims_each_file(town: Extracts) -> None:
    for name in town.generated.files:
        claims = [m.source for m in MAPPINGS.values() if fnmatch(name, m.files) or fnmatch(name, f"{m.files}.gz")]
        assert len(claims) == 1, (name, claims)


@pytest.mark.parametrize("source", ["crm", "members", "calls", "tickets"])
def test_mapped_columns_are_in_the_flat_files(town: Extracts, source: str) -> None:
    row = getattr(town, source)()[0]
    assert set(MAPPINGS[source].columns()) == set(row)


def test_mapped_paths_are_in_the_nested_files(town: Extracts) -> None:
    order = town.orders()[0]
    for path in MAPPINGS["orders"].columns():
        value = order
        for step in path.split("."):
            assert step in value, path
            value = value[step]
    assert set(MAPPINGS["orders"].items()["lines"]) == set(order["lines"][0])
    frame = town.shipments()
    assert set(MAPPINGS["logistics"].columns()) | {"parcels", "events"} == set(frame.columns)
    shipment = frame.row(0, named=True)
    for part, names in MAPPINGS["logistics"].items().items():
        assert set(names) == set(shipment[part][0])


def test_value_maps_know_every_word(town: Extracts) -> None:
    for source in ("crm", "members", "calls", "tickets"):
        for field in MAPPINGS[source].fields.values():
            if field.values and field.otherwise == "error":
                words = {row[field.column[0]] for row in getattr(town, source)()} - {"", *MAPPINGS[source].formats.null}
                assert words <= set(field.values), field.column
    assert {o["status"] for o in town.orders()} <= set(MAPPINGS["orders"].fields["order_status"].values or {})
    assert set(town.shipments()["status"]) <= set(MAPPINGS["logistics"].fields["ship_status"].values or {})

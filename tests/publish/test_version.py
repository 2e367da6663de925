"""Published versions: complete, de-identified, described, shared where unchanged, never changed in place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.publish import version
from pipelines.publish.deidentify import published_select
from pipelines.publish.keyring import Keyring
from pipelines.publish.manifest import current_version, lineage, read_manifest
from pipelines.publish.parquet import _write_changed
from pipelines.publish.tokens import published_token, token_parameters
from pipelines.warehouse import open_warehouse
from schemas.contract import Table, col, table
from schemas.errors import HomeDamaged, HubError
from schemas.publishing import FORM_OF_CLASS, PUBLISHED, form_of, published_columns
from schemas.tables import BY_NAME, TABLES, gold, mart
from tests.publish.world import (
    KEYS,
    OTHER_KEYS,
    Gone,
    change,
    customer,
    edition,
    new_world,
    plant_canaries,
    publish_into,
    read_parquet,
)


def _publish(home: Path, con: duckdb.DuckDBPyConnection) -> Path:
    publish_into(home, con)
    folder = current_version(home / "published")
    assert folder is not None
    return folder


def test_every_class_of_every_contract_has_a_form() -> None:
    assert all(form_of(t, c) for t in TABLES for c in t.columns)
    assert set(FORM_OF_CLASS) >= {c.field_class for t in TABLES for c in t.columns}


def test_a_class_without_a_form_stops_the_publication() -> None:
    odd = table("gold.odd", "Odd.", "a", col("a", "VARCHAR", "A."), col("b", "VARCHAR", "B.", "blood_type"))
    with pytest.raises(HubError, match=r"gold\.odd\.b.*blood_type"):
        published_columns(odd)


def test_direct_identifiers_have_no_column() -> None:
    names = {t.name: [c.name for c in published_columns(t)] for t in PUBLISHED}
    assert "birth_year_band" in names["gold.customers"]
    assert {"name_token", "phone_token", "email_token", "id_number_token", "address_token"} <= set(names["gold.customers"])
    assert not {"name", "phone", "email", "id_number", "address", "birth_on", "uscc"} & set(names["gold.customers"])
    assert {"province", "city", "district", "gender"} <= set(names["gold.customers"])
    assert names["gold.contacts"][2] == "value_token"
    assert "customer_id" in names["mart.orders"]


def test_no_planted_value_leaves_the_warehouse(tmp_path: Path) -> None:
    con = open_warehouse(":memory:")
    secrets = plant_canaries(con)
    assert len(secrets) >= 8
    before = "\n".join(str(con.execute(f"SELECT * FROM {t.name}").fetchall()) for t in PUBLISHED)
    assert all(secret in before for secret in secrets)  # the search finds what is there
    folder = _publish(tmp_path, con)
    decoded = "\n".join(str(pq.read_table(folder / f"{t.name}.parquet").to_pylist()) for t in PUBLISHED)
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    assert "public" in decoded
    assert not [secret for secret in secrets if secret in decoded or secret.encode() in stored]
    assert "1987-06-05" not in decoded
    assert "1985-1989" in decoded


def test_equal_values_have_equal_tokens_across_tables(tmp_path: Path) -> None:
    con = new_world(3)
    folder = _publish(tmp_path, con)
    phone = con.execute("SELECT phone FROM gold.customers WHERE customer_id = ?", [customer(2)]).fetchall()[0][0]
    rows = duckdb.execute(
        "SELECT c.phone_token, k.value_token FROM read_parquet($a) c JOIN read_parquet($b) k USING (customer_id) WHERE customer_id = $id",
        {"a": str(folder / "gold.customers.parquet"), "b": str(folder / "gold.contacts.parquet"), "id": customer(2)},
    ).fetchall()
    token = published_token(KEYS.token, "phone", phone)
    assert rows == [(token, token)]


def test_lists_become_lists_of_tokens() -> None:
    odd = table("main.odd", "Odd.", "a", col("a", "VARCHAR", "A."), col("phones", "VARCHAR[]", "B.", "phone"))
    con = duckdb.connect()
    con.execute("CREATE TABLE odd AS SELECT 'x' AS a, ['1', NULL, '2'] AS phones UNION ALL SELECT 'y', NULL")
    rows = con.execute(f"{published_select(odd)} ORDER BY a", token_parameters(KEYS.token)).fetchall()
    one, two = (published_token(KEYS.token, "phone", value) for value in "12")
    assert rows == [("x", [one, None, two]), ("y", None)]


@pytest.mark.parametrize(
    ("born", "band"),
    [("1929-12-31", "before 1935"), ("1934-12-31", "before 1935"), ("1935-01-01", "1935-1939"), ("2004-12-31", "2000-2004"), (None, None)],
)
def test_births_become_bands_of_years(tmp_path: Path, born: str | None, band: str | None) -> None:
    con = open_warehouse(":memory:")
    con.execute("INSERT INTO gold.customers (customer_id, birth_on) VALUES ('c1', ?)", [born])
    folder = _publish(tmp_path, con)
    assert pq.read_table(folder / "gold.customers.parquet").column("birth_year_band").to_pylist() == [band]


def test_the_manifest_tells_the_truth(tmp_path: Path) -> None:
    con = new_world(20)
    folder = _publish(tmp_path, con)
    manifest = read_manifest(folder)
    assert manifest["key_fingerprint"] == KEYS.fingerprint
    assert (manifest["version"], manifest["parent"], manifest["run_id"]) == (folder.name, None, "run-0001")
    assert set(manifest["tables"]) == {t.name for t in PUBLISHED}
    files = {t["file"] for t in manifest["tables"].values()}
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "catalog.duckdb"} | files
    for name, entry in manifest["tables"].items():
        content = (folder / entry["file"]).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert entry["rows"] == pq.read_metadata(folder / entry["file"]).num_rows
        assert [c["name"] for c in entry["columns"]] == [c.name for c in published_columns(BY_NAME[name])]
    assert manifest["tables"]["gold.customers"]["rows"] == 20


def test_the_catalog_opens_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(tmp_path / "home", new_world(5))
    monkeypatch.chdir(tmp_path)
    con = duckdb.connect("home/published/current/catalog.duckdb", read_only=True)
    con.execute("SET file_search_path = 'home/published/current'")
    assert con.execute("SELECT count(*) FROM gold.customers").fetchall() == [(5,)]
    assert len(con.execute("SELECT * FROM duckdb_views() WHERE NOT internal").fetchall()) == len(PUBLISHED)
    said = con.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'customers' AND column_name = 'phone_token'").fetchall()
    assert said == [("First phone. Published as token.",)]
    con.close()


def test_unchanged_tables_are_shared_with_the_version_before(tmp_path: Path) -> None:
    con = new_world(5)
    first = _publish(tmp_path, con)
    change(con, {1: 7})
    second = _publish(tmp_path, con)
    entries = read_manifest(second)["tables"]
    assert {name for name, e in entries.items() if not e["linked"]} == {
        "gold.customers", "gold.contacts", "mart.shipments",
    }
    for entry in entries.values():
        shared = (first / entry["file"]).stat().st_ino == (second / entry["file"]).stat().st_ino
        assert shared == entry["linked"]


def test_a_new_key_shares_nothing(tmp_path: Path) -> None:
    con = new_world(2)
    parent = _publish(tmp_path, con)
    other = version.Edition("v9", "r", edition().created_at, 0, parent)
    manifest = version.build_version(con, tmp_path / "published", other, OTHER_KEYS)
    assert not any(e["linked"] for e in manifest["tables"].values())


def test_a_cut_off_file_of_the_version_before_is_not_shared(tmp_path: Path) -> None:
    con = new_world(3)
    parent = _publish(tmp_path, con)
    path = parent / "gold.contacts.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-5])
    manifest = version.build_version(con, tmp_path / "published", version.Edition("v9", "r", edition().created_at, 0, parent), KEYS)
    assert {n for n, e in manifest["tables"].items() if not e["linked"]} == {"gold.contacts"}
    assert len(read_parquet(tmp_path / "published" / "v9", gold.CONTACTS)) == 3


def test_versions_are_kept_in_number_and_the_current_never_goes(tmp_path: Path) -> None:
    con = new_world(3)
    names = []
    for edit in range(1, 6):
        change(con, {0: edit})
        publish_into(tmp_path, con, keep=2)
        names.append(lineage(tmp_path / "published")[0])
    assert len(set(names)) == 5
    left = {p.name for p in (tmp_path / "published").iterdir() if p.is_dir() and not p.is_symlink()}
    assert left == set(names[-2:])
    assert str((tmp_path / "published" / "current").readlink()) == names[-1]
    version.tidy_versions(tmp_path / "published", 0)
    assert current_version(tmp_path / "published") is not None


def test_a_lost_pointer_does_not_cost_the_versions(tmp_path: Path) -> None:
    con = new_world(3)
    folder = _publish(tmp_path, con)
    (tmp_path / "published" / "current.json").unlink()
    version.tidy_versions(tmp_path / "published", 1)
    assert folder.is_dir()


def test_damage_is_named(tmp_path: Path) -> None:
    con = new_world(3)
    folder = _publish(tmp_path, con)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(HomeDamaged, match="manifest"):
        read_manifest(folder)
    (folder / "manifest.json").write_text(json.dumps({"schema_version": 99}))
    with pytest.raises(HomeDamaged, match="99"):
        read_manifest(folder)
    for content in ("", "[]", '{"version": "v1"}', '{"version": "v1", "folder": "../x"}'):
        (tmp_path / "published" / "current.json").write_text(content)
        with pytest.raises(HomeDamaged, match="pointer"):
            current_version(tmp_path / "published")
    (tmp_path / "published" / "current.json").write_text('{"version": "v1", "folder": "v1"}')
    with pytest.raises(HomeDamaged, match="missing"):
        current_version(tmp_path / "published")


def test_versions_get_names_that_sort_and_never_clash(tmp_path: Path) -> None:
    name, moment = version.name_version(tmp_path, "2026-run/42-abcdef", edition().created_at)
    assert (name, moment) == ("v20261121T020000000-42abcdef", edition().created_at)
    (tmp_path / name).mkdir()
    assert version.name_version(tmp_path, "2026-run/42-abcdef", moment)[0] == f"{name}.2"


def test_money_and_times_keep_their_types(tmp_path: Path) -> None:
    con = open_warehouse(":memory:")
    con.execute("INSERT INTO mart.orders (order_id, amount_cny, ordered_at) VALUES ('o1', 12.34, '2026-01-02 03:04:05')")
    folder = _publish(tmp_path, con)
    schema = pq.read_schema(folder / "mart.orders.parquet")
    assert str(schema.field("amount_cny").type) == str(mart.ORDERS.column("amount_cny").arrow.type)
    assert str(schema.field("ordered_at").type) == str(mart.ORDERS.column("ordered_at").arrow.type)


def _contacts_as_published(folder: Path, con: duckdb.DuckDBPyConnection) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The published contacts, and what they must be: tokens by the warehouse's clear values."""
    wanted = con.execute("SELECT customer_id, kind, value, rank FROM gold.contacts").fetchall()
    found = duckdb.execute(
        "SELECT customer_id, kind, value_token, rank FROM read_parquet($path) ORDER BY ALL", {"path": str(folder / "gold.contacts.parquet")}
    ).fetchall()
    return found, sorted((me, kind, published_token(KEYS.token, kind, value), rank) for me, kind, value, rank in wanted)


def test_a_delta_copies_the_rows_of_customers_who_did_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    con = new_world(30)
    before = _publish(tmp_path, con)
    sources: list[str] = []

    def write(con: duckdb.DuckDBPyConnection, table: Table, path: Path, keyring: Keyring, kept: Path, changed: str) -> bool:
        sources.append(str(kept))
        return _write_changed(con, table, path, keyring, kept, changed)

    monkeypatch.setattr("pipelines.publish.parquet._write_changed", write)
    change(con, {1: 2, 2: Gone(), 30: 5})
    found, wanted = _contacts_as_published(_publish(tmp_path, con), con)
    assert found == wanted
    assert str(before / "gold.contacts.parquet") in sources
    assert str(before / "gold.customers.parquet") in sources


def test_a_change_that_nobody_marked_has_the_table_written_whole(tmp_path: Path) -> None:
    con = new_world(30)
    _publish(tmp_path, con)
    change(con, {1: 2})
    con.execute("UPDATE gold.contacts SET value = '13900000000', rank = 2 WHERE customer_id = ?", [customer(7)])
    found, wanted = _contacts_as_published(_publish(tmp_path, con), con)
    assert found == wanted


def test_a_cut_off_file_of_the_version_before_is_not_copied_from(tmp_path: Path) -> None:
    con = new_world(30)
    file = _publish(tmp_path, con) / "gold.contacts.parquet"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-100])
    change(con, {1: 2})
    found, wanted = _contacts_as_published(_publish(tmp_path, con), con)
    assert found == wanted

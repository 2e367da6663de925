"""The serving index: whole documents, tokens, aliases; a delta equals a full build; readers never see half a switch."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import duckdb
import lmdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publish import serving_build
from pipelines.publish.pointer import read_pointer, switch
from pipelines.publish.serving_build import build_base, make_current, tidy_bases
from pipelines.publish.serving_delta import DeltaMismatch, apply_delta
from pipelines.publish.serving_index import ServingIndex, is_open_here
from pipelines.publish.tokens import lookup_token
from schemas.errors import HubError, ServingUnavailable
from tests.publish.world import KEYS, Gone, change, change_at_random, changed_table, customer, dump, edition, new_world


def _serve(con: duckdb.DuckDBPyConnection, serving: Path, version: str = "v1") -> Path:
    build_base(con, serving, edition(version), KEYS)
    make_current(serving, edition(version), KEYS, f"base-{version}")
    return serving / f"base-{version}"


def _delta(con: duckdb.DuckDBPyConnection, folder: Path, people: list[int], version: str = "v2") -> dict[str, int]:
    return apply_delta(con, folder, changed_table(con, [customer(n) for n in people]), edition(version), KEYS)


def _token(kind: str, value: str) -> bytes:
    return lookup_token(KEYS.token, kind, value)


def test_every_document_is_served_as_it_is(tmp_path: Path) -> None:
    con = new_world(50)
    _serve(con, tmp_path)
    index = ServingIndex.open(tmp_path)
    for customer_id, document in con.execute("SELECT customer_id, document::VARCHAR FROM mart.profiles").fetchall():
        assert index.get(customer_id) == document.encode()
        assert index.resolve(customer_id) == customer_id


def test_tokens_lead_to_all_who_share_them(tmp_path: Path) -> None:
    con = new_world(9)
    _serve(con, tmp_path)
    index = ServingIndex.open(tmp_path)
    assert index.find(_token("phone", "13800000004")) == ([customer(4)], 1)
    assert index.find(_token("phone", "shared-1")) == ([customer(1), customer(4), customer(7)], 3)
    assert index.find(_token("phone", "shared-1"), limit=2) == ([customer(1), customer(4)], 3)
    assert index.find(_token("order", "shared-1")) == ([], 0)
    assert index.find(b"") == ([], 0)


def test_merged_ids_lead_to_who_is_served_now(tmp_path: Path) -> None:
    con = new_world(6)
    change(con, {0: Gone(1)})
    change(con, {1: Gone(2)})
    change(con, {3: Gone()})
    change(con, {4: Gone(3)})
    con.execute("UPDATE cluster.customers SET merged_into = ? WHERE customer_id = ?", [customer(4), customer(3)])  # a ring is not a hang
    _serve(con, tmp_path)
    index = ServingIndex.open(tmp_path)
    assert [index.resolve(customer(n)) for n in range(6)] == [customer(2), customer(2), customer(2), None, None, customer(5)]
    assert index.get(customer(0)) is None


@pytest.mark.parametrize("odd", ["", "c", "x" * 5000, "张三", "\udcff", "c\0"])
def test_any_text_may_be_asked_for(tmp_path: Path, odd: str) -> None:
    _serve(new_world(1), tmp_path)
    index = ServingIndex.open(tmp_path)
    assert index.get(odd) is None
    assert index.resolve(odd) is None


def test_the_index_says_what_it_is(tmp_path: Path) -> None:
    con = new_world(7)
    change(con, {0: Gone(1)})
    folder = _serve(con, tmp_path)
    meta = ServingIndex.open(tmp_path).meta
    assert meta == {
        "schema": 2, "version": "v1", "built_at": "2026-11-21T02:00:00.000+00:00", "ledger_seq": 0,
        "key_fingerprint": KEYS.fingerprint, "key_version": "k1", "counts": {"profiles": 6, "tokens": 12, "aliases": 1},
        "section_ages": {"orders": {"as_of": "2026-11-20T23:10:00Z", "loaded_at": "2026-11-21T01:30:00Z"}},
    }
    named = read_pointer(tmp_path)
    assert named is not None
    assert (named["folder"], named["key_fingerprint"]) == (folder.name, KEYS.fingerprint)


def test_no_clear_identifier_is_in_the_environment(tmp_path: Path) -> None:
    con = new_world(20)
    content = (_serve(con, tmp_path) / "data.mdb").read_bytes()
    values = [row[0].encode() for row in con.execute("SELECT DISTINCT value FROM mart.lookups WHERE length(value) > 8").fetchall()]
    assert len(values) == 20
    assert customer(3).encode() in content  # the search finds what is there
    assert not [value for value in values if value in content]


def test_an_empty_hub_is_served(tmp_path: Path) -> None:
    _serve(new_world(0), tmp_path)
    index = ServingIndex.open(tmp_path)
    assert index.meta["counts"] == {"profiles": 0, "tokens": 0, "aliases": 0}
    assert index.get(customer(1)) is None


def test_the_map_grows_in_a_full_build(tmp_path: Path) -> None:
    con = new_world(400)
    build_base(con, tmp_path / "a", edition(), KEYS, map_size=1 << 16)
    build_base(con, tmp_path / "b", edition(), KEYS)
    assert dump(tmp_path / "a" / "base-v1") == dump(tmp_path / "b" / "base-v1")


def test_the_map_grows_in_a_delta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    con = new_world(60)
    folder = _serve(con, tmp_path)
    con.execute("UPDATE mart.profiles SET document = '{\"big\": \"' || repeat('x', 200000) || '\"}'")
    grown: list[int] = []
    grow = serving_build._grow
    monkeypatch.setattr(serving_build, "_grow", lambda env: (grown.append(1), grow(env)))
    everybody = changed_table(con, [customer(n) for n in range(60)])
    apply_delta(con, folder, everybody, edition("v2"), KEYS, map_size=1 << 16)
    assert len(grown) > 2
    assert dump(folder)["profiles"] == dump(_serve(con, tmp_path, "v3"))["profiles"]


@pytest.fixture(scope="module")
def twelve() -> duckdb.DuckDBPyConnection:
    return new_world(12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), rounds=st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_deltas_equal_a_full_build(twelve: duckdb.DuckDBPyConnection, seed: int, rounds: list[int]) -> None:
    rng, people, con = Random(seed), 12, twelve
    change(con, dict.fromkeys(range(people), 0))
    con.execute("DELETE FROM mart.changes")
    with tempfile.TemporaryDirectory() as name:
        serving = Path(name)
        folder = _serve(con, serving)
        for number, changes in enumerate(rounds):
            change_at_random(con, rng, people, changes)
            # more customers than changed may be named; the result is the same
            counts = _delta(con, folder, list(range(people)) if rng.random() < 0.2 else _touched(con), f"d{number}")
            con.execute("DELETE FROM mart.changes")
        full = build_base(con, serving, edition("full"), KEYS)
        assert dump(folder) == dump(serving / "base-full")
        assert counts == full


def _touched(con: duckdb.DuckDBPyConnection) -> list[int]:
    return [int(row[0][1:]) for row in con.execute("SELECT DISTINCT key FROM mart.changes").fetchall()]


def test_a_delta_that_misses_a_change_changes_nothing(tmp_path: Path) -> None:
    con = new_world(10)
    folder = _serve(con, tmp_path)
    before = dump(folder)
    change(con, {1: Gone()})
    change(con, {2: Gone()})
    with pytest.raises(DeltaMismatch):
        _delta(con, folder, [1])
    assert dump(folder) == before
    assert con.execute("SELECT 1").fetchall() == [(1,)]
    assert _delta(con, folder, [1, 2])["profiles"] == 8


def test_a_full_build_that_misses_something_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    con = new_world(10)
    monkeypatch.setattr(serving_build, "_put_all", lambda txn, db, batch: None)
    with pytest.raises(HubError, match="not complete"):
        build_base(con, tmp_path, edition(), KEYS)
    assert not list(tmp_path.iterdir())


def test_documents_that_are_no_json_are_not_served(tmp_path: Path) -> None:
    con = new_world(1)
    con.execute("ALTER TABLE mart.profiles ALTER document TYPE VARCHAR")
    con.execute("UPDATE mart.profiles SET document = '{'")
    with pytest.raises((HubError, ValueError)):
        build_base(con, tmp_path, edition(), KEYS)
    assert not list(tmp_path.iterdir())


def test_a_reader_follows_the_pointer(tmp_path: Path) -> None:
    con = new_world(4)
    first = _serve(con, tmp_path)
    index = ServingIndex.open(tmp_path)
    assert index.refresh() is False
    change(con, {2: 5})
    second = _serve(con, tmp_path, "v2")
    assert b'"edit": 0' in (index.get(customer(2)) or b"")
    assert index.refresh() is True
    assert index.refresh() is False
    assert b'"edit": 5' in (index.get(customer(2)) or b"")
    assert index.meta["version"] == "v2"
    assert not is_open_here(first)
    assert is_open_here(second)


def test_a_reader_keeps_what_it_has_when_the_new_index_is_bad(tmp_path: Path) -> None:
    con = new_world(4)
    _serve(con, tmp_path)
    index = ServingIndex.open(tmp_path)
    switch(tmp_path, {"version": "v2", "folder": "base-v2"})
    with pytest.raises(ServingUnavailable, match="missing"):
        index.refresh()
    assert index.get(customer(1)) is not None


def test_a_removed_environment_stays_readable_for_who_has_it_open(tmp_path: Path) -> None:
    con = new_world(30)
    _serve(con, tmp_path)
    index = ServingIndex.open(tmp_path)
    _serve(con, tmp_path, "v2")
    tidy_bases(tmp_path, also_keep="base-v1")
    assert {p.name for p in tmp_path.iterdir() if p.is_dir()} == {"base-v1", "base-v2"}
    tidy_bases(tmp_path)
    assert {p.name for p in tmp_path.iterdir() if p.is_dir()} == {"base-v2"}
    assert index.get(customer(29)) is not None


def test_several_indexes_of_one_process_share_the_environment(tmp_path: Path) -> None:
    folder = _serve(new_world(3), tmp_path)
    one, two = ServingIndex.open(tmp_path), ServingIndex.open(tmp_path)
    one.close()
    assert two.get(customer(1)) is not None
    with pytest.raises(ServingUnavailable, match="closed"):
        one.get(customer(1))
    two.close()
    assert not is_open_here(folder)


def test_a_snapshot_is_of_one_moment(tmp_path: Path) -> None:
    con = new_world(3)
    folder = _serve(con, tmp_path)
    change(con, {1: 9})
    con.close()
    index = ServingIndex.open(tmp_path)

    def ask(snapshot: object) -> tuple[object, object]:
        before = snapshot.meta["version"]  # type: ignore[attr-defined]
        _write_elsewhere(folder)
        return before, snapshot.meta["version"]  # type: ignore[attr-defined]

    assert index.read(ask) == ("v1", "v1")
    assert index.meta["version"] == "from elsewhere"


def _write_elsewhere(folder: Path) -> None:
    code = (
        "import lmdb, sys, orjson; e = lmdb.open(sys.argv[1], max_dbs=5, map_size=1 << 30); d = e.open_db(b'meta')\n"
        "with e.begin(write=True) as t: t.put(b'meta', orjson.dumps({'schema': 1, 'version': 'from elsewhere'}), db=d)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


class TestRefusals:
    def test_absent(self, tmp_path: Path) -> None:
        with pytest.raises(ServingUnavailable, match="hub run"):
            ServingIndex.open(tmp_path)

    def test_pointer_without_environment(self, tmp_path: Path) -> None:
        switch(tmp_path, {"version": "v1", "folder": "base-v1"})
        with pytest.raises(ServingUnavailable, match="missing"):
            ServingIndex.open(tmp_path)

    def test_damaged_pointer(self, tmp_path: Path) -> None:
        _serve(new_world(1), tmp_path)
        (tmp_path / "current.json").write_text("{")
        with pytest.raises(ServingUnavailable, match="pointer"):
            ServingIndex.open(tmp_path)

    def test_cut_off(self, tmp_path: Path) -> None:
        data = _serve(new_world(200), tmp_path) / "data.mdb"
        data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
        with pytest.raises(ServingUnavailable, match="cut off"):
            ServingIndex.open(tmp_path)

    def test_overwritten(self, tmp_path: Path) -> None:
        data = _serve(new_world(20), tmp_path) / "data.mdb"
        data.write_bytes(b"x" * data.stat().st_size)
        with pytest.raises(ServingUnavailable, match="cannot be opened"):
            ServingIndex.open(tmp_path)

    @pytest.mark.parametrize(("meta", "says"), [(b'{"schema": 99}', "schema 99"), (b"{", "damaged"), (b"{}", "schema None")])
    def test_other_schema(self, tmp_path: Path, meta: bytes, says: str) -> None:
        folder = _serve(new_world(1), tmp_path)
        env, dbs = serving_build.open_for_writing(folder)
        with env.begin(write=True) as txn:
            txn.put(b"meta", meta, db=dbs["meta"])
        env.close()
        with pytest.raises(ServingUnavailable, match=says):
            ServingIndex.open(tmp_path)

    def test_not_an_index(self, tmp_path: Path) -> None:
        lmdb.open(str(tmp_path / "base-v1")).close()
        switch(tmp_path, {"version": "v1", "folder": "base-v1"})
        with pytest.raises(ServingUnavailable, match="cannot be opened"):
            ServingIndex.open(tmp_path)


def test_a_worker_needs_no_duckdb_and_no_pyarrow() -> None:
    code = (
        "import sys\nfrom pipelines.publish import serving_index, tokens, keyring, manifest\n"
        "print(*{'duckdb', 'pyarrow', 'polars', 'pandas', 'numpy', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.stdout.split() == []

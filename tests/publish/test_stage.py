"""The publish stage: full, delta or nothing; idempotent; whatever breaks it, readers keep a whole version."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import duckdb
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publish import parquet, pointer, serving_build, stage
from pipelines.publish.manifest import current_version, read_manifest
from pipelines.publish.serving_index import ServingIndex
from pipelines.stage import Run
from pipelines.warehouse import count
from schemas.errors import HubError
from schemas.publishing import PUBLISHED
from schemas.tables import mart
from tests.publish.world import (
    KEYS,
    OTHER_KEYS,
    Gone,
    change,
    change_at_random,
    customer,
    dump,
    new_world,
    publish_into,
    read_parquet,
    serving_folder,
)

PROJECT = Path(__file__).parents[2]


def _content(home: Path) -> tuple[object, object]:
    folder = current_version(home / "published")
    assert folder is not None
    return [read_parquet(folder, table) for table in PUBLISHED], dump(serving_folder(home))


def test_first_all_then_nothing_then_what_changed(tmp_path: Path) -> None:
    con = new_world(30)
    first = publish_into(tmp_path, con)
    assert (first["mode"], first["changed_n"], first["profiles_n"], first["tokens_n"]) == ("full", 30, 30, 60)
    again = publish_into(tmp_path, con)
    assert (again["mode"], again["version"]) == ("nothing", first["version"])
    change(con, {3: 5, 4: Gone(3)})
    third = publish_into(tmp_path, con)
    assert (third["mode"], third["changed_n"], third["profiles_n"]) == ("delta", 2, 29)
    assert third["version"] != first["version"]
    index = ServingIndex.open(tmp_path / "serving")
    assert index.meta["version"] == third["version"]
    assert index.resolve(customer(4)) == customer(3)
    manifest = read_manifest(current_version(tmp_path / "published") or tmp_path)
    assert manifest["parent"] == first["version"]
    assert third["rows"] == sum(t["rows"] for t in manifest["tables"].values())
    assert third["bytes"] == sum(t["bytes"] for t in manifest["tables"].values())


def test_the_warehouse_remembers_what_was_published(tmp_path: Path) -> None:
    con = new_world(3)
    facts = publish_into(tmp_path, con)
    rows = con.execute("SELECT run_id, facts FROM meta.runs WHERE stage = 'publish'").fetchall()
    assert [(run, json.loads(text)["version"]) for run, text in rows] == [("run-0001", facts["version"])]
    publish_into(tmp_path, con)
    assert count(con, "SELECT count(*) FROM meta.runs WHERE stage = 'publish'") == 1


def test_the_ledger_position_goes_into_both_stores(tmp_path: Path) -> None:
    con = new_world(3)
    stage.publish(
        con, Run("r"), published=tmp_path / "published", serving=tmp_path / "serving", keyring=KEYS, keep_versions=1, ledger_seq=41
    )
    assert read_manifest(current_version(tmp_path / "published") or tmp_path)["ledger_seq"] == 41
    assert ServingIndex.open(tmp_path / "serving").meta["ledger_seq"] == 41


def test_many_changes_are_a_full_build(tmp_path: Path) -> None:
    con = new_world(30)
    publish_into(tmp_path, con)
    change(con, dict.fromkeys(range(7), 3))
    assert publish_into(tmp_path, con)["mode"] == "full"
    change(con, dict.fromkeys(range(6), 4))
    assert publish_into(tmp_path, con)["mode"] == "delta"


def test_newer_input_without_a_changed_customer_is_published(tmp_path: Path) -> None:
    con = new_world(5)
    publish_into(tmp_path, con)
    con.execute("UPDATE mart.section_ages SET loaded_at = '2026-11-22 01:30:00'")
    facts = publish_into(tmp_path, con)
    assert (facts["mode"], facts["tables"]) == ("delta", {"written": 1, "linked": len(PUBLISHED) - 1})
    assert ServingIndex.open(tmp_path / "serving").meta["section_ages"]["orders"]["loaded_at"] == "2026-11-22T01:30:00Z"


def test_a_row_of_nobody_is_published(tmp_path: Path) -> None:
    con = new_world(5)
    publish_into(tmp_path, con)
    con.execute("INSERT INTO mart.orders (order_id, amount_cny) VALUES ('o1', 5)")
    assert publish_into(tmp_path, con)["mode"] == "delta"
    assert len(read_parquet(current_version(tmp_path / "published") or tmp_path, mart.ORDERS)) == 1
    assert publish_into(tmp_path, con)["mode"] == "nothing"


def test_a_lost_or_other_serving_index_is_built_anew(tmp_path: Path) -> None:
    con = new_world(10)
    publish_into(tmp_path, con)
    wanted = _content(tmp_path)
    (serving_folder(tmp_path) / "data.mdb").unlink()
    assert publish_into(tmp_path, con)["mode"] == "full"
    assert _content(tmp_path) == wanted
    named = pointer.read_pointer(tmp_path / "serving") or {}
    env, dbs = serving_build.open_for_writing(tmp_path / "serving" / named["folder"])
    with env.begin(write=True) as txn:
        txn.put(b"meta", orjson.dumps({"schema": 1, "version": "v-other"}), db=dbs["meta"])
    env.close()
    assert publish_into(tmp_path, con)["mode"] == "full"
    assert _content(tmp_path) == wanted


def test_another_warehouse_never_publishes_a_delta_on_top(tmp_path: Path) -> None:
    """Of a customer whom only the warehouse before knew, no change marker would ever tell."""
    publish_into(tmp_path, new_world(10))
    other = new_world(9)
    other.execute("DELETE FROM mart.changes")
    assert publish_into(tmp_path, other)["mode"] == "full"
    assert ServingIndex.open(tmp_path / "serving").resolve(customer(9)) is None


def test_a_full_run_publishes_anew(tmp_path: Path) -> None:
    con = new_world(3)
    publish_into(tmp_path, con)
    assert publish_into(tmp_path, con, full=True)["mode"] == "full"


def test_a_delta_that_does_not_add_up_becomes_a_full_build(tmp_path: Path) -> None:
    con = new_world(20)
    publish_into(tmp_path, con)
    change(con, {1: 2})
    con.execute("INSERT INTO mart.lookups VALUES ('order', 'unmarked', ?)", [customer(7)])
    assert publish_into(tmp_path, con)["mode"] == "full"


def test_a_process_that_serves_publishes_beside(tmp_path: Path) -> None:
    con = new_world(20)
    publish_into(tmp_path, con)
    index = ServingIndex.open(tmp_path / "serving")
    change(con, {1: 2})
    assert publish_into(tmp_path, con)["mode"] == "full"
    assert index.refresh()
    assert b'"edit": 2' in (index.get(customer(1)) or b"")


def test_other_keys_are_refused_and_change_nothing(tmp_path: Path) -> None:
    con = new_world(5)
    publish_into(tmp_path, con)
    wanted = _content(tmp_path)
    change(con, {1: 2})
    with pytest.raises(HubError, match="another key"):
        publish_into(tmp_path, con, keys=OTHER_KEYS)
    assert _content(tmp_path) == wanted


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32), rounds=st.lists(st.integers(0, 4), min_size=1, max_size=3))
def test_whatever_happened_the_content_is_that_of_a_fresh_home(seed: int, rounds: list[int]) -> None:
    rng, people = Random(seed), 20
    con = new_world(people)
    with tempfile.TemporaryDirectory() as name:
        publish_into(Path(name, "a"), con)
        for changes in rounds:
            change_at_random(con, rng, people, changes)
            publish_into(Path(name, "a"), con)
        publish_into(Path(name, "b"), con, full=True)
        assert _content(Path(name, "a")) == _content(Path(name, "b"))
    con.close()


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _no_space_in_duckdb(*_: object, **__: object) -> None:
    raise duckdb.IOException("Could not write file: No space left on device")


@pytest.mark.parametrize(
    ("module", "name", "failure"),
    [(parquet, "_write", _no_space_in_duckdb), (serving_build, "_append", _no_space), (pointer, "sync_folder", _no_space)],
)
def test_a_full_disk_is_said_and_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, name: str, failure: object
) -> None:
    con = new_world(10)
    publish_into(tmp_path, con)
    wanted = _content(tmp_path)
    change(con, dict.fromkeys(range(5), 2))
    with monkeypatch.context() as broken:
        broken.setattr(module, name, failure)
        with pytest.raises(HubError, match=r"broken off.*No space left"):
            publish_into(tmp_path, con)
    assert _content(tmp_path) == wanted
    assert not list(tmp_path.glob("*/.building-*"))
    assert len(list(tmp_path.glob("published/v*"))) == len(list(tmp_path.glob("serving/base-*"))) == 1
    assert publish_into(tmp_path, con)["mode"] == "full"
    assert _content(tmp_path) != wanted


WRITES_NO_MORE = """
import resource, sys
from pathlib import Path
from schemas.errors import HubError
from tests.publish.world import change, dump, new_world, publish_into, serving_folder
home, con = Path(sys.argv[1]), new_world(300)
publish_into(home, con)
for people, mode in ((20, "delta"), (200, "full")):
    before = dump(serving_folder(home))
    change(con, dict.fromkeys(range(people), people))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    try:
        publish_into(home, con)
        raise SystemExit("nothing was refused")
    except HubError as error:
        assert "broken off" in str(error), error
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert dump(serving_folder(home)) == before
    assert publish_into(home, con)["mode"] == mode
    assert dump(serving_folder(home)) != before
"""


def test_a_disk_that_really_refuses_costs_nothing(tmp_path: Path) -> None:
    """The limit on file size stands for a full disk: the kernel refuses the write in the middle of LMDB's commit."""
    done = subprocess.run(
        [sys.executable, "-c", WRITES_NO_MORE, str(tmp_path)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


DELTA_POINTS = (
    "put_table:8", "write_catalog:1", "sync_folder:2", "_put_aliases:1", "put_meta:1", "switch:1", "switch:2", "link_current:1",
    "_record:1", "tidy_versions:2",
)
FULL_POINTS = ("_append:3", "_verify:3", "switch:1", "switch:2")
RAISE_POINTS = ("hash_file:2", "sync_files:1", "put_meta:1", "switch:2")


@pytest.mark.parametrize(("how", "points"), [("exit", DELTA_POINTS), ("raise", RAISE_POINTS), ("full", FULL_POINTS)])
def test_killed_anywhere_the_next_publish_completes(tmp_path: Path, how: str, points: tuple[str, ...]) -> None:
    home = tmp_path / "template"
    home.mkdir()
    con = new_world(20, home / "warehouse.duckdb")
    publish_into(home, con)
    change(con, {1: 3, 2: Gone(1)})
    con.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.publish.kill", str(home), how, *points], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["point"] for r in results] == list(points), done.stderr
    assert [r for r in results if not (r["killed"] and r["sound"])] == [], done.stderr


READER = """
import json, sys, time
from pathlib import Path
from pipelines.publish.serving_index import ServingIndex
index, reads, seen, until = ServingIndex.open(Path(sys.argv[1])), 0, set(), time.monotonic() + 30
print("ready", flush=True)
while not Path(sys.argv[2]).exists() and time.monotonic() < until:
    index.refresh()
    version, documents = index.read(lambda s: (s.meta["version"], [json.loads(s.get(f"c{n:015d}")) for n in range(4)]))
    edits = {d["edit"] for d in documents}
    assert len(edits) == 1, "documents of two versions"
    reads, seen = reads + 1, seen | {(version, *edits)}
    time.sleep(0.0005)
assert len({v for v, _ in seen}) == len(seen), "one version with two contents"
print(json.dumps({"reads": reads, "versions": len(seen)}))
"""


def test_readers_see_whole_versions_while_others_are_published(tmp_path: Path) -> None:
    con = new_world(30)
    publish_into(tmp_path, con)
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(tmp_path / "serving"), str(stop)], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    modes = []
    for edit in range(1, 13):
        change(con, dict.fromkeys(range(4 if edit % 3 else 30), edit))
        modes.append(publish_into(tmp_path, con)["mode"])
    stop.touch()
    answer, trouble = reader.communicate(timeout=30)
    assert reader.returncode == 0, trouble
    told = json.loads(answer)
    assert {"full", "delta"} == set(modes)
    assert told["reads"] > 100
    assert told["versions"] >= 5

"""What lies in landing: complete files are taken, the others are left alone and reported, nothing is followed or changed."""

from __future__ import annotations

import gzip
import io
import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from pipelines.extract.landing import natural, scan
from schemas.errors import HubError
from schemas.mapping import load_mappings
from tests.extract.conftest import CRM, Hub

ROWS = "编号,姓名,手机,生日\nC1,王伟,,\n"


def _statuses(hub: Hub, *known: str) -> dict[str, str]:
    files = scan(hub.landing, load_mappings(hub.sources), known, 2.0)
    return {file.name: file.status for file in files}


def _cut(hub: Hub, name: str, content: bytes) -> None:
    hub.land(name, content[: len(content) * 2 // 3])


def test_links_folders_and_odd_things_are_refused(hub: Hub, tmp_path: Path) -> None:
    hub.map()
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text(ROWS)
    (hub.landing / "crm_link.csv").symlink_to(elsewhere)
    (hub.landing / "crm_dead.csv").symlink_to(tmp_path / "nowhere")
    (hub.landing / "crm_folder.csv").mkdir()
    (hub.landing / "crm_folder.csv" / "crm.csv").write_text(ROWS)
    os.mkfifo(hub.landing / "crm_pipe.csv")
    (hub.landing / "linked").symlink_to(tmp_path)
    facts = hub.run()
    assert facts["files"] == []
    assert [message.split(": ")[0] for message in facts["messages"]] == [
        "crm_dead.csv",
        "crm_folder.csv",
        "crm_link.csv",
        "crm_pipe.csv",
        "linked",
    ]
    assert "never followed" in facts["messages"][0] and "it is a folder" in facts["messages"][1]
    assert set(_statuses(hub).values()) == {"refused"}


def test_files_no_mapping_claims_are_reported(hub: Hub) -> None:
    hub.map()
    hub.land("CRM.csv", ROWS)
    hub.land("sub/crm.csv", ROWS)
    hub.land(".hidden.csv", ROWS)
    hub.land("crm.csv", ROWS)
    hub.land("crm.csv.done", "")
    facts = hub.run()
    assert [message.split(":")[0] for message in facts["messages"]] == ["CRM.csv", "sub/crm.csv"]
    assert "no mapping claims this file" in facts["messages"][0]
    hub.map(files='files: "**/crm*.csv"')
    assert _statuses(hub) == {"CRM.csv": "unclaimed", "crm.csv": "new", "sub/crm.csv": "known"}


def test_a_young_file_is_still_growing_unless_marked_done(hub: Hub) -> None:
    hub.map()
    path = hub.land("crm.csv", ROWS)
    now = time.time()
    os.utime(path, (now, now))
    facts = hub.run(settle_seconds=60)
    assert facts["files"] == [] and "still growing" in facts["messages"][0]
    hub.land("crm.csv.done", "")
    assert hub.run(settle_seconds=60)["files_loaded_n"] == 1


def test_cut_off_files_are_left_alone_until_they_are_complete(hub: Hub) -> None:
    hub.map()
    for entity, suffix in (("members", "parquet"), ("tickets", "xlsx")):
        hub.map(CRM, source=f"source: {entity}", files=f'files: "*.{suffix}"', format=f"format: {suffix}")
    packed = gzip.compress(os.urandom(4000) + ROWS.encode())
    table, sheet = io.BytesIO(), io.BytesIO()
    pq.write_table(pa.table({"编号": ["C1"] * 500, "姓名": ["x"] * 500, "手机": ["1"] * 500, "生日": [""] * 500}), table)
    with xlsxwriter.Workbook(sheet) as book:
        book.add_worksheet().write(0, 0, "编号")
    for name, content in (("crm.csv.gz", packed), ("m.parquet", table.getvalue()), ("t.xlsx", sheet.getvalue())):
        _cut(hub, name, content)
    assert set(_statuses(hub).values()) == {"truncated"}
    facts = hub.run()
    assert facts["files"] == []
    assert [message.split(". ")[0] for message in facts["messages"]] == [
        "crm.csv.gz: the gzip file ends too early", "m.parquet: the Parquet file ends too early", "t.xlsx: the workbook ends too early",
    ]  # fmt: skip
    hub.land("crm.csv.gz", gzip.compress(ROWS.encode()))
    assert hub.run()["files_loaded_n"] == 1


def test_rows_read_before_a_gzip_breaks_off_are_taken_out_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.lines.CHUNK", 4096)
    hub.map()
    lines = "".join(f"C{n},{os.urandom(8).hex()},,\n" for n in range(3000))
    _cut(hub, "crm.csv.gz", gzip.compress((ROWS + lines).encode()))
    hub.run()
    assert hub.ask("SELECT (SELECT count(*) FROM raw.customers), (SELECT count(*) FROM raw.rows), (SELECT count(*) FROM raw.files)") == [
        (0, 0, 0)
    ]


def test_a_damaged_gzip_is_set_aside(hub: Hub) -> None:
    hub.map()
    packed = bytearray(gzip.compress(ROWS.encode()))
    packed[-6] ^= 0xFF
    hub.land("crm.csv.gz", bytes(packed))
    hub.run()
    assert hub.file("crm.csv.gz")["reason"] == "damaged_gzip"


def test_a_file_that_changes_while_it_is_read_is_left_alone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.map()
    path = hub.land("crm.csv", ROWS)
    from pipelines.extract import stage

    real = stage.open_reader

    def grows(*arguments: object) -> object:
        path.write_text(ROWS + "C2,李,,\n", "utf-8")
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(stage, "open_reader", grows)
        facts = hub.run()
    assert "changed while it was read" in facts["messages"][0]
    assert hub.column("SELECT count(*) FROM raw.customers") == [0]
    assert hub.run(settle_seconds=0)["rows_loaded_n"] == 2


def test_an_unreadable_file_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.map()
    hub.land("crm.csv", ROWS)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "does not let the hub read it" in hub.run()["messages"][0]


def test_odd_names_and_files_that_vanish_do_not_stop_the_run(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.map()
    hub.land("crm.csv", ROWS)
    (hub.landing / os.fsdecode(b"crm_\xff.csv")).write_text(ROWS, "utf-8")
    real = Path.stat

    def gone(path: Path, **options: bool) -> os.stat_result:
        if path.name == "crm.csv":
            raise FileNotFoundError(2, "No such file or directory")
        return real(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", gone)
        facts = hub.run(settle_seconds=0)
    assert facts["messages"] == ["crm.csv: it cannot be read (No such file or directory)"]
    assert hub.column("SELECT file_name FROM raw.files") == ["crm_\\udcff.csv"]


def test_what_nobody_foresaw_costs_one_file_and_tells_no_value(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.extract.contract import Contract

    hub.map()
    hub.land("crm_1.csv", ROWS)
    real = Contract._head

    def breaks(contract: Contract) -> str:
        return real(contract).replace("AS row_hash", "+ CAST(key AS INTEGER) AS row_hash")

    with monkeypatch.context() as patch:
        patch.setattr(Contract, "_head", breaks)
        hub.run()
    assert hub.file("crm_1.csv")["reason"] == "unforeseen"
    assert "C1" not in hub.file("crm_1.csv")["message"]
    hub.land("crm_2.csv", ROWS.replace("C1", "C2"))
    hub.run()
    assert hub.column("SELECT customer_key FROM raw.customers") == ["C2"]


def test_one_file_may_serve_two_mappings(hub: Hub) -> None:
    hub.map()
    hub.map(CRM, source="source: shop")
    hub.land("crm.csv", ROWS)
    hub.run()
    assert hub.column("SELECT row_id FROM raw.customers ORDER BY 1") == ["crm:C1", "shop:C1"]
    assert len(set(hub.column("SELECT file_id FROM raw.files"))) == 2


def test_files_are_taken_in_the_order_of_their_names(hub: Hub) -> None:
    assert sorted(["crm_10.csv", "crm_9.csv", "crm_9_2.csv", "crm_20260102.csv", "crm_20251231.csv"], key=natural) == [
        "crm_9.csv", "crm_9_2.csv", "crm_10.csv", "crm_20251231.csv", "crm_20260102.csv",
    ]  # fmt: skip
    hub.map()
    for n in (10, 9, 2):
        hub.land(f"crm_{n}.csv", ROWS.replace("C1", f"C{n}"))
    assert [file["file_name"] for file in hub.run()["files"]] == ["crm_2.csv", "crm_9.csv", "crm_10.csv"]


def test_known_files_are_not_read_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.map()
    path = hub.land("crm.csv", ROWS)
    seen: list[str] = []
    hub.run(on_file=lambda facts: seen.append(facts["file_name"]))
    assert seen == ["crm.csv"]
    assert _statuses(hub, hub.file("crm.csv")["file_id"]) == {"crm.csv": "known"}
    before = path.stat()
    monkeypatch.setattr("pipelines.extract.landing.hash_file", lambda path: pytest.fail("read again"))
    assert hub.run()["files"] == []
    assert path.stat() == before


def test_an_absent_landing_folder_holds_nothing(hub: Hub) -> None:
    hub.map()
    hub.landing.rmdir()
    assert hub.run()["files"] == []


def test_a_quarantine_that_cannot_be_written_ends_the_run_with_a_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.map()
    hub.land("crm.csv", ROWS + "C2,坏\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(HubError, match=r"quarantine folder cannot be written: No space left on device\. Free space"):
        hub.run()
    assert hub.column("SELECT count(*) FROM raw.customers") == [0]

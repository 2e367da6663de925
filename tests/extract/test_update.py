"""Update semantics: snapshot, append, upsert; duplicates in one file; the same bytes again; erased persons."""

from __future__ import annotations

import pytest

from pipelines.extract import load
from schemas.errors import HubError
from tests.extract.conftest import Hub

HEADER = "编号,姓名,手机,生日,更新\n"
UPSERT = {"update": "update: {mode: upsert, version: 更新}"}


def _names(hub: Hub) -> dict[str, str]:
    return dict(hub.ask("SELECT customer_key, name FROM raw.customers ORDER BY 1"))


def _rows(*rows: str) -> str:
    """`C1 王 2025-01-02` -> a CSV line."""
    return HEADER + "".join(f"{key},{name},,,{day} 00:00:00\n" for key, name, day in (row.split(" ") for row in rows))


def _counts(hub: Hub, name: str) -> str:
    entry = hub.file(name)
    words = ("read", "loaded", "unchanged", "superseded", "suppressed", "quarantined", "withdrawn")
    return " ".join(f"{word}={entry[f'rows_{word}_n']}" for word in words if entry[f"rows_{word}_n"])


def test_a_snapshot_withdraws_what_it_no_longer_holds(hub: Hub) -> None:
    hub.map(update="update: {mode: snapshot}")
    hub.land("crm_1.csv", _rows("C1 王 2025-01-01", "C2 李 2025-01-01", "C3 张 2025-01-01"))
    hub.run()
    assert hub.changed() == ["crm:C1", "crm:C2", "crm:C3"]
    hub.land("crm_2.csv", _rows("C1 王 2025-01-01", "C3 章 2025-01-01", "C4 赵 2025-01-01"))
    hub.run()
    assert _names(hub) == {"C1": "王", "C3": "章", "C4": "赵"}
    assert hub.column("SELECT row_id FROM raw.rows ORDER BY 1") == ["crm:C1", "crm:C3", "crm:C4"]
    assert hub.changed() == ["crm:C2", "crm:C3", "crm:C4"]
    assert _counts(hub, "crm_2.csv") == "read=3 loaded=2 unchanged=1 withdrawn=1"


def test_an_older_snapshot_that_comes_late_changes_nothing(hub: Hub) -> None:
    hub.map(update="update: {mode: snapshot}")
    hub.land("crm_10.csv", _rows("C1 新 2025-01-01"))
    hub.run()
    hub.land("crm_9.csv", _rows("C1 旧 2025-01-01", "C2 旧 2025-01-01"))
    hub.run()
    assert _names(hub) == {"C1": "新"}
    assert _counts(hub, "crm_9.csv") == "read=2 superseded=2"
    assert hub.changed() == []


def test_a_quarantined_row_of_a_snapshot_keeps_its_last_good_state(hub: Hub) -> None:
    hub.map(update="update: {mode: snapshot}")
    hub.land("crm_1.csv", HEADER + "C1,王,,1990-01-01,\nC2,李,,1990-01-01,\n")
    hub.run()
    hub.land("crm_2.csv", HEADER + "C1,王,,1990-02-31,\nC3,张,,,\n")
    hub.run()
    assert _names(hub) == {"C1": "王", "C3": "张"}


def test_upsert_takes_the_newest_version_in_whatever_order_files_come(hub: Hub) -> None:
    hub.map(**UPSERT)
    hub.land("crm_2.csv", _rows("C1 二 2025-01-02", "C2 二 2025-01-02"))
    hub.run()
    hub.land("crm_1.csv", _rows("C1 一 2025-01-01", "C2 三 2025-01-03", "C3 一 2025-01-01"))
    hub.run()
    assert _names(hub) == {"C1": "二", "C2": "三", "C3": "一"}
    assert _counts(hub, "crm_1.csv") == "read=3 loaded=2 superseded=1"
    hub.land("crm_3.csv", _rows("C1 二 2025-01-02"))
    hub.run()
    assert _counts(hub, "crm_3.csv") == "read=1 unchanged=1"
    assert hub.changed() == []


def test_equal_versions_with_other_content_are_settled_by_the_order_of_files(hub: Hub) -> None:
    hub.map(**UPSERT)
    hub.land("crm_2.csv", _rows("C1 后 2025-01-01"))
    hub.run()
    hub.land("crm_1.csv", _rows("C1 先 2025-01-01"))
    hub.run()
    assert _names(hub) == {"C1": "后"}
    hub.land("crm_3.csv", _rows("C1 末 2025-01-01"))
    hub.run()
    assert _names(hub) == {"C1": "末"}


@pytest.mark.parametrize("mode", ["append", "upsert"])
def test_without_a_version_the_later_file_wins(hub: Hub, mode: str) -> None:
    hub.map(update=f"update: {{mode: {mode}}}")
    hub.land("crm_2.csv", _rows("C1 二 2025-01-01", "C2 二 2025-01-01"))
    hub.run()
    hub.land("crm_1.csv", _rows("C1 一 2025-01-01"))
    hub.land("crm_3.csv", _rows("C2 三 2025-01-01", "C3 三 2025-01-01"))
    hub.run()
    assert _names(hub) == {"C1": "二", "C2": "三", "C3": "三"}


@pytest.mark.parametrize("again", [False, True])
def test_the_same_key_several_times_in_one_file(hub: Hub, again: bool) -> None:
    """The newest wins, equal rows are superseded, a contradiction is quarantined and names the first line."""
    hub.map(**UPSERT)
    if again:
        hub.land("crm_0.csv", _rows("C0 零 2025-01-01"))
        hub.run()
    rows = [
        "C1 旧 2025-01-01",
        "C1 新 2025-01-02",
        "C1 新 2025-01-02",
        "C1 别 2025-01-02",
        "C2 甲 2025-01-01",
        "C2 乙 2025-01-01",
        "C2 甲 2025-01-01",
    ]
    hub.land("crm_1.csv", _rows(*rows))
    hub.run()
    assert {key: name for key, name in _names(hub).items() if key != "C0"} == {"C1": "新", "C2": "甲"}
    assert hub.rejected() == [(5, "duplicate_key", None, None), (7, "duplicate_key", None, None)]
    assert [message.split(": ")[1].split(". ")[0] for message in hub.column("SELECT message FROM raw.quarantine ORDER BY line_n")] == [
        f"the same key came before in this file with other content (first in line {n})" for n in (3, 6)
    ]
    assert hub.kept().decode() == "C1,别,,,2025-01-02 00:00:00\nC2,乙,,,2025-01-01 00:00:00\n"
    assert _counts(hub, "crm_1.csv") == "read=7 loaded=2 superseded=3 quarantined=2"


def test_the_same_bytes_twice_are_read_once_under_whatever_name(hub: Hub) -> None:
    hub.map()
    hub.land("crm_1.csv", _rows("C1 王 2025-01-01"))
    hub.land("crm_1_copy.csv", _rows("C1 王 2025-01-01"))
    hub.run()
    assert hub.column("SELECT file_name FROM raw.files") == ["crm_1.csv"]
    (hub.landing / "crm_1.csv").rename(hub.landing / "crm_renamed.csv")
    facts = hub.run()
    assert (facts["files_loaded_n"], facts["files"], hub.changed()) == (0, [], [])


def test_a_file_overwritten_in_place_is_a_new_file(hub: Hub) -> None:
    hub.map(**UPSERT)
    hub.land("crm.csv", _rows("C1 王 2025-01-01"))
    hub.run()
    hub.land("crm.csv", _rows("C1 汪 2025-01-02"), age=50)
    hub.run()
    assert _names(hub) == {"C1": "汪"}
    assert hub.column("SELECT count(*) FROM raw.files") == [2]


def test_nested_parts_are_replaced_with_their_row(hub: Hub) -> None:
    hub.map(
        """
        source: orders
        entity: orders
        files: "o*.jsonl"
        format: jsonl
        update: {mode: upsert}
        key: [id]
        fields: {}
        parts:
          lines: {from: lines, fields: {line_key: n}}
        """
    )
    hub.land("o_1.jsonl", '{"id": "T1", "lines": [{"n": 1}, {"n": 2}]}\n{"id": "T2", "lines": [{"n": 1}]}\n')
    hub.run()
    hub.land("o_2.jsonl", '{"id": "T1", "lines": [{"n": 3}]}\n{"id": "T2", "lines": [{"n": 1}]}\n')
    hub.run()
    assert hub.ask("SELECT order_key, line_key FROM raw.order_lines ORDER BY 1, 2") == [("T1", "3"), ("T2", "1")]
    assert hub.changed("orders") == ["orders:T1"]


def test_rows_of_erased_persons_are_dropped_and_counted(hub: Hub) -> None:
    hub.map()
    bad = "C2,李,,1990-02-31,\n"
    hub.land("crm.csv", _rows("C1 王 2025-01-01", "C3 张 2025-01-01") + bad)
    hub.run(suppressed_keys={"crm:C1", "crm:C2", "crm:C9"})
    assert _names(hub) == {"C3": "张"}
    assert _counts(hub, "crm.csv") == "read=3 loaded=1 suppressed=2"
    assert not (hub.quarantine / "crm").exists()


def test_a_mended_mapping_reads_its_files_again(hub: Hub) -> None:
    """Rows quarantined for want of a declared form load once it is declared; nothing is counted twice."""
    hub.map()
    hub.land("crm.csv", "编号,姓名,手机,生日\nC1,王,,1990/01/02\nC2,李,,1990-01-02\n")
    hub.run()
    assert len(hub.rejected()) == 1
    hub.map(formats='formats: {date: ["%Y-%m-%d", "%Y/%m/%d"]}')
    hub.run()
    assert hub.rejected() == [] and _names(hub) == {"C1": "王", "C2": "李"}
    assert _counts(hub, "crm.csv") == "read=2 loaded=1 unchanged=1"
    assert hub.changed() == ["crm:C1"]
    assert not list(hub.quarantine.rglob("rows.*"))
    hub.map(formats='formats: {date: ["%Y/%m/%d"]}')
    hub.run()
    assert _names(hub) == {"C1": "王"}
    assert hub.changed() == ["crm:C2"]


def test_a_run_that_dies_leaves_nothing_and_the_next_makes_the_same(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.map()
    hub.land("crm_1.csv", _rows("C1 王 2025-01-01") + "C2,坏\n")
    hub.land("crm_2.csv", _rows("C3 张 2025-01-01"))
    marks = iter([False, True])

    def dies(*_: object) -> None:
        if next(marks):
            raise HubError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(load, "_mark", dies)
        with pytest.raises(HubError, match="killed"):
            hub.run()
    assert hub.ask("SELECT * FROM raw.files UNION ALL BY NAME SELECT * FROM raw.rows") == []
    assert not list(hub.quarantine.glob("crm/*"))
    hub.run()
    assert _names(hub) == {"C1": "王", "C3": "张"}
    assert hub.kept() == "C2,坏\n".encode()
    assert not (hub.quarantine / ".incoming").exists()


def test_rows_that_do_not_add_up_stop_the_run(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.map()
    hub.land("crm.csv", _rows("C1 王 2025-01-01"))
    monkeypatch.setattr("pipelines.extract.load.settle_duplicates", lambda bench: bench.execute("CREATE TABLE losers(line_n BIGINT)") and 1)
    with pytest.raises(HubError, match="do not add up"):
        hub.run()
    assert hub.column("SELECT count(*) FROM raw.customers") == [0]

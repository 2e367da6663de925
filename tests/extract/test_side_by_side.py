"""Sources read side by side end as if one had been read after the other."""

from __future__ import annotations

from threading import Thread
from typing import Any

import duckdb
import pytest

from pipelines.extract.turns import Turns, TurnsOver
from schemas.errors import HubError
from tests.extract.conftest import CRM, Hub

SOURCES = ("crm", "east", "north", "west")


def _land_all(hub: Hub) -> None:
    """Each source a first file, the same row twice in it, and a second one that changes a row of the first."""
    for n, source in enumerate(SOURCES):
        hub.map(CRM, source=f"source: {source}", files=f'files: "{source}*.csv"', update="update: {mode: upsert}")
        rows = "".join(f"{i},张{i},1381234{i:04d},1980-01-01\n" for i in range(400 * (n + 1)))
        hub.land(f"{source}1.csv", "编号,姓名,手机,生日\n" + rows + "0,张0,13812340000,1980-01-01\n")
        hub.land(f"{source}2.csv", "编号,姓名,手机,生日\n1,王一,13812340001,1980-01-01\n")


def test_every_row_of_every_source_is_accounted_for_and_files_stand_in_their_order(hub: Hub) -> None:
    _land_all(hub)
    facts = hub.run()
    files: list[dict[str, Any]] = facts["files"]
    assert [file["file_name"] for file in files] == [f"{source}{n}.csv" for source in SOURCES for n in (1, 2)]
    assert [file["rows_loaded_n"] for file in files] == [400, 1, 800, 1, 1200, 1, 1600, 1]
    assert [file["rows_superseded_n"] for file in files] == [1, 0] * 4
    assert hub.ask("SELECT source, count(*) FROM raw.customers GROUP BY source ORDER BY source") == [
        ("crm", 400), ("east", 800), ("north", 1200), ("west", 1600),
    ]  # fmt: skip
    assert hub.column("SELECT name FROM raw.customers WHERE row_id LIKE '%:1'") == ["王一"] * 4


def test_when_one_source_cannot_go_on_nothing_of_the_others_is_stored(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    _land_all(hub)

    def fail(counts: object, where: str) -> None:
        if where == "crm1.csv":
            raise HubError("rows do not add up", where=where)

    monkeypatch.setattr("pipelines.extract.stage.check_account", fail)
    with pytest.raises(HubError, match="crm1"):
        hub.run()
    assert hub.column("SELECT count(*) FROM raw.customers") == [0]
    monkeypatch.undo()
    assert hub.run()["rows_loaded_n"] == 4004


def test_after_a_failure_nobody_gets_a_turn() -> None:
    turns = Turns(duckdb.connect())
    with turns:
        turns.stop()
    with pytest.raises(TurnsOver), turns:
        pass


def test_turns_are_one_at_a_time() -> None:
    turns, order = Turns(duckdb.connect()), []

    def take(name: str) -> None:
        with turns:
            order.append(name)
            order.append(name)

    with turns:
        others = [Thread(target=take, args=(name,)) for name in "abc"]
        for other in others:
            other.start()
        order.append("first")
    for other in others:
        other.join()
    assert order[0] == "first"
    assert order[1::2] == order[2::2]

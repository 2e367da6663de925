"""`report.html`: true to the run, whole by itself, Chinese first, and without any value of the rows."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from pipelines.link.link import Linked, link_rows
from pipelines.link.report import render
from tests.link.world import model, people, table

Rows = list[dict[str, str | None]]


def _report(rows: Rows, **changed: Any) -> tuple[duckdb.DuckDBPyConnection, Linked, str]:
    con, of = duckdb.connect(), model(**changed)
    linked = link_rows(con, of, "file_rows", table(con, rows))
    return con, linked, render(con, of, linked)


def test_it_tells_the_facts_of_the_run() -> None:
    _, linked, page = _report(people())
    for fact in (linked.rows, linked.entities, linked.pairs_proposed, linked.pairs_scored, *(of.pairs for of in linked.pairs_by_rule)):
        assert f"{fact:,}<" in page
    assert model().fingerprint in page
    headings = re.findall(r"<h[12]>(\S+) <small lang=\"en\">", page)
    assert headings == ["关联报告", "概况", "得分分布", "权重", "配对规则", "实体大小", "最大的实体", "桥"]


def test_it_is_whole_by_itself_and_the_same_for_the_same_run() -> None:
    page = _report(people(60))[2]
    assert not re.findall(r"<script|<link|<img|@import|url\(|https?:", page)
    assert page == _report(people(60))[2]


def test_it_shows_ids_and_no_values() -> None:
    page = _report(people())[2]
    hidden = {row[name] for row in people() for name in ("first", "last", "born", "phone")} - {None}
    text = re.sub(r"<[^>]+>", " ", page)
    assert not [value for value in hidden if value and len(value) > 3 and re.search(rf"\b{re.escape(value)}\b", text)]


def test_the_largest_entities_and_what_holds_them() -> None:
    """One row has the phone of another and the e-mail of a third: either pair holds a row."""
    weights = {"exact": {"m": 0.9, "u": 1e-6}, "slip": {"m": 0.05, "u": 0.1}, "different": {"m": 0.05, "u": 0.05}}
    of = {
        "fields": {name: {"column": name, "kind": "code"} for name in ("phone", "mail")},
        "comparisons": {name: {"of": name, "rarity": False, "weights": weights} for name in ("phone", "mail")},
        "pairing": [{"agree_on": ["phone"]}, {"agree_on": ["mail"]}],
        "merge_probability": 0.02,
    }
    cells = [("r1", "x", None), ("r2", "x", "y"), ("r3", None, "y"), ("r4", None, "z")]
    con, linked, page = _report([{"id": n, "phone": phone, "mail": mail} for n, phone, mail in cells], **of)
    assert linked.entities == 2
    entity = con.execute("SELECT entity_id FROM entities WHERE record_id = 'r1'").fetchall()[0][0]
    assert re.search(rf"<code>{entity}</code></td><td class=\"n\">3<", page)
    found = re.findall(r"<code>(r\d)</code></td><td><code>(r\d)</code>.*?(\d) \| (\d)<", page)
    assert found == [("r1", "r2", "1", "2"), ("r2", "r3", "1", "2")]


def test_a_table_without_pairs_has_a_report() -> None:
    page = _report(people(1)[:1])[2]
    assert "没有记录对" in page
    assert "没有含两条以上记录的实体" in page


def test_names_in_the_model_are_escaped() -> None:
    page = _report(people(20), version="<b>&", pairing=[{"agree_on": ["phone || '<i>'"]}])[2]
    assert "<b>" not in page
    assert "<i>" not in page

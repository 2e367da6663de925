"""Chinese addresses compared: what is read of them, what makes a pair more alike, and how right the score is on real pairs."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.address_pairs import PAIRS
from pipelines.match.addresses import both_ways, features, read_parts, score, weights

STREET = "江苏省南京市浦口区江浦街道团结路56号亚东滨江和园9幢2单元"
# a text for the table to be rare in
OTHERS = (
    "南京市建邺区江东中路36号",
    "上海市田林路90弄",
    "晋江市西滨桂林工业区",
    "东里路16号院3号楼",
    "二道街228号1号楼",
    "福田区上沙龙秋村",
)


def _parts(*texts: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    con.execute("CREATE TEMP TABLE texts(address VARCHAR)")
    con.executemany("INSERT INTO texts VALUES (?)", [[text] for text in dict.fromkeys((*texts, *OTHERS))])
    read_parts(con, "texts", "parts")
    return con


def _scores(first: str, *seconds: str, sql: str = score("l", "r")) -> list[float]:
    con = _parts(first, *seconds)
    found = dict(con.execute(f"SELECT r.address, {sql} FROM parts l, parts r WHERE l.address = ?", [first]).fetchall())
    return [found[second] for second in seconds]


def _read(text: str, *columns: str) -> list[object]:
    con = _parts(text)
    return list(con.execute(f"SELECT {', '.join(columns)} FROM parts WHERE address = ?", [text]).fetchall()[0])


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        (STREET, "district", "浦口区"),
        (STREET, "roads", ["团结路"]),
        (STREET, "numbers", ["56"]),
        (STREET, "buildings", ["9"]),
        (STREET, "entrances", ["2"]),
        ("康源Ｂ区三号楼二单元", "buildings", ["3"]),
        ("上海市田林路９０弄十二号", "lanes", ["90"]),
        ("上海市田林路９０弄十二号", "numbers", ["12"]),
        ("中山西路八楼", "floors", ["8"]),
        ("鼓楼区中山路1号", "district", "鼓楼区"),
        ("前进队", "buildings", []),
    ],
)
def test_what_is_read_of_an_address(text: str, column: str, value: object) -> None:
    assert _read(text, column) == [value]


@pytest.mark.parametrize(
    ("first", "nearer", "farther"),
    [
        (STREET, "浦口区亚东滨江和园9栋", "浦口区亚东滨江和园7栋"),
        (STREET, "团结路56号亚东滨江和园", "团结路65号滨江国际"),
        (STREET, "浦口区亚东滨江和园", "浦口区亚东商业广场"),
        ("二道街228号1号楼", "二七区二道街228号院1号楼", "二七区二道街226号院1号楼"),
        ("东里路16号院3号楼", "金水区东里路16号院3号楼", "金水区东里路18号院5号楼"),
        ("东里路16号院三号楼", "东里路16号院3号楼", "东里路16号院4号楼"),
        ("艺苑华庭四单元20层", "府前街北艺苑华庭", "府前街北锦绣花园"),
        ("柳州东路6号旭日上城", "柳洲东路6号旭日上城", "大桥北路111号明发滨江新城"),
    ],
)
def test_the_nearer_of_two_addresses_scores_higher(first: str, nearer: str, farther: str) -> None:
    one, other = _scores(first, nearer, farther)
    assert one > other + 0.5


def test_full_width_and_chinese_numerals_are_the_same_numbers() -> None:
    plain, wide = (
        _read("文三路86号3号楼2单元", "numbers", "buildings", "entrances"),
        _read("文三路８６号三号楼二单元", "numbers", "buildings", "entrances"),
    )
    assert plain == wide == [["86"], ["3"], ["2"]]


@settings(max_examples=10, deadline=None)
@given(st.text("东里路16号院3楼栋A座(门)二 ", max_size=12), st.text("东里路16号院3楼栋A座(门)二 ", max_size=12))
def test_any_two_texts_have_one_score_and_it_is_mutual(one: str, other: str) -> None:
    con = _parts(one, other)
    for first, second in ((one, other), (other, one)):
        rows = con.execute(
            f"SELECT {both_ways('l', 'r')}, {both_ways('r', 'l')} FROM parts l, parts r WHERE l.address = ? AND r.address = ?",
            [first, second],
        ).fetchall()
        assert len(rows) == 1 and np.isfinite(rows[0][0])
        assert rows[0][0] == pytest.approx(rows[0][1])


def test_every_feature_has_a_weight_and_every_weight_a_feature() -> None:
    assert set(weights()) == {"constant", *features("l", "r")}


@pytest.mark.skipif(not PAIRS.is_file(), reason="the public data is not here")
def test_real_pairs_are_told_apart_as_the_benchmark_says() -> None:
    from benchmarks.addresses import measure_scores
    from benchmarks.fit_addresses import held_out, load, right

    con = duckdb.connect(config={"threads": 1})
    pairs = load(con)
    assert all(auc >= 0.91 and precision >= 0.65 for auc, precision in held_out(pairs))
    shipped, _ = measure_scores(con, score("l", "r"))
    auc, precision = right(pairs, shipped, np.ones(len(shipped), dtype=bool))
    assert auc >= 0.93 and precision >= 0.70

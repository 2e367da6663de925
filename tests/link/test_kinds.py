"""Each level of each kind, by an example a person would agree with."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.link.prepare import prepare
from pipelines.link.score import level_names, put_levels
from pipelines.match.kinds import CHINESE, LEVELS
from schemas.table_model import TableModel
from tests.link.world import level_reached, table, without_example

CASES = [
    ("given_name", "José", "jose", "exact"),
    ("given_name", "J.", "Joseph", "initial"),
    ("given_name", "Art", "Arthur", "variant"),
    ("given_name", "Jospeh", "Joseph", "variant"),
    ("given_name", "Anna", "Albert", "same_initial"),
    ("given_name", "Anna", "Bernd", "different"),
    ("given_name", None, "Bernd", None),
    ("given_name", "王", "王", "exact"),
    ("family_name", "O'Neil", "ONEIL", "exact"),
    ("family_name", "Englefield", "Englefiwld", "similar"),
    ("family_name", "Marsch", "Harsch", "alike"),
    ("family_name", "Maier", "Quandt", "different"),
    ("full_name", "Robert Smith", " ROBERT  SMITH", "exact"),
    ("full_name", "Smith, Robert", "Robert Smith", "reordered"),
    ("full_name", "Robert Alan Smith", "Robert Smith", "contained"),
    ("full_name", "Robert Smith", "Robert Smyth", "similar"),
    ("full_name", "Robert Smith", "Jane Mary Smith", "one_in_common"),
    ("full_name", "Robert Smith", "Jane Doe", "different"),
    ("date", "1985-03-07", "1985/3/7", "exact"),
    ("date", "1985-03-07", "1985年3月7日", "exact"),
    ("date", "1985-03-07", "1985-07-03", "one_part"),
    ("date", "1985-03-07", "1985-03-21", "one_part"),
    ("date", "1985-03-07", "1958-03-07", "one_part"),
    ("date", "1985-03-07", "1985-04-02", "within_a_month"),
    ("date", "1984-12-30", "1985-01-02", "within_a_month"),
    ("date", "1985-01-01", "1940-01-01", "anniversary"),
    ("date", "1985-03-07", "1985-11-21", "within_a_year"),
    ("date", "1985-03-07", "1984-11-21", "within_a_year"),
    ("date", "1985-03-07", "1987-03-09", "slip"),
    ("date", "1985-03-07", "1963-11-21", "different"),
    ("date", "soon", "1963-11-21", None),
    ("postcode", "TS19 0SH", "ts190sh", "exact"),
    ("postcode", "ts19 0sh", "ts1o 0sh", "slip"),
    ("postcode", "ts19 0sh", "ts19 0ab", "sector"),
    ("postcode", "ts19 0sh", "ts19 7ab", "district"),
    ("postcode", "ts19 0sh", "ts5 7hb", "area"),
    ("postcode", "200030", "100044", "different"),
    ("code", "AB-123 456", "ab123456", "exact"),
    ("code", "AB123456", "AB123465", "slip"),
    ("code", "12", "13", "different"),
    ("email", "A.Lee@x.org", "a.lee@x.org", "exact"),
    ("email", "a.lee@x.org", "a.lee@work.com", "same_mailbox"),
    ("email", "robert255@smith.net", "roberta25@smith.net", "slip"),
    ("email", "a.lee@x.org", "quinn@work.com", "different"),
    ("category", " Male ", "male", "exact"),
    ("category", "male", "female", "different"),
    ("text", "north devon", "North Devon", "exact"),
    ("text", "stockton", "stockton-on-tees", "similar"),
    ("text", "kiel", "ulm", "different"),
    ("number", "100", "100.0", "exact"),
    ("number", "100", "100.9", "within_1_percent"),
    ("number", "100", "108", "within_10_percent"),
    ("number", "100", "-100", "different"),
    ("number", "many", "100", None),
    ("address", "12 Main Street, Ulm", "12 main street Ulm", "exact"),
    ("address", "12 Main Street Ulm 89073", "12 Main Street Ulm", "most_words"),
    ("address", "12 Main Street Ulm", "12 Main Road Ulm", "half_the_words"),
    ("address", "12 Main Street Ulm", "12 Park Lane Ulm", "some_words"),
    ("address", "12 Main Street Ulm", "4 Park Lane Ulm", "different"),
    ("zh_address", "浙江省杭州市西湖区文三路86号3号楼2单元301室", "杭州市西湖区文三路８６号三幢二单元301室", "exact"),
    ("zh_address", "浙江省杭州市西湖区文三路86号3号楼2单元301室", "文三路86号3栋301室", "same_room"),
    ("zh_address", "南京市浦口区团结路56号亚东滨江和园9幢2单元", "浦口区亚东滨江和园9栋", "same_building"),
    ("zh_address", "南京市浦口区团结路56号亚东滨江和园9幢", "浦口区亚东滨江和园", "same_place"),
    ("zh_address", "南京市浦口区亚东滨江和园9幢2单元", "浦口区亚东滨江和园7栋", "neighbours"),
    ("zh_address", "东里路12号锦绣花园", "东里路21号锦绣花园", "neighbours"),
    ("zh_address", "柳州东路旭日上城小区", "柳洲东路旭日商业广场", "similar"),
    ("zh_address", "南京市浦口区汤泉街道", "南京市浦口区星甸镇政府", "same_area"),
    ("zh_address", "南京市浦口区汤泉街道", "上海市田林路90弄", "different"),
    ("zh_address", " ", "上海市田林路90弄", None),
]


@pytest.mark.parametrize(("kind", "left", "right", "level"), CASES)
def test_two_values_reach_the_level_a_person_would_say(kind: str, left: str | None, right: str | None, level: str | None) -> None:
    assert level_reached(kind, left, right) == level
    assert level_reached(kind, right, left) == level


@pytest.mark.parametrize(
    ("right", "level"),
    [((48.4011, 9.9876), "within_100_m"), ((48.405, 9.99), "within_1_km"), ((48.45, 9.99), "within_10_km"), ((50.1, 8.7), "different")],
)
def test_places_are_compared_by_distance(right: tuple[float, float], level: str) -> None:
    assert level_reached("lat_lon", (48.4010, 9.9876), right, column=["lat", "lon"]) == level


def test_of_several_values_one_in_common_is_enough() -> None:
    assert level_reached("list", "1234; 5678", "5678;9999", separator=";") == "in_common"
    assert level_reached("list", ["a", "b"], ["B"]) == "in_common"
    assert level_reached("list", "1234", "5678", separator=";") == "different"
    assert level_reached("list", "", "5678", separator=";") is None


@pytest.mark.parametrize(("dates", "level"), [(("07/03/1985", "21/03/1985"), "one_part"), (("03/07/1985", "03/21/1985"), "one_part")])
def test_dates_with_the_year_last_are_read_in_the_order_their_column_shows(dates: tuple[str, str], level: str) -> None:
    assert level_reached("date", *dates) == level
    assert level_reached("date", dates[0], "1985-03-07") in ("exact", "one_part")


def test_names_whose_parts_were_exchanged() -> None:
    con = duckdb.connect()
    model = TableModel.model_validate({
        "version": "1", "fields": {"g": {"column": "g", "kind": "given_name"}, "f": {"column": "f", "kind": "family_name"}},
        "comparisons": {"g": {"of": "g", "swapped_with": "f"}, "f": {"of": "f", "swapped_with": "g"}}, "pairing": [{"agree_on": ["g"]}],
    })  # fmt: skip
    prepare(con, model, "file_rows", table(con, [{"g": "Anna", "f": "Brandt"}, {"g": "Brandt", "f": "Anna"}]))
    con.execute("CREATE TEMP TABLE pairs AS SELECT 0 AS a, 1 AS b")
    put_levels(con, model, "pairs", "levelled")
    packed = con.execute("SELECT levels FROM levelled").fetchall()[0][0]
    names = level_names(model)
    assert (names["g"][(packed & 15) - 1], names["f"][(packed >> 4) - 1]) == ("swapped", "swapped")


def test_every_level_of_every_kind_has_an_example() -> None:
    apart = {"lat_lon", "list", *CHINESE}
    here = {kind: levels for kind, levels in LEVELS.items() if kind not in apart}
    assert without_example(here, CASES) == {("given_name", "swapped"), ("family_name", "swapped")}


def test_columns_of_the_table_may_have_the_names_of_an_address_part() -> None:
    con = duckdb.connect()
    model = TableModel.model_validate({
        "version": "1", "fields": {"home": {"column": "address", "kind": "zh_address"}, "city": {"column": "city", "kind": "text"}},
        "comparisons": {"home": {"of": "home"}}, "pairing": [{"agree_on": ["city"]}],
    })  # fmt: skip
    columns = table(con, [{"address": "鼓楼区中山路1号", "city": "南京"}, {"address": None, "city": "南京"}])
    assert prepare(con, model, "file_rows", columns) == 2
    assert con.execute("SELECT n, home IS NULL, city FROM prepared ORDER BY n").fetchall() == [(0, False, "南京"), (1, True, "南京")]

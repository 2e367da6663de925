"""Every kind of bad CSV gives a reason with file, line and column, and the good rows of the file load."""

from __future__ import annotations

import pytest

from tests.extract.conftest import CRM, Hub

HEADER = "编号,姓名,手机,生日\n"
GOOD = "C1,王伟,13800000001,1990-01-02\n"
LAST = "C9,李娜,13800000009,1991-02-03\n"


BAD_ROWS = [
    ("C2,张三,138\n", "too_few_columns", None, 4),
    ("C2,张三,138,1990-01-01,x\n", "too_many_columns", None, 5),
    ('C2,"张,三",138\n', "too_few_columns", None, 4),
    ('C2,"张三,138,1990-01-01\n', "unbalanced_quote", None, None),
    ('C2,"张"三,138,1990-01-01\n', "stray_quote", None, None),
    ("C2,张\0三,138,1990-01-01\n", "nul_byte", None, None),
    ("C2,张\r三,138,1990-01-01\n", "bare_cr", None, None),
    ("C2," + "长" * 400_000 + ",138,1990-01-01\n", "cell_too_long", "姓名", 2),
    ('C2,"' + "x" * 1_000_000 + '",138,1990-01-01\n', "cell_too_long", "姓名", 2),
    (",张三,138,1990-01-01\n", "missing_key", "编号", 1),
    ("C2,张三,1.38E+10,1990-01-01\n", "scientific_notation", "手机", 3),
    ("1.2E+17,张三,138,1990-01-01\n", "scientific_notation", "编号", 1),
    ("C2,张三,138,90-01-01\n", "two_digit_year", "生日", 4),
    ("C2,张三,138,1990-02-31\n", "no_such_date", "生日", 4),
    ("C2,张三,138,1990/02/03\n", "undeclared_date_form", "生日", 4),
    ("C2,张三,138,32874\n", "excel_serial", "生日", 4),
    ("C2,张三,138,不详\n", "not_a_date", "生日", 4),
]


def test_bad_rows_are_quarantined_as_they_were_sent(hub: Hub) -> None:
    """One of each kind, a good row after each: the good ones load, the bad ones keep their bytes, reason and place."""
    hub.map()
    good = [f"G{n},李娜,138,1991-02-03\n" for n in range(len(BAD_ROWS))]
    hub.land("crm.csv", HEADER + "".join(bad + fine for (bad, *_), fine in zip(BAD_ROWS, good, strict=True)))
    hub.run()
    assert hub.column("SELECT count(*) FROM raw.customers") == [len(BAD_ROWS)]
    assert hub.rejected() == [(2 + 2 * n, *expected) for n, (_, *expected) in enumerate(BAD_ROWS)]
    assert hub.kept() == "".join(bad for bad, *_ in BAD_ROWS).encode()
    for line_n, message in hub.ask("SELECT line_n, message FROM raw.quarantine"):
        assert message.startswith(f"crm.csv, line {line_n}") and "张" not in message and "1990" not in message


def test_full_width_digits_are_read(hub: Hub) -> None:
    hub.map()
    hub.land("crm.csv", HEADER + "C1,王伟,138,１９９０－０１－０２\n")
    hub.run()
    assert [str(day) for day in hub.column("SELECT birth_on FROM raw.customers")] == ["1990-01-02"]


def test_a_declared_two_digit_year_is_read(hub: Hub) -> None:
    hub.map(formats='formats: {date: ["%Y-%m-%d", "%y-%m-%d"]}')
    hub.land("crm.csv", HEADER + "C1,王伟,138,90-01-02\nC2,王伟,138,1991-01-02\n")
    hub.run()
    assert [str(day) for day in hub.column("SELECT birth_on FROM raw.customers ORDER BY 1")] == ["1990-01-02", "1991-01-02"]


def test_an_empty_file_is_set_aside(hub: Hub) -> None:
    hub.map()
    hub.land("crm.csv", b"")
    facts = hub.run()
    assert (hub.file("crm.csv")["outcome"], hub.file("crm.csv")["reason"]) == ("set_aside", "empty_file")
    assert facts["messages"] == ["crm.csv: the file is empty. Send it again"]


def test_a_header_alone_loads_nothing_and_withdraws_nothing(hub: Hub) -> None:
    hub.map(update="update: {mode: snapshot}")
    hub.land("crm_1.csv", HEADER + GOOD)
    hub.run()
    hub.land("crm_2.csv", HEADER)
    hub.run()
    assert hub.file("crm_2.csv")["reason"] == "no_rows"
    assert hub.column("SELECT count(*) FROM raw.customers") == [1]
    hub.map()
    hub.land("crm_3.csv", HEADER.replace("\n", "\r\n"))
    hub.run()
    assert (hub.file("crm_3.csv")["outcome"], hub.file("crm_3.csv")["rows_read_n"]) == ("loaded", 0)


@pytest.mark.parametrize(("declared", "sent"), [("utf-8", "gb18030"), ("gb18030", "utf-8"), ("utf-8", "utf-16"), ("gb18030", "utf-8-sig")])
def test_a_wrong_encoding_sets_the_file_aside_and_guesses_the_right_one(hub: Hub, declared: str, sent: str) -> None:
    hub.map(encoding=f"encoding: {declared}")
    path = hub.land("crm.csv", HEADER + GOOD * 20, sent)
    hub.run()
    entry = hub.file("crm.csv")
    assert (entry["outcome"], entry["reason"]) == ("set_aside", "wrong_encoding")
    assert f"encoding: {sent.removesuffix('-sig')}`" in entry["message"]
    (kept,) = (hub.quarantine / "crm" / entry["file_id"]).iterdir()
    assert kept.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("declared", "other", "reason"), [("utf-8", "gb18030", "undecodable"), ("gb18030", "utf-8", "mixed_encoding")])
def test_lines_in_another_encoding_are_quarantined(hub: Hub, declared: str, other: str, reason: str) -> None:
    hub.map(encoding=f"encoding: {declared}")
    bad = "C2,张三丰,13800000002,1990-01-01\n".encode(other)
    hub.land("crm.csv", (HEADER + GOOD).encode(declared) + bad + LAST.encode(declared))
    hub.run()
    assert hub.rejected() == [(3, reason, None, None)]
    assert hub.kept() == bad
    assert hub.column("SELECT name FROM raw.customers ORDER BY customer_key") == ["王伟", "李娜"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_and_line_ends(hub: Hub, encoding: str) -> None:
    hub.map(encoding=f"encoding: {encoding}")
    for n, line_end in enumerate(("\n", "\r\n", "\r")):
        content = (HEADER + GOOD + "C2,张三\n" + LAST).replace("\n", line_end).replace("C", f"C{n}")
        hub.land(f"crm_{n}.csv", content, encoding)
    hub.run()
    assert hub.column("SELECT customer_key || name FROM raw.customers ORDER BY 1") == [
        f"C{n}{row}" for n in range(3) for row in ("1王伟", "9李娜")
    ]
    assert hub.rejected() == [(3, "too_few_columns", None, 3)] * 3
    kept = {path.read_bytes() for path in (hub.quarantine / "crm").glob("*/rows.csv")}
    plain = "utf-16-le" if encoding == "utf-16" else encoding.removesuffix("-sig")
    assert kept == {f"C{n}2,张三{line_end}".encode(plain) for n, line_end in enumerate(("\n", "\r\n", "\r"))}


def test_utf16_that_ends_in_half_a_character(hub: Hub) -> None:
    hub.map(encoding="encoding: utf-16")
    hub.land("crm.csv", (HEADER + GOOD + LAST).encode("utf-16") + b"\x43")
    hub.run()
    assert hub.rejected() == [(4, "undecodable", None, None)]
    assert hub.kept() == b"\x43"


def test_duplicate_headers(hub: Hub) -> None:
    hub.map()
    hub.land("crm_1.csv", "编号,姓名,手机,手机,生日\n")
    hub.land("crm_2.csv", "编号,备注,姓名,手机,备注,生日\nC1,a,王伟,138,b,1990-01-02\n")
    hub.run()
    assert hub.file("crm_1.csv")["reason"] == "duplicate_header"
    assert "'手机'" in hub.file("crm_1.csv")["message"] and "columns 3, 4" in hub.file("crm_1.csv")["message"]
    assert hub.column("SELECT name FROM raw.customers") == ["王伟"]


def test_missing_columns_are_named_and_optional_ones_may_be_absent(hub: Hub) -> None:
    hub.map()
    hub.land("crm.csv", "编号,姓名,手机号\nC1,王伟,138\n")
    hub.run()
    entry = hub.file("crm.csv")
    assert entry["reason"] == "columns_missing"
    assert "'手机', '生日'" in entry["message"] and "'手机' may be column 3" in entry["message"]
    hub.map(optional_columns="optional_columns: [生日, 手机]")
    hub.run()
    assert hub.ask("SELECT name, birth_on FROM raw.customers") == [("王伟", None)]


def test_a_wrong_delimiter_is_hinted_at(hub: Hub) -> None:
    hub.map()
    hub.land("crm.csv", (HEADER + GOOD).replace(",", ";"))
    hub.run()
    assert "the delimiter looks like ';'" in hub.file("crm.csv")["message"]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends(hub: Hub) -> None:
    hub.map()
    rows = 'C1,"王, 伟",138,1990-01-02\nC2,"王 ""大"" 伟",138,\n"C3","王\n\n伟","138",""\nC4,27" 屏,138,\n"C5","王,伟","138","1990-01-05"\n'
    hub.land("crm.csv", HEADER + rows)
    hub.run()
    assert hub.ask("SELECT customer_key, name, line_n FROM raw.customers ORDER BY 1") == [
        ("C1", "王, 伟", 2), ("C2", '王 "大" 伟', 3), ("C3", "王\n\n伟", 4), ("C4", '27" 屏', 7), ("C5", "王,伟", 8),
    ]  # fmt: skip


def test_an_open_quote_costs_one_line_not_the_rest_of_the_file(hub: Hub) -> None:
    hub.map()
    good = "".join(f'C{n},"王,{n}",138,\n' if n % 2 else f"C{n},王,138,\n" for n in range(10, 200))
    hub.land("crm.csv", HEADER + GOOD + 'C2,"没有结束,138,\n' + good)
    hub.run()
    assert hub.rejected() == [(3, "unbalanced_quote", None, None)]
    assert hub.column("SELECT count(*) FROM raw.customers") == [191]


def test_a_record_over_more_than_fifty_lines_is_not_guessed_at(hub: Hub) -> None:
    hub.map()
    hub.land("crm.csv", HEADER + 'C2,"' + "行\n" * 60 + '",138,\n' + LAST)
    hub.run()
    assert hub.rejected()[0] == (2, "unbalanced_quote", None, None)
    assert len(hub.rejected()) == 61
    assert hub.column("SELECT customer_key FROM raw.customers") == ["C9"]


def test_tabs_that_guard_numbers_from_spreadsheets_come_off(hub: Hub) -> None:
    hub.map()
    hub.land("crm.csv", HEADER + "\tC1,王伟,\t13800000001\t,\n")
    hub.run()
    assert hub.ask("SELECT row_id, phone FROM raw.customers") == [("crm:C1", "13800000001")]


def test_blank_lines_are_no_rows_and_line_numbers_are_physical(hub: Hub) -> None:
    hub.map(header_row="header_row: 3")
    hub.land("crm.csv", "导出于今日\n\n" + HEADER + "\n" + GOOD + "\nC2,张三\n")
    hub.run()
    assert hub.column("SELECT line_n FROM raw.customers") == [5]
    assert hub.rejected() == [(7, "too_few_columns", None, 3)]
    assert hub.file("crm.csv")["rows_read_n"] == 2


def test_a_file_in_several_chunks_reads_as_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.lines.CHUNK", 256)
    hub.map()
    rows = [f'C{n},"王\n伟 {n}",138,1990-01-02\n' if n % 3 == 0 else f"C{n},张{n},138,1990-01-02\n" for n in range(300)]
    rows[100] = "C100,坏\n"
    hub.land("crm.csv", HEADER + "".join(rows))
    hub.run()
    assert hub.column("SELECT count(DISTINCT row_id) FROM raw.customers") == [299]
    assert hub.kept() == "C100,坏\n".encode()
    lines = (HEADER + "".join(rows)).split("\n")
    for key, line_n in hub.ask("SELECT customer_key, line_n FROM raw.customers"):
        assert lines[line_n - 1].startswith(f"{key},")


def test_a_line_without_end_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.lines.CHUNK", 64)
    monkeypatch.setattr("pipelines.extract.lines.LINE_LIMIT", 1000)
    hub.map(CRM)
    hub.land("crm.csv", HEADER + "x" * 5000)
    hub.run()
    assert hub.file("crm.csv")["reason"] == "line_too_long"

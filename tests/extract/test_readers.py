"""Readers alone: whatever the bytes, each line of a text file belongs to exactly one row, good or rejected."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.extract.bench import open_bench
from pipelines.extract.encodings import guess
from pipelines.extract.readers import open_reader
from schemas.errors import FileIncomplete, FileUnreadable
from schemas.mapping import load_mapping

HEADER = "a,b,c\n"
PIECES = ['"', '""', ",", "\n", "\r\n", "\r", "x", "王", " ", "\0", "\t", "\x1f", '","', '"x","y","z"\n', "1,2,3\n", '"a\n', '",\n', "\n\n"]
MAPPING = """
source: s
entity: customers
files: "*"
format: {}
encoding: {}
update: {{mode: append}}
key: [a]
fields: {{name: b}}
"""


def _spans(folder: Path, content: bytes, file_format: str, encoding: str) -> list[tuple[int, int]]:
    """The (start, end) of every row the reader yields, good or rejected."""
    (folder / "m.yaml").write_text(MAPPING.format(file_format, encoding), "utf-8")
    (folder / "f").write_bytes(content)
    with open_bench(threads=1) as bench:
        batches = list(open_reader(folder / "f", load_mapping(folder / "m.yaml"), bench))
    rows = [row for batch in batches for table in (batch.rows, batch.rejects) for row in table.select(["byte_at", "byte_n"]).to_pylist()]
    return sorted((row["byte_at"], row["byte_at"] + row["byte_n"]) for row in rows)


def _astray(content: bytes, spans: list[tuple[int, int]], start: int, blank: bytes) -> list[str]:
    """What is wrong with rows at `spans` as a cover of `content` from `start`, blank lines aside."""
    wrong = []
    for (_, end), (begin, _) in zip([(0, start), *spans], [*spans, (len(content), 0)], strict=True):
        wrong += [f"two rows share bytes {begin} to {end}"] if end > begin else []
        wrong += [f"bytes {end} to {begin} belong to no row"] if content[end:begin].strip(blank) else []
    return wrong


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([16, 64, 2**20]), st.sampled_from(["utf-8", "gb18030"]))
@example(['"', "x\n", '"', "\n", '"a\n', "1,2,3\n"], 16, "utf-8")
def test_every_line_of_a_csv_is_in_exactly_one_row(pieces: list[str], chunk: int, encoding: str) -> None:
    from pipelines.extract import lines

    content = (HEADER + "".join(pieces)).encode(encoding)
    before, lines.CHUNK = lines.CHUNK, chunk
    try:
        assert _astray(content, _spans(_folder(), content, "csv", encoding), len(HEADER), b"\r\n") == []
    finally:
        lines.CHUNK = before


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(['{"a": 1}\n', "{}\n", "{", "}", '"', "[1]\n", "\n", " \n", "\r\n", "王", "\0", "1\n"]), min_size=1, max_size=20
    )
)
def test_every_line_of_json_lines_is_in_exactly_one_row(pieces: list[str]) -> None:
    content = "".join(pieces).encode()
    assert _astray(content, _spans(_folder(), content, "jsonl", "utf-8"), 0, b"\r\n ") == []


def test_random_bytes_never_break_the_reader() -> None:
    """Either the file is set aside, or its rows are."""

    @settings(max_examples=40, deadline=None)
    @given(st.binary(max_size=200), st.sampled_from(["utf-8", "gb18030", "utf-16"]), st.sampled_from(["csv", "jsonl"]))
    def read(content: bytes, encoding: str, file_format: str) -> None:
        header = HEADER.encode("utf-16" if encoding == "utf-16" else encoding) if file_format == "csv" else b""
        try:
            spans = _spans(_folder(), header + content, file_format, encoding)
        except (FileUnreadable, FileIncomplete):  # or it begins like gzip
            return
        assert all(before[1] <= after[0] for before, after in pairwise(spans))

    read()


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("王伟".encode(), "utf-8"), ("王伟".encode("utf-8-sig"), "utf-8"), ("王伟和李娜".encode("gb18030"), "gb18030"),
        ("a,b".encode("utf-16"), "utf-16"), ("a,b,c,d".encode("utf-16-le"), "utf-16-le"), ("a,b,c,d".encode("utf-16-be"), "utf-16-be"),
        (b"\xff\xff\xff", None), ("王".encode()[:2], "utf-8"),
    ],
)  # fmt: skip
def test_encodings_are_guessed(content: bytes, encoding: str | None) -> None:
    assert guess(content) == encoding


_FOLDERS: list[Path] = []


@pytest.fixture(autouse=True)
def _one_folder(tmp_path: Path) -> None:
    _FOLDERS[:] = [tmp_path]


def _folder() -> Path:
    return _FOLDERS[0]

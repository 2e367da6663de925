"""Splicing and tags."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.documents import etag_of, matches, with_members

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
objects = st.dictionaries(texts, st.none() | st.integers(-9, 9) | texts | st.lists(texts, max_size=3), max_size=4)


@given(document=objects, members=objects, space=st.sampled_from(["", " ", "\n", "  "]))
def test_splicing_equals_merging(document: dict[str, object], members: dict[str, object], space: str) -> None:
    added = {f"added {key}": value for key, value in members.items() if f"added {key}" not in document}
    text = orjson.dumps(document)
    spaced = text[:-1] + space.encode() + b"}" + space.encode()
    assert orjson.loads(with_members(spaced, added)) == document | added


def test_a_tag_tells_bytes_apart() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
    assert etag_of(b"a").startswith('"') and etag_of(b"a").endswith('"')


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", False), ("*", True), ('"x"', True), ('W/"x"', True), ('"y", "x"', True), ('"y"', False), ("x", False)],
)
def test_if_none_match(header: str, expected: bool) -> None:
    assert matches(header, '"x"') is expected

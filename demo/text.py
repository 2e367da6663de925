"""Columns of text made set by set: picked from tables, joined, chosen, written out of digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from demo.draws import AnyInts, Bools, Ints

Bytes = npt.NDArray[np.uint8]
Text = pl.Series | str | None


def table(words: Sequence[str | None]) -> pl.Series:
    """A table to pick from."""
    return pl.Series(words, dtype=pl.String)


def words(text: str) -> pl.Series:
    """A table of the words of a text."""
    return table(text.split())


def pick(choices: pl.Series, index: AnyInts) -> pl.Series:
    """`choices[index]` for every row."""
    return choices.gather(pl.Series(index.astype(np.int64)))


def mask(flags: Bools) -> pl.Series:
    return pl.Series(flags)


def _expression(value: Text) -> pl.Expr | pl.Series:
    return value if isinstance(value, pl.Series) else pl.lit(value, dtype=pl.String)


def join(*parts: Text) -> pl.Series:
    """Parts put together; null where any part is null. At least one part is a column."""
    return pl.select(pl.concat_str([_expression(part) for part in parts]).alias("text")).to_series()


def where(flags: Bools, yes: Text, no: Text) -> pl.Series:
    """`yes` where flagged, else `no`."""
    return pl.select(pl.when(mask(flags)).then(_expression(yes)).otherwise(_expression(no)).alias("text")).to_series()


def only(flags: Bools, yes: Text) -> pl.Series:
    """`yes` where flagged, else null."""
    return where(flags, yes, None)


def switch(index: AnyInts, *choices: Text) -> pl.Series:
    """`choices[index]` row by row."""
    result = where(index == 0, choices[0], choices[-1])
    for number, choice in enumerate(choices[1:-1], start=1):
        result = where(index == number, choice, result)
    return result


def digit_matrix(values: AnyInts, width: int) -> Bytes:
    """ASCII digits of `values`, zero-padded, one row of `width` bytes a value."""
    rest = values.astype(np.int64).copy()
    matrix = np.empty((len(rest), width), dtype=np.uint8)
    for column in range(width - 1, -1, -1):
        matrix[:, column] = rest % 10 + 48
        rest //= 10
    return matrix


def ascii_text(matrix: Bytes) -> pl.Series:
    """Rows of ASCII bytes as text."""
    rows, width = matrix.shape
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    array = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix).data))
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    return series


def digits(values: AnyInts, width: int) -> pl.Series:
    """Zero-padded decimal text."""
    return ascii_text(digit_matrix(values, width))


def letters(bits: npt.NDArray[np.uint64], width: int, alphabet: str) -> pl.Series:
    """`width` characters of `alphabet` out of 64 random bits a row (up to 10 characters of a 64-letter alphabet)."""
    codes = np.frombuffer(alphabet.encode(), dtype=np.uint8)
    rest = bits.copy()
    matrix = np.empty((len(bits), width), dtype=np.uint8)
    for column in range(width):
        matrix[:, column] = codes[(rest % np.uint64(len(codes))).astype(np.int64)]
        rest //= np.uint64(len(codes))
    return ascii_text(matrix)


def scramble(serial: AnyInts, width: int, key: int = 0) -> Ints:
    """A number of `width` digits for every serial below 10**width, never the same for two: an affine permutation."""
    modulus = 10**width
    factor = {6: 618_033, 7: 6_180_339, 8: 61_803_399, 9: 618_033_989, 10: 6_180_339_887}[width]
    return np.asarray((serial.astype(np.int64) * factor + key) % modulus)


def lists(frame: pl.DataFrame, counts: Ints) -> pl.Series:
    """The frame's rows as objects in lists of the given lengths."""
    items = frame.to_struct("item").rechunk().to_arrow()
    offsets = cast("pa.Int64Array", pl.Series(np.concatenate([[0], np.cumsum(counts)]), dtype=pl.Int64).to_arrow())
    series = pl.from_arrow(pa.LargeListArray.from_arrays(offsets, items))
    assert isinstance(series, pl.Series)
    return series

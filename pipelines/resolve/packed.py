"""Sorted rows of numbers as keys with packed records, a batch at a time: millions of entries without an object for each."""

from __future__ import annotations

from collections.abc import Generator

import duckdb
import numpy as np
from numpy.typing import NDArray

_ROWS_A_BATCH = 500_000


def packed(con: duckdb.DuckDBPyConnection, sql: str, key: str, record: np.dtype[np.void]) -> Generator[list[tuple[bytes, bytes]]]:
    """Rows of `sql`, sorted by their first column, as lists of `(key, records)`: the first column in the numpy type `key`, and the others
    of all rows with that key joined as the numpy type `record` has them."""
    con.complete()  # a result that was not read to its end would bar the next query
    keys, records = np.empty(0, key), np.empty(0, record)
    with con.sql(sql).to_arrow_reader(_ROWS_A_BATCH) as reader:
        for batch in reader:
            columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
            fresh = np.empty(len(columns[0]), record)
            for name, column in zip(record.names or (), columns[1:], strict=True):
                fresh[name] = column
            # told the type: numpy would turn it into the machine's byte order
            keys, records = np.concatenate([keys, columns[0]], dtype=key), np.concatenate([records, fresh], dtype=record)
            last = int(np.searchsorted(keys, keys[-1]))  # the next batch may have more of it
            yield _pairs(keys[:last], records[:last])
            keys, records = keys[last:], records[last:]
    yield _pairs(keys, records)


def _pairs(keys: NDArray[np.generic], records: NDArray[np.void]) -> list[tuple[bytes, bytes]]:
    if not len(keys):
        return []
    starts = np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
    width, size = keys.dtype.itemsize, records.dtype.itemsize
    names, joined = keys[starts].tobytes(), records.tobytes()
    ends = [*(starts[1:] * size).tolist(), len(joined)]
    return [
        (names[n * width : (n + 1) * width], joined[start:end])
        for n, (start, end) in enumerate(zip((starts * size).tolist(), ends, strict=True))
    ]

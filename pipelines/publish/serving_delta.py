"""Changes of the serving index: one write transaction in the current environment, so readers see all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import lmdb

from pipelines.publish.keyring import Keyring
from pipelines.publish.serving_build import (
    FIRST_MAP,
    batches_of,
    count_entries,
    index_meta,
    make_token_table,
    open_for_writing,
    put_meta,
    wanted_entries,
    write,
)
from pipelines.publish.tokens import TOKEN_BYTES
from pipelines.publish.version import Edition
from pipelines.resolve.fill import change, drop, gather, put_or_delete
from schemas.match_model import MatchModel

_ROWS_A_BATCH = 10_000
_ROWS_A_PLACE = 2_048  # DuckDB unpacks no less
_ROWS_NEARBY = 16_384  # apart: read through what lies between rather than ask again


class DeltaMismatch(Exception):
    """After the changes the index would not hold what the warehouse holds; it was left as it was and must be built anew."""


def apply_delta(
    con: duckdb.DuckDBPyConnection, folder: Path, changed: str, edition: Edition, keyring: Keyring, *, model: MatchModel | None = None,
    rematched: str = "", ready: Callable[[], object] = lambda: None, map_size: int = FIRST_MAP,
) -> dict[str, int]:  # fmt: skip
    """Bring the customers in temp table `changed(key)` up to date in the environment `folder`: documents, tokens, aliases, meta; and with
    the `model` that customers are matched by, those in temp table `rematched(key)` in what resolves new records.

    ready: called when all is written and readers do not see it yet; they never will if it raises. Answers the counts afterwards.

    Raises:
        DeltaMismatch: the counts disagree with the warehouse; nothing was changed.
    """
    wanted = wanted_entries(con)
    meta = index_meta(con, edition, keyring)
    make_token_table(con, keyring, f"WHERE customer_id IN (SELECT key FROM {changed})")
    if model is not None:
        gather(con, model, keyring, rematched)
    env, dbs = open_for_writing(folder, map_size=map_size)
    try:
        env.reader_check()  # slots of killed workers would keep old pages from being used again

        def work(txn: lmdb.Transaction[bytes]) -> None:
            _put_documents(con, txn, dbs, changed)
            _put_tokens(con, txn, dbs, changed)
            _put_aliases(con, txn, dbs, changed)
            if model is not None:
                change(con, txn, dbs, model, keyring, rematched, batches_of)
            if count_entries(txn, dbs) != wanted:
                raise DeltaMismatch
            ready()
            put_meta(txn, dbs, meta)

        write(env, work)
    finally:
        env.close()
        con.execute("DROP TABLE IF EXISTS temp.serving_tokens").fetchall()
        drop(con)
    return wanted


def _put_documents(con: duckdb.DuckDBPyConnection, txn: lmdb.Transaction[bytes], dbs: dict[str, Any], changed: str) -> None:
    for (key,) in con.execute(f"SELECT encode(key) FROM {changed} WHERE key NOT IN (SELECT customer_id FROM mart.profiles)").fetchall():
        txn.delete(key, db=dbs["profiles"])
    sql = f"""
        SELECT encode(customer_id), encode(document::VARCHAR) FROM mart.profiles
        WHERE rowid BETWEEN $first AND $last AND customer_id IN (SELECT key FROM {changed})"""
    for first, last in _places(con, changed):
        for key, document in _rows(con, sql, {"first": first, "last": last}):
            txn.put(key, document, db=dbs["profiles"])


def _places(con: duckdb.DuckDBPyConnection, changed: str) -> list[tuple[int, int]]:
    """Ranges of row numbers of `mart.profiles` with the documents of the changed customers. What a delta wrote lies together at the end;
    a join would have the documents of all unpacked."""
    sql = f"SELECT DISTINCT rowid // {_ROWS_A_PLACE} FROM mart.profiles WHERE customer_id IN (SELECT key FROM {changed}) ORDER BY ALL"
    ranges: list[tuple[int, int]] = []
    for (place,) in con.execute(sql).fetchall():
        first, last = place * _ROWS_A_PLACE, (place + 1) * _ROWS_A_PLACE - 1
        if ranges and first - ranges[-1][1] <= _ROWS_NEARBY:
            first = ranges.pop()[0]
        ranges.append((first, last))
    return ranges


def _rows(con: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object] | None = None) -> Iterator[tuple[Any, ...]]:
    con.complete()
    with con.sql(sql, params=parameters or {}).to_arrow_reader(_ROWS_A_BATCH) as reader:
        for batch in reader:
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _put_tokens(con: duckdb.DuckDBPyConnection, txn: lmdb.Transaction[bytes], dbs: dict[str, Any], changed: str) -> None:
    sql = f"""
        SELECT encode(c.key), t.tokens FROM {changed} AS c
        LEFT JOIN (SELECT customer_id, list_sort(list(token)) AS tokens FROM serving_tokens GROUP BY ALL) AS t ON t.customer_id = c.key
        ORDER BY c.key"""
    for key, tokens in _rows(con, sql):
        _replace_tokens(txn, dbs, key, tokens or [])


def _replace_tokens(txn: lmdb.Transaction[bytes], dbs: dict[str, Any], key: bytes, tokens: list[bytes]) -> None:
    joined = txn.get(key, b"", db=dbs["customer_tokens"])
    before = {joined[at : at + TOKEN_BYTES] for at in range(0, len(joined), TOKEN_BYTES)}
    for stale in before.difference(tokens):
        txn.delete(stale, key, db=dbs["tokens"])
    for fresh in tokens:
        if fresh not in before:
            txn.put(fresh, key, db=dbs["tokens"])
    put_or_delete(txn, dbs["customer_tokens"], key, b"".join(tokens))


def _put_aliases(con: duckdb.DuckDBPyConnection, txn: lmdb.Transaction[bytes], dbs: dict[str, Any], changed: str) -> None:
    rows = con.execute(
        f"SELECT encode(c.key), encode(r.merged_into) FROM {changed} AS c LEFT JOIN cluster.customers AS r ON r.customer_id = c.key"
    ).fetchall()
    for key, target in rows:
        put_or_delete(txn, dbs["aliases"], key, target or b"")

"""Writes what resolving new records needs into the serving index: from all customers, or from those that changed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import cache
from typing import Any

import duckdb
import lmdb
import numpy as np
import orjson

from pipelines.match.block import key_sql
from pipelines.match.comparisons import DOCUMENT_SQL
from pipelines.profile.ranges import id_ranges
from pipelines.publish.keyring import Keyring
from pipelines.resolve import index
from pipelines.resolve.packed import packed
from pipelines.standardise.readings import syllables
from pipelines.warehouse import count
from schemas.match_model import MatchModel
from schemas.tables import match as contract

NODES_AT_MOST = 200  # of a customer in the index: a record is compared with no more
_CUSTOMERS_A_RANGE = 100_000
_ROWS_A_BATCH = 10_000
_PAIRS_A_BATCH = 20_000
Pair = tuple[bytes, bytes]
Batches = Callable[..., Generator[list[Any]]]


def gather(con: duckdb.DuckDBPyConnection, model: MatchModel, keyring: Keyring, changed: str | None) -> None:
    """Temp `resolve_entries(token, customer, node_n)`, tokens and ids as numbers, and `resolve_said(customer_id, nodes, held)`, of the
    customers in temp table `changed(key)`, or of all."""
    only = f"WHERE customer_id IN (SELECT key FROM {changed})" if changed else ""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE resolve_nodes AS
        SELECT DISTINCT node_id, customer_id FROM match.node_records JOIN (FROM cluster.members {only}) USING (record_id)"""
    ).fetchall()
    _gather_entries(con, model, keyring, "resolve_nodes" if changed else None)
    _gather_said(con)
    con.execute("DROP TABLE resolve_nodes").fetchall()


def _gather_entries(con: duckdb.DuckDBPyConnection, model: MatchModel, keyring: Keyring, nodes: str | None) -> None:
    """Blocks of orders are left out: a new record is named by none."""
    rules = [(n, rule) for n, rule in enumerate(model.blocking) if not rule.orders]
    keyed = " UNION ALL ".join(f"SELECT {n} AS rule, key, node_id FROM ({key_sql(rule, nodes=nodes)})" for n, rule in rules)
    token = f"('0x' || sha256($secret || encode(rule || ':' || key))[: {2 * index.TOKEN_BYTES}])::UBIGINT"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE resolve_entries AS
        WITH numbered AS (SELECT node_id, ('0x' || customer_id)::UBIGINT AS customer FROM resolve_nodes)
        SELECT {token} AS token, customer, node_n
        FROM (SELECT rule, key, customer, least(count(*), 255)::UTINYINT AS node_n
              FROM ({keyed}) JOIN numbered USING (node_id) GROUP BY ALL)""",
        {"secret": index.block_secret(keyring.token)},
    ).fetchall()


def _gather_said(con: duckdb.DuckDBPyConnection) -> None:
    """`nodes` are the columns of match.nodes with the share of the name behind them; `held` the identifiers that may be evidence: node,
    identifier, kind, and of a document its type and number. Of a customer of very many nodes some stand for all."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE resolve_nodes AS
        WITH large AS (SELECT customer_id FROM resolve_nodes GROUP BY customer_id HAVING count(*) > {NODES_AT_MOST})
        FROM resolve_nodes ANTI JOIN large USING (customer_id)
        UNION ALL FROM resolve_nodes SEMI JOIN large USING (customer_id)
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY node_id) <= {NODES_AT_MOST}"""
    ).fetchall()
    columns = ", ".join(f"n.{name}" for name in contract.NODES.column_names)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE resolve_said AS
        WITH said AS (
            SELECT customer_id, json_array({columns}, t.share)::VARCHAR AS node
            FROM resolve_nodes JOIN match.nodes n USING (node_id) LEFT JOIN match.name_terms t USING (name_norm)),
        held AS (
            SELECT customer_id, json_array(i.node_id, identifier, kind, {DOCUMENT_SQL})::VARCHAR AS held
            FROM match.node_identifiers i JOIN resolve_nodes USING (node_id)
            WHERE identifier NOT IN (SELECT identifier FROM match.identifier_use WHERE is_shared))
        SELECT customer_id, nodes, held
        FROM (SELECT customer_id, string_agg(node, ',') AS nodes FROM said GROUP BY customer_id)
        LEFT JOIN (SELECT customer_id, string_agg(held, ',') AS held FROM held GROUP BY customer_id) USING (customer_id)
        ORDER BY customer_id"""
    ).fetchall()


def resolving(
    con: duckdb.DuckDBPyConnection, model: MatchModel, keyring: Keyring, batches: Batches
) -> Iterator[tuple[str, Generator[list[Pair]]]]:
    """The databases with what goes into each for all customers, in the order of its keys. `batches(con, sql, rows, parameters)` reads rows
    of two columns."""
    gather(con, model, keyring, None)
    for first, end in id_ranges(con, "resolve_said", _CUSTOMERS_A_RANGE):
        yield index.EVIDENCE, _sealed(keyring, batches(con, _SAID, _ROWS_A_BATCH, {"first": first, "end": end}))
    bits = index.bucket_bits(count(con, "SELECT count(*) FROM resolve_entries"))
    yield index.BLOCKS, packed(con, _BUCKETS.format(shift=64 - bits), ">u4", _ENTRY)
    yield index.CUSTOMER_BLOCKS, _of_customers(con)
    yield index.NAMES, _pairs(_names(con, keyring))
    yield index.FACTS, _pairs([*_facts(con, model, keyring), (index.BITS_KEY, str(bits).encode()), (index.READINGS_KEY, _readings())])
    drop(con)


def drop(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `gather` made."""
    con.execute("DROP TABLE IF EXISTS resolve_entries; DROP TABLE IF EXISTS resolve_said").fetchall()


def _facts(con: duckdb.DuckDBPyConnection, model: MatchModel, keyring: Keyring) -> list[Pair]:
    rules = [n for n, rule in enumerate(model.blocking) if rule.identifiers]
    shared = con.execute("SELECT identifier FROM match.identifier_use WHERE is_shared").fetchall()
    tokens = sorted(index.block_token(keyring.token, rule, identifier) for (identifier,) in shared for rule in rules)
    return [(index.MODEL_KEY, model.model_dump_json().encode()), (index.SHARED_KEY, b"".join(tokens))]


@cache
def _readings() -> bytes:
    table = syllables()
    return orjson.dumps(dict(zip(table["character"].to_pylist(), table["syllable"].to_pylist(), strict=True)))


_SAID = """
    SELECT unhex(customer_id), encode('[[' || nodes || '],[' || coalesce(held, '') || ']]')
    FROM resolve_said
    WHERE customer_id >= $first AND ($end IS NULL OR customer_id < $end) ORDER BY customer_id"""
_ENTRY = np.dtype([("token", ">u8"), ("customer", ">u8"), ("node_n", "u1")])
_BUCKETS = "SELECT token >> {shift} AS bucket, token, customer, node_n FROM resolve_entries ORDER BY token, customer"


def _of_customers(con: duckdb.DuckDBPyConnection) -> Generator[list[Pair]]:
    entry = np.dtype([("token", ">u8"), ("node_n", "u1")])
    return packed(con, "SELECT customer, token, node_n FROM resolve_entries ORDER BY customer, token", ">u8", entry)


def _sealed(keyring: Keyring, batches: Generator[list[Any]]) -> Generator[list[Pair]]:
    for batch in batches:
        yield [(customer, index.seal(keyring.field, customer, said)) for customer, said in batch]


def _names(con: duckdb.DuckDBPyConnection, keyring: Keyring) -> list[Pair]:
    rows = con.execute("SELECT name_norm, share FROM match.name_terms").fetchall()
    return [(index.name_token(keyring.token, name), orjson.dumps(share)) for name, share in rows]


def _pairs(pairs: Iterable[Pair]) -> Generator[list[Pair]]:
    in_order = sorted(pair for pair in pairs if pair[1])
    for at in range(0, len(in_order), _PAIRS_A_BATCH):
        yield in_order[at : at + _PAIRS_A_BATCH]


def change(
    con: duckdb.DuckDBPyConnection, txn: lmdb.Transaction[bytes], dbs: dict[str, Any], model: MatchModel, keyring: Keyring, changed: str,
    batches: Batches,
) -> None:  # fmt: skip
    """Bring what the index holds of the customers in temp table `changed(key)` up to what `gather` found of them."""
    customers = {customer for batch in batches(con, f"SELECT unhex(key), NULL FROM {changed}", _ROWS_A_BATCH) for customer, _ in batch}
    said = {customer: value for batch in batches(con, _SAID, _ROWS_A_BATCH, {"first": "", "end": None}) for customer, value in batch}
    now = {customer: joined for batch in _of_customers(con) for customer, joined in batch}
    gone, come = set[index.Entry](), set[index.Entry]()
    for customer in customers:
        before, after = txn.get(customer, b"", db=dbs[index.CUSTOMER_BLOCKS]), now.get(customer, b"")
        if before != after:
            old, new = index.own_entries(customer, before), index.own_entries(customer, after)
            gone |= old - new
            come |= new - old
            put_or_delete(txn, dbs[index.CUSTOMER_BLOCKS], customer, after)
        sealed = index.seal(keyring.field, customer, said[customer]) if customer in said else b""
        put_or_delete(txn, dbs[index.EVIDENCE], customer, sealed)
    bits = int(txn.get(index.BITS_KEY, b"0", db=dbs[index.FACTS]))
    _move_entries(txn, dbs[index.BLOCKS], bits, gone, come)
    for key, value in _facts(con, model, keyring):
        put_or_delete(txn, dbs[index.FACTS], key, value)


def _move_entries(txn: lmdb.Transaction[bytes], blocks: Any, bits: int, gone: set[index.Entry], come: set[index.Entry]) -> None:
    touched: dict[bytes, list[set[index.Entry]]] = {}
    for n, entries in enumerate((gone, come)):
        for entry in entries:
            touched.setdefault(index.bucket_of(entry.token, bits), [set(), set()])[n].add(entry)
    for bucket, (leaving, joining) in touched.items():
        held = set(index.unpack(txn.get(bucket, b"", db=blocks)))
        put_or_delete(txn, blocks, bucket, index.pack(held - leaving | joining))


def put_or_delete(txn: lmdb.Transaction[bytes], db: Any, key: bytes, value: bytes) -> None:
    """An empty value is none."""
    if value:
        txn.put(key, value, db=db)
    else:
        txn.delete(key, db=db)

"""Full build of the serving index: a new environment beside the current one, verified, then the pointer is switched."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import lmdb
import orjson

from pipelines.ahead import ahead
from pipelines.profile.ranges import id_ranges
from pipelines.publish import pointer
from pipelines.publish.keyring import Keyring
from pipelines.publish.serving_index import DATA, DATABASES, MAX_READERS, META_KEY, SCHEMA
from pipelines.publish.tokens import lookup_token, token_parameters, token_sql
from pipelines.publish.version import BUILDING, Edition
from pipelines.resolve.fill import resolving
from pipelines.warehouse import count
from schemas.errors import HubError
from schemas.match_model import MatchModel

FIRST_MAP = 1 << 30
SAMPLE = 200
_SAMPLE_A_PLACE = 20
_DOCUMENTS_A_RANGE = 100_000  # half of what the profile stage writes at a time
_DOCUMENTS_A_BATCH = 10_000
_TOKENS_A_BATCH = 200_000

Pair = tuple[bytes, bytes]
Work = Callable[["lmdb.Transaction[bytes]"], None]


def build_base(
    con: duckdb.DuckDBPyConnection, serving: Path, edition: Edition, keyring: Keyring, *, model: MatchModel | None = None,
    ready: Callable[[], object] = lambda: None, map_size: int = FIRST_MAP,
) -> dict[str, int]:  # fmt: skip
    """Write, verify and name `base-<version>` from `mart.profiles`, `mart.lookups`, `cluster.customers`; it is not current yet.
    With the `model` that customers were matched by it also holds what resolving new records needs.

    ready: called before it is named; it never is if that raises. Memory: one batch. The map
    doubles whenever it is full. Answers the counts.

    Raises:
        HubError, OSError, lmdb.Error, duckdb.Error: nothing is left of the new environment.
    """
    building = serving / f"{BUILDING}{edition.version}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        counts = _build(con, building, edition, keyring, model, map_size)
        pointer.sync_folder(building)
        ready()
        building.rename(serving / base_name(edition.version))
        pointer.sync_folder(serving)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return counts


def make_current(serving: Path, edition: Edition, keyring: Keyring, folder: str) -> None:
    """Switch readers to `folder`, or tell them that it now holds another version."""
    pointer.switch(serving, {
        "version": edition.version, "folder": folder, "schema": SCHEMA, "key_fingerprint": keyring.fingerprint,
        "bytes": (serving / folder / DATA).stat().st_size,
    })


def tidy_bases(serving: Path, *, also_keep: str | None = None) -> None:
    """Remove environments that the pointer does not name, and what a killed build left.

    `also_keep`: the one before, for workers about to open it. A worker that still has a removed one open is not disturbed.
    """
    named = pointer.read_pointer(serving)
    removable = (BUILDING, "base-") if named else (BUILDING,)
    kept = {named["folder"] if named else None, also_keep}
    for folder in serving.iterdir():
        if folder.is_dir() and folder.name.startswith(removable) and folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def base_name(version: str) -> str:
    return f"base-{version}"


def open_for_writing(folder: Path, *, map_size: int = FIRST_MAP, durable: bool = True) -> tuple[lmdb.Environment, dict[str, Any]]:
    """Open or create the environment; without `durable` nothing is certain on disk before `env.sync(True)`."""
    data = folder / DATA
    env = lmdb.open(
        str(folder), map_size=max(map_size, 2 * data.stat().st_size if data.exists() else 0), max_dbs=len(DATABASES),
        max_readers=MAX_READERS, sync=durable, metasync=durable, mode=0o660,
    )
    return env, {name: env.open_db(name.encode(), dupsort=name == "tokens") for name in DATABASES}


def write(env: lmdb.Environment, work: Work) -> None:
    """Run `work(txn)` in one write transaction, again from the start in a larger map when the map is full."""
    while True:
        try:
            with env.begin(write=True) as txn:
                work(txn)
            return
        except lmdb.MapFullError:
            _grow(env)


def _grow(env: lmdb.Environment) -> None:
    env.set_mapsize(2 * env.info()["map_size"])


def make_token_table(con: duckdb.DuckDBPyConnection, keyring: Keyring, only: str = "") -> None:
    """Temp table `serving_tokens(customer_id, token)`; `only` is an SQL condition on `mart.lookups`."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE serving_tokens AS "
        f"SELECT customer_id, {token_sql('kind', 'value')} AS token FROM mart.lookups {only}",
        token_parameters(keyring.token),
    ).fetchall()


def index_meta(con: duckdb.DuckDBPyConnection, edition: Edition, keyring: Keyring) -> dict[str, Any]:
    """What the index says of itself, without counts."""
    return {
        "schema": SCHEMA,
        "version": edition.version,
        "built_at": edition.created_at.isoformat(timespec="milliseconds"),
        "ledger_seq": edition.ledger_seq,
        "key_fingerprint": keyring.fingerprint,
        "key_version": keyring.token.version,
        "section_ages": section_ages(con),
    }


def section_ages(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str | None]]:
    """`{section: {as_of, loaded_at}}`, ISO 8601 in UTC."""
    rows = con.execute("SELECT section, as_of, loaded_at FROM mart.section_ages ORDER BY section").fetchall()
    return {s: {"as_of": a and f"{a.isoformat()}Z", "loaded_at": b and f"{b.isoformat()}Z"} for s, a, b in rows}


def count_entries(txn: lmdb.Transaction[bytes], dbs: dict[str, Any]) -> dict[str, int]:
    """Entries of the environment; `tokens` counts pairs of token and customer."""
    return {name: txn.stat(dbs[name])["entries"] for name in ("profiles", "tokens", "aliases")}


def wanted_entries(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Entries the environment must have, by the warehouse."""
    return {
        "profiles": count(con, "SELECT count(*) FROM mart.profiles"),
        "tokens": count(con, "SELECT count(*) FROM mart.lookups"),
        "aliases": count(con, "SELECT count(*) FROM cluster.customers WHERE merged_into IS NOT NULL"),
    }


def put_meta(txn: lmdb.Transaction[bytes], dbs: dict[str, Any], meta: dict[str, Any]) -> None:
    """Write `meta` with the counts of what the transaction holds."""
    txn.put(META_KEY, orjson.dumps({**meta, "counts": count_entries(txn, dbs)}), db=dbs["meta"])


def _build(
    con: duckdb.DuckDBPyConnection, folder: Path, edition: Edition, keyring: Keyring, model: MatchModel | None, map_size: int
) -> dict[str, int]:
    env, dbs = open_for_writing(folder, map_size=map_size, durable=False)
    try:
        make_token_table(con, keyring)
        for name, batches in _content(con, keyring, model):
            with closing(batches):  # on an error too: the thread that reads holds the connection
                for batch in batches:
                    _append(env, dbs[name], batch)
        write(env, lambda txn: put_meta(txn, dbs, index_meta(con, edition, keyring)))
        counts = _verify(con, env, dbs, keyring)
        env.sync(True)
    finally:
        con.execute("DROP TABLE IF EXISTS temp.serving_tokens").fetchall()
        env.close()
    return counts


# Byte order of UTF-8 is the order of both DuckDB strings and LMDB keys, so each database is written front to back.
_DOCUMENTS = """
    SELECT encode(customer_id), encode(document::VARCHAR) FROM mart.profiles
    WHERE customer_id >= $first AND ($end IS NULL OR customer_id < $end) ORDER BY customer_id"""
_OTHERS = (
    ("tokens", "SELECT token, encode(customer_id) FROM serving_tokens ORDER BY token, customer_id", _TOKENS_A_BATCH),
    (
        "customer_tokens",
        "SELECT encode(customer_id), list_sort(list(token)) FROM serving_tokens GROUP BY customer_id ORDER BY customer_id",
        _DOCUMENTS_A_BATCH,
    ),
    (
        "aliases",
        "SELECT encode(customer_id), encode(merged_into) FROM cluster.customers WHERE merged_into IS NOT NULL ORDER BY customer_id",
        _TOKENS_A_BATCH,
    ),
)


def _content(
    con: duckdb.DuckDBPyConnection, keyring: Keyring, model: MatchModel | None
) -> Iterator[tuple[str, Generator[list[Pair]]]]:
    """The databases with what goes into each, in the order of its keys. Documents come a range at a time: together they are more than the
    memory a sort may take."""
    for first, end in id_ranges(con, "mart.profiles", _DOCUMENTS_A_RANGE):
        yield "profiles", ahead(batches_of(con, _DOCUMENTS, _DOCUMENTS_A_BATCH, {"first": first, "end": end}))
    for name, sql, size in _OTHERS:
        yield name, ahead(batches_of(con, sql, size))
    if model is not None:
        yield from ((name, ahead(batches)) for name, batches in resolving(con, model, keyring, batches_of))


def batches_of(
    con: duckdb.DuckDBPyConnection, sql: str, size: int, parameters: dict[str, object] | None = None
) -> Generator[list[Pair]]:
    """Rows of two columns as lists of `(key, value)`; a list value is joined."""
    con.complete()  # a result that was not read to its end would bar the next query
    with con.sql(sql, params=parameters or {}).to_arrow_reader(size) as reader:
        for batch in reader:
            keys, values = (batch.column(i).to_pylist() for i in (0, 1))
            if values and isinstance(values[0], list):
                values = [b"".join(value) for value in values]
            yield list(zip(keys, values, strict=True))


def _append(env: lmdb.Environment, db: Any, batch: list[Pair]) -> None:
    write(env, lambda txn: _put_all(txn, db, batch))


def _put_all(txn: lmdb.Transaction[bytes], db: Any, batch: list[Pair]) -> None:
    with txn.cursor(db) as cursor:
        cursor.putmulti(batch, append=True)


def _sample_documents(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Documents at a few places of the table, some that lie together at each: single ones would have nearly all of it unpacked."""
    places = con.execute(f"SELECT rowid FROM mart.profiles USING SAMPLE reservoir({SAMPLE // _SAMPLE_A_PLACE} ROWS)").fetchall()
    sql = "SELECT customer_id, document::VARCHAR FROM mart.profiles WHERE rowid BETWEEN $place AND $place + $more"
    found = (con.execute(sql, {"place": place, "more": _SAMPLE_A_PLACE - 1}).fetchall() for (place,) in places)
    return [row for rows in found for row in rows]


def _verify(con: duckdb.DuckDBPyConnection, env: lmdb.Environment, dbs: dict[str, Any], keyring: Keyring) -> dict[str, int]:
    wanted = wanted_entries(con)
    documents = _sample_documents(con)
    lookups = con.execute(f"SELECT kind, value, customer_id FROM mart.lookups USING SAMPLE reservoir({SAMPLE} ROWS)").fetchall()
    with env.begin() as txn:
        found = count_entries(txn, dbs)
        if found != wanted:
            raise HubError("the new serving index is not complete", why=f"it should hold {wanted}, and holds {found}")
        for customer_id, document in documents:
            value = txn.get(customer_id.encode(), db=dbs["profiles"])
            if value is None or value != document.encode() or not isinstance(orjson.loads(value), dict):
                raise HubError("a document of the new serving index differs from the warehouse", where="mart.profiles")
        with txn.cursor(dbs["tokens"]) as cursor:
            for kind, value, customer_id in lookups:
                if not cursor.set_key_dup(lookup_token(keyring.token, kind, value), customer_id.encode()):
                    raise HubError("a customer of the new serving index cannot be found by its token", where=f"mart.lookups, {kind}")
    return found

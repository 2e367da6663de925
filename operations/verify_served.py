"""Checks of what is published and served against what was derived."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from operations.copying import two_at_a_time
from operations.verify import SHOWN, Check, Home, compare
from pipelines.files import hash_file
from pipelines.profile.ranges import id_ranges
from pipelines.publish.manifest import lineage, read_manifest
from pipelines.publish.serving_build import make_token_table
from pipelines.publish.serving_index import ServingIndex, Snapshot
from pipelines.publish.stage import changes_waiting, last_published
from pipelines.publish.tokens import TOKEN_BYTES
from pipelines.sql import quoted
from pipelines.warehouse import execute_with
from schemas.contract import Table
from schemas.publishing import PUBLISHED, published_columns

_A_BATCH = 20_000
_A_RANGE = 100_000


def published_checks(home: Home) -> Iterator[Check]:
    """Files of all versions against their manifests; the current one against the warehouse, unless changes wait to be published."""
    if home.version is None:
        yield Check("published files have their checksums", 0)
        return
    yield _checksums(home.settings.published)
    waiting = changes_waiting(home.con)
    yield Check("every change is published (`hub run` publishes)", waiting, waiting)
    if not waiting:
        wrong = [table.name for table in PUBLISHED if not _is_published(home.con, table, home.version)]
        yield Check("published tables hold what was derived", len(PUBLISHED), len(wrong), tuple(wrong[:SHOWN]))


def _checksums(published: Path) -> Check:
    named = [
        (published / version / entry["file"], entry["sha256"])
        for version in lineage(published)
        for entry in read_manifest(published / version)["tables"].values()
    ]
    paths = {_inode(path): path for path, _ in named if path.is_file()}  # versions share files: each is read once
    found = dict(zip(paths, two_at_a_time(hash_file, paths.values()), strict=True))
    wrong = [f"{path.parent.name}/{path.name}" for path, sha256 in named if not path.is_file() or found[_inode(path)] != sha256]
    return Check("published files have their checksums", len(named), len(wrong), tuple(sorted(wrong)[:SHOWN]))


def _inode(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _is_published(con: duckdb.DuckDBPyConnection, table: Table, version: Path) -> bool:
    """The file holds the table's rows, as far as columns leave the warehouse as they are. Hashes of both sides are taken now: those of
    another release of DuckDB may differ."""
    columns = ", ".join(quoted(column.name) for column in published_columns(table) if column.form == "as is")
    digest = f"SELECT count(*), bit_xor(hash({columns})), sum(hash({columns})) FROM"
    try:
        written = con.execute(f"{digest} read_parquet($path)", {"path": str(version / f"{table.name}.parquet")}).fetchall()
    except duckdb.Error:  # absent or no Parquet any more
        return False
    return written == con.execute(f"{digest} {table.name}").fetchall()


def served_checks(home: Home) -> Iterator[Check]:
    """Every entry of the serving index against the warehouse, unless it is of another version than the one published last."""
    if home.version is None:
        return
    with closing(ServingIndex.open(home.settings.serving, walks=True)) as index:
        wanted = home.version.name
        versions = {"served": str(index.meta.get("version")), "by the warehouse": str(last_published(home.con))}
        wrong = tuple(f"{version} ({where})" for where, version in versions.items() if version != wanted)
        yield Check("one version is published, served and known to the warehouse", 3, len(wrong), wrong)
        if not wrong and not changes_waiting(home.con):
            index.read(lambda snapshot: _spool(home, snapshot))
            yield from _entries(home)


def _entries(home: Home) -> Iterator[Check]:
    con = home.con
    yield compare(
        con, "every customer is served as derived", "SELECT count(*) FROM mart.profiles",
        "SELECT coalesce(w.k, s.k) FROM verify_profiles w FULL JOIN served_profiles s USING (k) WHERE w.v IS DISTINCT FROM s.v",
    )
    yield compare(
        con, "merged ids are served as registered", "SELECT count(*) FROM cluster.customers WHERE merged_into IS NOT NULL",
        """SELECT coalesce(r.customer_id, s.k)
        FROM (SELECT customer_id, merged_into FROM cluster.customers WHERE merged_into IS NOT NULL) r
        FULL JOIN served_aliases s ON s.k = r.customer_id WHERE r.merged_into IS DISTINCT FROM s.v""",
    )
    yield compare(
        con, "every lookup leads to its customer", "SELECT count(*) FROM mart.lookups",
        """SELECT customer_id FROM (
            (SELECT customer_id, token FROM serving_tokens EXCEPT ALL SELECT v, k FROM served_tokens)
            UNION ALL (SELECT v, k FROM served_tokens EXCEPT ALL SELECT customer_id, token FROM serving_tokens))""",
    )
    yield compare(
        con, "customers know their lookups", "SELECT count(DISTINCT customer_id) FROM mart.lookups",
        """SELECT coalesce(w.customer_id, s.k) FROM (SELECT customer_id, count(*) AS n FROM serving_tokens GROUP BY customer_id) w
        FULL JOIN served_customer_tokens s ON s.k = w.customer_id WHERE w.n IS DISTINCT FROM s.v""",
    )
    for table in (*(f"served_{name}" for name in _SPOOLED), "verify_profiles", "serving_tokens"):
        con.execute(f"DROP TABLE {table}")


# Of each database of the index, as SQL over an entry: key and what is compared. A document counts by its hash.
_SPOOLED = {
    "profiles": "decode(k), hash(decode(v))",
    "aliases": "decode(k), decode(v)",
    "tokens": "k, decode(v)",
    "customer_tokens": f"decode(k), octet_length(v) // {TOKEN_BYTES}",
}


def _spool(home: Home, snapshot: Snapshot) -> None:
    """Temp tables `served_<database>(k, v)`, and beside them what they should hold: `verify_profiles(k, v)` and
    `serving_tokens(customer_id, token)`."""
    con = home.con
    nothing = pa.table([pa.array([], pa.binary()), pa.array([], pa.binary())], names=["k", "v"])
    for database, columns in _SPOOLED.items():
        into = f"served_{database}"
        execute_with(con, f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT k, v FROM (SELECT {columns} FROM rows) AS t(k, v)", [], nothing)
        entries = snapshot.entries(database)
        while batch := list(islice(entries, _A_BATCH)):
            keys, values = zip(*batch, strict=True)
            rows = pa.table([pa.array(keys, pa.binary()), pa.array(values, pa.binary())], names=["k", "v"])
            execute_with(con, f"INSERT INTO {into} SELECT {columns} FROM rows", [], rows)
    con.execute("CREATE OR REPLACE TEMP TABLE verify_profiles (k VARCHAR, v UBIGINT)")
    for first, end in id_ranges(con, "mart.profiles", _A_RANGE):
        con.execute(
            """INSERT INTO verify_profiles SELECT customer_id, hash(document::VARCHAR) FROM mart.profiles
            WHERE customer_id >= $first AND ($end IS NULL OR customer_id < $end)""",
            {"first": first, "end": end},
        ).fetchall()
    make_token_table(con, home.keyring)

"""Table files as a user has them: CSV (UTF-8) or Parquet, read as they are. What is wrong is said by file and line, without the value."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from pipelines.sql import literal, quoted
from pipelines.warehouse import count
from schemas.errors import HubError, UsageError

RECORD_ID = "record_id"
FILE = "hub:file"  # of several files, the column that tells which of them a row is from
_CHUNK = 4 << 20
_CSV = (".csv", ".tsv", ".txt", ".csv.gz")
_PARQUET = (".parquet", ".pq")
_DELIMITERS = ",;\t|"
_LINE = re.compile(r"(?:Line|line)[: ]+(\d+)")


@contextmanager
def open_tables(memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for the tables of one command: what does not fit into `memory` (as DuckDB writes it) goes to disk and leaves nothing
    there."""
    with tempfile.TemporaryDirectory(prefix="hub-tables-") as folder, closing(duckdb.connect()) as con:
        con.execute("SET memory_limit = ?", [memory])
        con.execute("SET temp_directory = ?", [folder])
        yield con


def read_table(con: duckdb.DuckDBPyConnection, path: Path, into: str) -> list[str]:
    """Make the temp table `into` of all rows of a file, cells of CSV as texts (empty ones null); answer its columns.

    Raises:
        UsageError: there is no such file, or it is neither CSV nor Parquet.
        HubError: it cannot be read; says in which line.
    """
    name = path.name.lower()
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path))
    if name.endswith(_CSV):
        if not name.endswith(".gz"):
            _check_utf8(path)
        source = _csv_source(path)
    elif name.endswith(_PARQUET):
        source = "read_parquet(?)"
    else:
        endings = ", ".join(_CSV + _PARQUET)
        raise UsageError("the file is neither CSV nor Parquet", where=str(path), mend=f"Its name ends with one of {endings}")
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS FROM {source}", [str(path)]).fetchall()
    except duckdb.Error as error:
        # the text of the error may quote the row
        line = _LINE.search(str(error))
        where = f"{path}:{line.group(1)}" if line else str(path)
        raise HubError("the file cannot be read as a table", where=where, why=type(error).__name__, mend="Mend that line") from None
    return [row[0] for row in con.execute(f"DESCRIBE {into}").fetchall()]


def read_tables(con: duckdb.DuckDBPyConnection, paths: list[Path], record_id: str | None, into: str) -> list[str]:
    """Make the temp table `into` of the rows of all files, columns of the same name together; answer its columns. Where there are several,
    an id becomes `<name of the file>:<id>`, and the column FILE has the name of the file.

    Raises:
        UsageError, HubError: as `read_table`; two files have the same name.
    """
    if len(paths) == 1:
        return read_table(con, paths[0], into)
    names = [path.name.split(".")[0] for path in paths]
    if len(set(names)) < len(names):
        raise UsageError("two files have the same name", mend="Their names tell their records apart: rename one")
    parts = []
    for number, (path, name) in enumerate(zip(paths, names, strict=True)):
        columns = read_table(con, path, f"file_{number}")
        replaced = ""
        if record_id is not None:
            check_columns(columns, [record_id], path)
            replaced = f"REPLACE ({literal(name + ':')} || {quoted(record_id)} AS {quoted(record_id)})"
        parts.append(f"SELECT * {replaced}, {literal(name)} AS {quoted(FILE)} FROM file_{number}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS {' UNION ALL BY NAME '.join(parts)}")
    for number in range(len(paths)):
        con.execute(f"DROP TABLE file_{number}")
    return [row[0] for row in con.execute(f"DESCRIBE {into}").fetchall()]


def _csv_source(path: Path) -> str:
    """SQL of a CSV file with the columns its header names, parted by that usual delimiter which stands most often in the header."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        header = file.readline(_CHUNK)
    delimiter = max(_DELIMITERS, key=header.count)
    names = next(csv.reader([header.removeprefix("\ufeff")], delimiter=delimiter), [])
    if not names or "" in names or len(set(names)) < len(names):
        raise HubError("every column needs a name of its own in the first line", where=f"{path}:1")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return f"""read_csv(?, auto_detect = false, header = true, columns = {{{columns}}}, delim = {literal(delimiter)},
        quote = '"', escape = '"', nullstr = '')"""


def _check_utf8(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                raise HubError(
                    "the file is not UTF-8", where=f"{path}:{line}", mend="Convert it, say with `iconv -f GB18030 -t UTF-8`"
                ) from None
            line += chunk.count(b"\n")


def check_columns(columns: list[str], wanted: list[str], path: Path) -> None:
    """Raises UsageError: a wanted column is not among those of the file; names both."""
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise UsageError(f"there is no column {missing[0]!r}", where=str(path), mend=f"It has {', '.join(columns)}")


def read_clusters(con: duckdb.DuckDBPyConnection, path: Path, record_id: str, entity_id: str, into: str) -> int:
    """Make the temp table `into(record_id, entity_id)` of texts from two columns of a file; answer how many records it has. A file without
    the column `record_id` may call it just that, as the hub's own do.

    Raises:
        UsageError: a column is missing.
        HubError: it is empty, or a record has no id, no entity, or comes twice.
    """
    columns = read_table(con, path, "file_rows")
    record_id = record_id if record_id in columns or RECORD_ID not in columns else RECORD_ID
    check_columns(columns, [record_id, entity_id], path)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT {quoted(record_id)}::VARCHAR AS record_id, {quoted(entity_id)}::VARCHAR AS entity_id FROM file_rows"""
    )
    con.execute("DROP TABLE file_rows")
    if not (records := count(con, f"SELECT count(*) FROM {into}")):
        raise HubError("the file has no rows", where=str(path))
    if nameless := count(con, f"SELECT count(*) FROM {into} WHERE record_id IS NULL OR entity_id IS NULL"):
        raise HubError(f"{nameless:,} of {records:,} rows lack {record_id!r} or {entity_id!r}", where=str(path), mend="Give every row both")
    if repeated := records - count(con, f"SELECT count(DISTINCT record_id) FROM {into}"):
        raise HubError(f"{repeated:,} of {records:,} rows repeat a {record_id!r}", where=str(path), mend="Each record has one row")
    return records

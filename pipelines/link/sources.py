"""Sources of rows: under `link_only` two rows of one source are no pair, whatever they agree on."""

from __future__ import annotations

import duckdb
import numpy as np

from pipelines.cluster.average import Ints
from pipelines.link.files import FILE
from pipelines.sql import quoted
from pipelines.warehouse import count
from schemas.errors import HubError, UsageError
from schemas.table_model import TableModel

APART = "l.source_n <> r.source_n"
_SQUARES = "list_sum(list_transform(map_values(histogram(source_n)), lambda s: s * s))"


def source_column(model: TableModel, columns: list[str]) -> str | None:
    """The column that tells the source of a row; none where all rows may be linked with all.

    Raises:
        UsageError: `link_only` is true and there is one file, or it names a column that is not there.
    """
    if not model.link_only:
        return None
    column = FILE if model.link_only is True else model.link_only
    if column in columns:
        return column
    if column == FILE:
        raise UsageError("link_only is true, and there is only one file", mend="Give several, or let link_only name the column of sources")
    raise UsageError(f"link_only names the column {column!r}, which the table has not", mend=f"It has {', '.join(columns)}")


def source_sql(model: TableModel, columns: list[str]) -> dict[str, str]:
    """The prepared column `source_n` over the table called `t`, where the model has sources: they are numbered."""
    column = source_column(model, columns)
    return {} if column is None else {"source_n": f"(dense_rank() OVER (ORDER BY t.{quoted(column)}::VARCHAR))::INTEGER"}


def check_sources(con: duckdb.DuckDBPyConnection) -> None:
    """Raises HubError: all rows of temp `prepared` are of one source, so there is nothing to link."""
    if count(con, "SELECT count(DISTINCT source_n) FROM prepared") < 2:
        raise HubError(
            "all rows are of one source, and link_only lets no two of them be linked", mend="Leave link_only out, or add a source"
        )


def pairs_sql(model: TableModel) -> str:
    """SQL of an aggregate: how many pairs the rows of a group make."""
    return f"(count(*) * count(*) - {_SQUARES})::BIGINT // 2" if model.link_only else "count(*) * (count(*) - 1) // 2"


def all_pairs(con: duckdb.DuckDBPyConnection, model: TableModel) -> float:
    """How many pairs there are in temp `prepared`."""
    return float(count(con, f"SELECT {pairs_sql(model)} FROM prepared"))


def keep_apart(con: duckdb.DuckDBPyConnection, model: TableModel, pairs: str) -> None:
    """Take pairs of one source out of the temp table `pairs(a, b)`."""
    if model.link_only:
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE {pairs} AS
            SELECT a, b FROM {pairs} JOIN prepared l ON l.n = a JOIN prepared r ON r.n = b WHERE {APART}"""
        )


def sources_of(con: duckdb.DuckDBPyConnection) -> Ints | None:
    """The source of each row of temp `prepared`; none where it has none."""
    if not count(con, "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'prepared' AND column_name = 'source_n'"):
        return None
    return np.asarray(con.execute("SELECT source_n FROM prepared ORDER BY n").fetchnumpy()["source_n"], dtype=np.int64)

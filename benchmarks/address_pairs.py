"""Real pairs of Chinese addresses (CCKS 2021, track 3): 2 the same, 1 in part, 0 different."""

from __future__ import annotations

import duckdb

from benchmarks.person_sets import DATA

PAIRS = DATA / "zh_address_pairs_dev.tsv"


def read_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `pairs(n, a, b, label)` and `texts(address)`, the distinct addresses of both sides."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE pairs AS
        SELECT row_number() OVER () AS n, a, b, label::INT AS label
        FROM read_csv(?, delim = '\t', header = true, quote = '', all_varchar = true)""",
        [str(PAIRS)],
    )
    con.execute("CREATE OR REPLACE TEMP TABLE texts AS SELECT a AS address FROM pairs UNION SELECT b FROM pairs")

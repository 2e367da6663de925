"""Term frequencies of names: part of the model artefact, counted once when a model is adopted, then fixed (law 1)."""

from __future__ import annotations

import json

import duckdb

from pipelines.warehouse import count
from schemas.match_model import MatchModel

# Below this many named nodes a frequency says nothing; the pooled share of the model serves until then.
ENOUGH_NAMES = 1000
# The first word counts the ways in which nodes have been named (pipelines/match/nodes.py).
_PROBE = "hash('nodes 2', NULL, DATE '2000-01-01', true, 1::UBIGINT)::VARCHAR"


def model_in_use(con: duckdb.DuckDBPyConnection) -> str | None:
    """Fingerprint of the model that the pairs were scored with; None before the first run."""
    row = con.execute("SELECT model_version FROM match.models").fetchone()
    return str(row[0]) if row else None


def hashes_otherwise(con: duckdb.DuckDBPyConnection) -> bool:
    """Nodes were named another way, or by a DuckDB that hashes otherwise (`hash` may change with a release): they must be named anew."""
    row = con.execute(f"SELECT facts ->> 'hash_probe' IS DISTINCT FROM {_PROBE} FROM match.models").fetchone()
    return row is not None and bool(row[0])


def adopt_model(con: duckdb.DuckDBPyConnection, model: MatchModel, now: object) -> bool:
    """Make `model` the one in use when it is not, or when names can be counted for the first time; True means: score every pair anew."""
    named_n = count(con, "SELECT count(*) FROM match.nodes WHERE name_norm IS NOT NULL AND NOT coalesce(name_is_masked, false)")
    in_use = con.execute("SELECT model_version, facts ->> 'named_n' FROM match.models").fetchone()
    counted = in_use is not None and int(in_use[1]) >= ENOUGH_NAMES
    if in_use is not None and in_use[0] == model.fingerprint and (counted or named_n < ENOUGH_NAMES) and not hashes_otherwise(con):
        return False
    con.execute("DELETE FROM match.models")
    con.execute("DELETE FROM match.name_terms")
    probe = con.execute(f"SELECT {_PROBE}").fetchall()[0][0]
    facts = json.dumps({"named_n": named_n, "hash_probe": probe})
    con.execute("INSERT INTO match.models VALUES (?, ?, ?)", [model.fingerprint, now, facts])
    if named_n >= ENOUGH_NAMES:
        con.execute(
            """INSERT INTO match.name_terms
            SELECT ?, name_norm, count(*) / ? FROM match.nodes
            WHERE name_norm IS NOT NULL AND NOT coalesce(name_is_masked, false)
            GROUP BY name_norm HAVING count(*) >= ?""",
            [model.fingerprint, named_n, model.common_name_n],
        )
    return True

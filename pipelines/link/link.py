"""Which rows are one: all steps in order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.cluster.average import MOST_DIVIDED, Ints, average_linkage, neighbourhoods
from pipelines.link.pair import Paired, pair, pairs_within
from pipelines.link.prepare import prepare
from pipelines.link.score import learn_weights, put_levels, weigh
from pipelines.link.sources import sources_of
from pipelines.match.learn import Learned
from pipelines.warehouse import count, execute_with
from schemas.table_model import TableModel


@dataclass(frozen=True)
class Linked:
    """What linking a table found. `labels`: the neighbourhood of each row; `rows_in_large`: rows of neighbourhoods that were cut down to
    their strongest pairs."""

    rows: int
    entities: int
    pairs_proposed: int
    pairs_scored: int
    pairs_by_rule: list[Paired]
    labels: Ints
    rows_in_large: int
    learned: Learned


def link_rows(con: duckdb.DuckDBPyConnection, model: TableModel, rows: str, columns: list[str]) -> Linked:
    """Link the table `rows` with `columns`: temp `entities(record_id, entity_id, confidence)`; by the row numbers of temp `prepared`, temp
    `scored(a, b, levels, bits, probability, told)` of all pairs that were looked at, and temp `within`, those of the neighbourhoods.

    Raises:
        UsageError, HubError: the model does not fit the table, or the table cannot be linked; see the steps.
    """
    rows_n = prepare(con, model, rows, columns)
    by_rule = pair(con, model)
    proposed = count(con, "SELECT count(*) FROM candidates")
    put_levels(con, model, "candidates", "levelled")
    learned = learn_weights(con, model, rows_n)
    weigh(con, model, learned, "levelled", "scored")
    labels, large = _find_neighbourhoods(con, model, rows_n)
    _score_within(con, model, learned)
    entities = divide(con, labels, model.merge_probability, "entities")
    scored = count(con, "SELECT count(*) FROM scored")
    return Linked(rows_n, entities, proposed, scored, by_rule, labels, large, learned)


def _find_neighbourhoods(con: duckdb.DuckDBPyConnection, model: TableModel, rows_n: int) -> tuple[Ints, int]:
    """Temp `neighbours(n, label)` of rows that are not alone; answers the labels of all rows, and how many were in large ones."""
    line = math.log2(model.link_probability / (1 - model.link_probability))
    found = con.execute("SELECT a, b, bits FROM scored WHERE bits >= ? ORDER BY a, b", [line]).fetchnumpy()
    a, b = (np.asarray(found[side], dtype=np.int64) for side in "ab")
    labels, large = neighbourhoods(rows_n, a, b, np.asarray(found["bits"]), line)
    together = np.flatnonzero(np.bincount(labels, minlength=1)[labels] > 1)
    rows = pa.table({"n": together.astype(np.int32), "label": labels[together]})
    execute_with(con, "CREATE OR REPLACE TEMP TABLE neighbours AS FROM rows", [], rows)
    return labels, large


def _score_within(con: duckdb.DuckDBPyConnection, model: TableModel, learned: Learned) -> None:
    """Add to `scored` the pairs of the neighbourhoods that no rule had proposed; temp `within(a, b, levels, bits, probability, told)`: all
    pairs of the neighbourhoods."""
    pairs_within(con, model, MOST_DIVIDED)
    put_levels(con, model, "candidates", "levelled")
    weigh(con, model, learned, "levelled", "unproposed")
    con.execute("INSERT INTO scored FROM unproposed")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE within AS
        SELECT s.* FROM scored s JOIN neighbours x ON x.n = a JOIN neighbours y ON y.n = b AND y.label = x.label"""
    )
    con.execute("DROP TABLE candidates; DROP TABLE levelled; DROP TABLE unproposed; DROP TABLE neighbours")


def divide(con: duckdb.DuckDBPyConnection, labels: Ints, line: float, into: str) -> int:
    """Temp `into(record_id, entity_id, confidence)`: the neighbourhoods `labels` divided at the probability `line`, by all their pairs in
    temp `within`. Answers how many entities there are. An entity is named by a hash of its least record id."""
    found = con.execute("SELECT a, b, probability, told FROM within ORDER BY a, b").fetchnumpy()
    a, b = (np.asarray(found[side], dtype=np.int64) for side in "ab")
    probability, told = (np.asarray(found[name], dtype=np.float64) for name in ("probability", "told"))
    entity, confidence = average_linkage(len(labels), a, b, probability, told, labels, line, sources_of(con))
    rows = pa.table({"n": np.arange(len(labels), dtype=np.int32), "first": entity.astype(np.int32), "confidence": confidence})
    execute_with(con, "CREATE OR REPLACE TEMP TABLE grouped AS FROM rows", [], rows)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT p.record_id, 'e' || left(md5(f.record_id), 15) AS entity_id, round(g.confidence, 6) AS confidence
        FROM grouped g JOIN prepared p USING (n) JOIN prepared f ON f.n = g.first"""
    )
    con.execute("DROP TABLE grouped")
    return len(np.unique(entity))

"""Pairs worth comparing: rows that agree on all expressions of a pairing rule."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.link.sources import keep_apart, pairs_sql
from schemas.errors import UsageError
from schemas.table_model import PairingRule, TableModel


@dataclass(frozen=True)
class Paired:
    """What a rule proposed: pairs of its own, and blocks above its cap with the rows in them."""

    rule: tuple[str, ...]
    pairs: int
    blocks_over_cap: int
    rows_over_cap: int


def pair(con: duckdb.DuckDBPyConnection, model: TableModel) -> list[Paired]:
    """Make temp `candidates(a, b)` from temp `prepared`: distinct pairs of row numbers, a < b.

    Raises:
        UsageError: a rule is not SQL over prepared fields, or all rules together would make more pairs than `pairs_at_most`.
    """
    source, apart = (", source_n", "AND x.source_n <> y.source_n") if model.link_only else ("", "")
    con.execute(f"CREATE OR REPLACE TEMP TABLE blocks (rule UTINYINT, key UBIGINT, n INTEGER{source and ', source_n INTEGER'})")
    for number, rule in enumerate(model.pairing):
        _fill(con, number, rule, f"n{source}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE sizes AS
        SELECT rule, key, count(*) AS size, {pairs_sql(model)} AS pairs FROM blocks GROUP BY rule, key HAVING count(*) > 1"""
    )
    found = [_count(con, number, rule) for number, rule in enumerate(model.pairing)]
    _check_number(model, found)
    kept = " OR ".join(f"rule = {number} AND size <= {rule.cap}" for number, rule in enumerate(model.pairing))
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE candidates AS
        WITH members AS (SELECT rule, key, n{source} FROM blocks JOIN (SELECT rule, key FROM sizes WHERE {kept}) USING (rule, key))
        SELECT DISTINCT x.n AS a, y.n AS b FROM members x JOIN members y ON x.rule = y.rule AND x.key = y.key AND x.n < y.n {apart}"""
    )
    con.execute("DROP TABLE blocks; DROP TABLE sizes")
    return found


def _fill(con: duckdb.DuckDBPyConnection, number: int, rule: PairingRule, row: str) -> None:
    parts = ", ".join(f"({part})" for part in rule.agree_on)
    present = " AND ".join(f"({part}) IS NOT NULL" for part in rule.agree_on)
    try:
        con.execute(f"INSERT INTO blocks SELECT {number}, hash({parts}), {row} FROM prepared WHERE {present}").fetchall()
    except duckdb.Error as error:
        # what DuckDB says of the rule itself helps; what it says of a row would quote it
        told = isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException)
        raise UsageError(
            f"pairing rule {number + 1} ({', '.join(rule.agree_on)}) cannot be worked out",
            why=str(error).split("\n")[0] if told else f"a value does not suit it ({type(error).__name__})",
            mend="It may use the fields of the model, and of a date born_year, born_month, born_day",
        ) from None  # fmt: skip


def _count(con: duckdb.DuckDBPyConnection, number: int, rule: PairingRule) -> Paired:
    sql = f"""SELECT coalesce(sum(pairs) FILTER (size <= {rule.cap}), 0), count(*) FILTER (size > {rule.cap}),
        coalesce(sum(size) FILTER (size > {rule.cap}), 0) FROM sizes WHERE rule = ?"""
    pairs, blocks, rows = con.execute(sql, [number]).fetchall()[0]
    return Paired(rule.agree_on, int(pairs), int(blocks), int(rows))


def _check_number(model: TableModel, found: list[Paired]) -> None:
    pairs = sum(of_rule.pairs for of_rule in found)
    if pairs > model.pairs_at_most:
        worst = max(found, key=lambda of_rule: of_rule.pairs)
        raise UsageError(
            f"the pairing rules would make {pairs:,} pairs, more than {model.pairs_at_most:,}",
            why=f"the rule on {', '.join(worst.rule)} alone makes {worst.pairs:,}",
            mend="Add a field to that rule, lower its cap, or raise `pairs_at_most`",
        )


def pairs_within(con: duckdb.DuckDBPyConnection, model: TableModel, most: int) -> None:
    """Make temp `candidates(a, b)` of the pairs within the neighbourhoods of temp `neighbours(n, label)` that are not in temp `scored`; of
    a neighbourhood with more than `most` rows none."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE candidates AS
        WITH small AS (SELECT * FROM neighbours QUALIFY count(*) OVER (PARTITION BY label) BETWEEN 3 AND $most),
        pairs AS (SELECT x.n AS a, y.n AS b FROM small x JOIN small y ON x.label = y.label AND x.n < y.n)
        FROM pairs ANTI JOIN scored USING (a, b)""",
        {"most": most},
    )
    keep_apart(con, model, "candidates")

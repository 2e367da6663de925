"""How right a clustering is against a truth, and how two clusterings differ. No stage reads a truth.

All is counted on cells: how many records a cluster of the one side has in common with a cluster of the other.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.warehouse import count

_SIZES = (1, 2, 3, 4, 5, 10, 50, 1000)  # upper ends of the classes of size


@dataclass(frozen=True)
class Scores:
    """Precision, recall and their harmonic mean, each 0 … 1; 1 where there is nothing to be wrong about."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, precision: float, recall: float) -> Scores:
        return cls(precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0)


@dataclass(frozen=True)
class SizeClass:
    """True entities of some sizes: how many came out `exact`, in several clusters (`split`), with others (`merged`), or both (`mixed`);
    `recall`: the share of their pairs that was found, None without pairs."""

    size: str
    entities: int
    exact: int
    split: int
    merged: int
    mixed: int
    recall: float | None


@dataclass(frozen=True)
class Evaluation:
    """`pairs`: over pairs of records; `b_cubed`: mean over records (Bagga and Baldwin 1998). `entities` are clusters, `true_entities` those
    of the truth, both as far as `records` in both name them."""

    records: int
    entities: int
    true_entities: int
    pairs: Scores
    b_cubed: Scores
    by_size: tuple[SizeClass, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """Clusters of A by what they are in B: `unchanged`; `merged`, whole within a larger one; `split` into parts of their own;
    `overlapping`, divided among clusters that hold others too. `talburt_wang`: sqrt(|A| |B|) / number of cells (Talburt, Wang et al.
    2007), 1 for equal clusterings. `pairs_*`: pairs of records that are together in A, in B, in both."""

    records: int
    only_in_a: int
    only_in_b: int
    clusters_a: int
    clusters_b: int
    unchanged: int
    merged: int
    split: int
    overlapping: int
    talburt_wang: float
    pairs_a: int
    pairs_b: int
    pairs_both: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(con: duckdb.DuckDBPyConnection, clusters: str, truth: str) -> Evaluation:
    """Measure the table or query `clusters` against `truth`, both `(record_id, entity_id)`, over the records in both."""
    _count_cells(con, clusters, truth)
    records, entities, true_entities, both, found, true = _totals(con)
    b_cubed = con.execute("SELECT sum(n * n / a_n) / sum(n), sum(n * n / b_n) / sum(n) FROM cells").fetchone() or (None, None)
    pairs = Scores.of(both / found if found else 1.0, both / true if true else 1.0)
    return Evaluation(
        records, entities, true_entities, pairs, Scores.of(*(1.0 if value is None else float(value) for value in b_cubed)), _by_size(con)
    )


def compare(con: duckdb.DuckDBPyConnection, a: str, b: str) -> Difference:
    """How the clustering `b` differs from `a`, tables or queries of `(record_id, entity_id)`, over the records in both."""
    _count_cells(con, a, b)
    records, clusters_a, clusters_b, both, in_a, in_b = _totals(con)
    fates = con.execute(
        """WITH fates AS (
            SELECT CASE WHEN count(*) = 1 THEN CASE WHEN min(b_n) = min(n) THEN 'unchanged' ELSE 'merged' END
                        WHEN bool_and(b_n = n) THEN 'split' ELSE 'overlapping' END AS fate
            FROM cells GROUP BY a)
        SELECT fate, count(*) FROM fates GROUP BY fate"""
    ).fetchall()
    of = {str(fate): int(n) for fate, n in fates}
    cells = count(con, "SELECT count(*) FROM cells")
    return Difference(
        records=records,
        only_in_a=count(con, f"SELECT count(*) FROM ({_rows(a)}) ANTI JOIN ({_rows(b)}) USING (record_id)"),
        only_in_b=count(con, f"SELECT count(*) FROM ({_rows(b)}) ANTI JOIN ({_rows(a)}) USING (record_id)"),
        clusters_a=clusters_a, clusters_b=clusters_b,
        **{fate: of.get(fate, 0) for fate in ("unchanged", "merged", "split", "overlapping")},
        talburt_wang=(clusters_a * clusters_b) ** 0.5 / cells if cells else 1.0,
        pairs_a=in_a, pairs_b=in_b, pairs_both=both,
    )  # fmt: skip


def duplicate_rates(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Share of CRM records that repeat a customer another CRM record already stands for: before, as sent; after, as customers."""
    row = con.execute(
        """SELECT count(*), count(DISTINCT customer_id)
        FROM cluster.members JOIN std.mentions USING (record_id) WHERE role = 'crm_customer'"""
    ).fetchone()
    records, customers = (int(row[0]), int(row[1])) if row else (0, 0)
    return {"crm_records": records, "crm_customers": customers, "duplicate_rate": 1 - customers / records if records else 0.0}


def evaluate_home(con: duckdb.DuckDBPyConnection, truth: Path) -> Evaluation:
    """Measure the customers of a warehouse against a truth file (Parquet: `record_id`, `party_id`), over all mentions it names."""
    con.execute("CREATE OR REPLACE TEMP TABLE known AS SELECT record_id, party_id AS entity_id FROM read_parquet(?)", [str(truth)])
    found = evaluate(con, "SELECT record_id, customer_id AS entity_id FROM cluster.members", "known")
    con.execute("DROP TABLE known")
    return found


def duplicates_left(con: duckdb.DuckDBPyConnection, truth: Path) -> float:
    """Share of the customers with CRM records that stand for a party which another customer stands for too, by `truth` (Parquet:
    `record_id`, `party_id`)."""
    row = con.execute(
        """WITH standing AS (
            SELECT DISTINCT t.party_id, m.customer_id
            FROM cluster.members m JOIN read_parquet(?) t USING (record_id) JOIN std.mentions s USING (record_id)
            WHERE s.role = 'crm_customer')
        SELECT count(*) - count(DISTINCT party_id), count(DISTINCT customer_id) FROM standing""",
        [str(truth)],
    ).fetchone()
    return int(row[0]) / int(row[1]) if row and row[1] else 0.0


def _rows(clusters: str) -> str:
    return f"SELECT record_id, entity_id FROM ({clusters})" if " " in clusters else f"SELECT record_id, entity_id FROM {clusters}"


def _count_cells(con: duckdb.DuckDBPyConnection, a: str, b: str) -> None:
    """Temp `cells(a, b, n, a_n, b_n)`: the records that a cluster of each side have in common, and how many each has."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE cells AS
        WITH counted AS (
            SELECT x.entity_id AS a, y.entity_id AS b, count(*) AS n
            FROM ({_rows(a)}) x JOIN ({_rows(b)}) y USING (record_id) GROUP BY ALL)
        SELECT a, b, n, sum(n) OVER (PARTITION BY a)::BIGINT AS a_n, sum(n) OVER (PARTITION BY b)::BIGINT AS b_n FROM counted"""
    )


def _totals(con: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    """Records, clusters of each side, and pairs together in both, in a, in b."""
    pairs = "coalesce(sum({0}::HUGEINT * ({0} - 1) // 2), 0)"
    row = con.execute(
        f"""SELECT coalesce(sum(n), 0), count(DISTINCT a), count(DISTINCT b), {pairs.format("n")},
            (SELECT {pairs.format("a_n")} FROM (SELECT DISTINCT a, a_n FROM cells)),
            (SELECT {pairs.format("b_n")} FROM (SELECT DISTINCT b, b_n FROM cells)) FROM cells"""
    ).fetchone()
    return tuple(map(int, row or ()))


def _by_size(con: duckdb.DuckDBPyConnection) -> tuple[SizeClass, ...]:
    starts = [1, *(end + 1 for end in _SIZES)]
    names = [str(first) if first == end else f"{first}-{end}" for first, end in zip(starts, _SIZES, strict=False)] + [f"{starts[-1]}+"]
    classes = " ".join(f"WHEN b_n <= {end} THEN {n}" for n, end in enumerate(_SIZES))
    rows = con.execute(
        f"""WITH entities AS (
            SELECT b, any_value(b_n) AS b_n, count(*) > 1 AS is_split, bool_or(a_n > n) AS is_merged,
                   sum(n::HUGEINT * (n - 1) // 2) AS found, any_value(b_n)::HUGEINT * (any_value(b_n) - 1) // 2 AS pairs
            FROM cells GROUP BY b)
        SELECT CASE {classes} ELSE {len(_SIZES)} END AS size_class, count(*), count(*) FILTER (NOT is_split AND NOT is_merged),
               count(*) FILTER (is_split AND NOT is_merged), count(*) FILTER (is_merged AND NOT is_split),
               count(*) FILTER (is_split AND is_merged), sum(found) / nullif(sum(pairs), 0)
        FROM entities GROUP BY size_class ORDER BY size_class"""
    ).fetchall()
    return tuple(
        SizeClass(names[n], int(entities), int(exact), int(split), int(merged), int(mixed), None if recall is None else float(recall))
        for n, entities, exact, split, merged, mixed, recall in rows
    )

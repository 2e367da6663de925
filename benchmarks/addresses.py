"""How well the address comparator tells the same place from different ones, and how fast: `python -m benchmarks.addresses`.

Beside it, Jaccard's index over pairs of characters. The held-out figures are of weights fitted to one half and measured on the other,
no address in both; the weights that ship are fitted to all pairs, so their own figure on these pairs says less.
"""

from __future__ import annotations

import time

import duckdb
import numpy as np

from benchmarks.address_pairs import read_pairs
from benchmarks.document import put_section
from benchmarks.fit_addresses import held_out, load, right
from pipelines.match.addresses import both_ways, read_parts, score

_TWOS = "list_distinct([substr({t}, i, 2) for i in range(1, length({t}))])"
_SHARED = f"len(list_intersect({_TWOS.format(t='a')}, {_TWOS.format(t='b')}))"
JACCARD = f"{_SHARED} / greatest(1, len({_TWOS.format(t='a')}) + len({_TWOS.format(t='b')}) - {_SHARED})"


def measure_scores(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[np.ndarray, float]:
    """The score of each pair, in their order, and the CPU seconds of reading the addresses and scoring the pairs."""
    began = time.process_time()
    read_parts(con, "texts", "parts")
    rows = con.execute(f"SELECT {sql} FROM pairs JOIN parts l ON l.address = a JOIN parts r ON r.address = b ORDER BY n").fetchall()
    return np.array([row[0] for row in rows], dtype=float), time.process_time() - began


def main() -> None:
    con = duckdb.connect(config={"threads": 1})
    pairs = load(con)
    read_pairs(con)
    everything = np.ones(len(pairs.labels), dtype=bool)
    baseline = np.array([row[0] for row in con.execute(f"SELECT {JACCARD} FROM pairs ORDER BY n").fetchall()], dtype=float)
    addresses = con.execute("SELECT count(*) FROM texts").fetchall()[0][0]
    scores, seconds = measure_scores(con, score("l", "r"))
    mutual, _ = measure_scores(con, both_ways("l", "r"))
    halves = np.mean(held_out(pairs), axis=0)
    figures = [
        ("bigram Jaccard", *right(pairs, baseline, everything)),
        ("weights of the other half", *halves),
        ("weights as shipped", *right(pairs, scores, everything)),
        ("weights as shipped, both directions", *right(pairs, mutual, everything)),
    ]
    lines = ["| score | ROC AUC | average precision |", "| --- | --: | --: |"]
    lines += [f"| {name} | {auc:.4f} | {precision:.4f} |" for name, auc, precision in figures]
    speed = f"{addresses / seconds:,.0f} distinct addresses a second of CPU on one core"
    lines += ["", f"{addresses:,} addresses read and {len(scores):,} pairs scored: {speed}."]
    print("\n".join(lines))
    put_section("addresses", lines)


if __name__ == "__main__":
    main()

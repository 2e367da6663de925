"""How right `hub dedupe` is on public person sets, without labels: at its own threshold, and at the best one a sweep finds.

`python -m benchmarks.identity` writes the table into docs/benchmarks.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.document import put_section
from benchmarks.measure import measure
from benchmarks.public_sets import PublicSet, public_sets
from pipelines.link.files import read_table
from pipelines.link.link import divide, link_rows
from pipelines.sql import quoted
from quality.linkage import Evaluation, evaluate
from schemas.table_model import load_table_model

PROJECT = Path(__file__).resolve().parent.parent
LINES = tuple(n / 20 for n in range(1, 20))


@dataclass(frozen=True)
class Found:
    """`own` at the model's threshold; the best pairwise F and the best B-cubed F over LINES."""

    own: Evaluation
    best_pairs: float
    best_b_cubed: float


def find(of: PublicSet) -> Found:
    """Link a set and measure it against its truth."""
    model, con = load_table_model(of.model), duckdb.connect()
    linked = link_rows(con, model, "file_rows", read_table(con, of.rows, "file_rows"))
    truth = f"SELECT {quoted(of.record_id)}::VARCHAR AS record_id, {quoted(of.entity_id)}::VARCHAR AS entity_id FROM file_rows"
    own = evaluate(con, "entities", truth)
    swept = []
    for line in LINES:
        divide(con, linked.labels, line, "divided")
        swept.append(evaluate(con, "divided", truth))
    return Found(own, max(of_line.pairs.f1 for of_line in swept), max(of_line.b_cubed.f1 for of_line in swept))


def main() -> None:
    lines = [
        "| set | rows | precision | recall | F | B-cubed F | best F | best B-cubed F | seconds | peak GB |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        for of in public_sets(Path(name)):
            command = [sys.executable, "-m", "cli", "dedupe", str(of.rows), "--model", str(of.model), "--out", f"{name}/out"]
            cost = measure(command, os.environ, PROJECT)
            found = find(of)
            pairs = found.own.pairs
            scores = (pairs.precision, pairs.recall, pairs.f1, found.own.b_cubed.f1, found.best_pairs, found.best_b_cubed)
            cells = [of.name, f"{found.own.records:,}", *(f"{score:.4f}" for score in scores), f"{cost.seconds:.1f}", f"{cost.peak_gb:.2f}"]
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    put_section("identity", lines)


if __name__ == "__main__":
    main()

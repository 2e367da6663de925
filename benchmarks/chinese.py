"""How `hub dedupe` links invented Chinese people: with the hub's own evidence, and with plain kinds only.

`python -m benchmarks.chinese [RECORDS …]` writes the table into docs/benchmarks.md; 100,000 and 1,000,000 records without arguments.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.chinese_people import make_people
from benchmarks.document import put_section
from benchmarks.measure import measure
from benchmarks.public_sets import MODELS
from pipelines.link.files import read_clusters
from quality.linkage import Evaluation, evaluate

PROJECT = Path(__file__).resolve().parent.parent
_MODELS = {"own evidence": "chinese_people", "plain": "chinese_people_plain"}


def main() -> None:
    lines = [
        "| kinds | rows | precision | recall | F | B-cubed F | seconds | CPU seconds | peak GB |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        people, out = Path(name) / "people.parquet", Path(name) / "out"
        for records in [int(given) for given in sys.argv[1:]] or [100_000, 1_000_000]:
            make_people(records).write_parquet(people)
            for kinds, model in _MODELS.items():
                command = [sys.executable, "-m", "cli", "dedupe", str(people), "--model", str(MODELS / f"{model}.yaml"), "--out", str(out)]
                cost, found = measure(command, os.environ, PROJECT), _found(people, out)
                scores = (found.pairs.precision, found.pairs.recall, found.pairs.f1, found.b_cubed.f1)
                cells = [kinds, f"{records:,}", *(f"{score:.4f}" for score in scores)]
                lines.append(f"| {' | '.join(cells)} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.peak_gb:.2f} |")
                print(lines[-1], flush=True)
    put_section("chinese", lines)


def _found(people: Path, out: Path) -> Evaluation:
    con = duckdb.connect()
    read_clusters(con, out / "clusters.parquet", "record_id", "entity_id", "found")
    read_clusters(con, people, "record_id", "entity_id", "truth")
    return evaluate(con, "found", "SELECT * FROM truth")


if __name__ == "__main__":
    main()

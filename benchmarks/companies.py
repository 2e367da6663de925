"""How `hub dedupe` links invented Chinese companies: by the model of examples/companies, and by plain kinds only.

`python -m benchmarks.companies [RECORDS …]` writes the table into docs/benchmarks.md; 100,000 and 1,000,000 records without arguments.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.chinese_companies import make_companies
from benchmarks.document import put_section
from benchmarks.measure import measure
from benchmarks.person_sets import MODELS
from pipelines.link.files import read_clusters
from quality.linkage import Evaluation, evaluate

PROJECT = Path(__file__).resolve().parent.parent
_MODELS = {"own evidence": PROJECT / "examples" / "companies" / "model.yaml", "plain": MODELS / "chinese_companies_plain.yaml"}


def main() -> None:
    lines = [
        "| kinds | rows | precision | recall | F | B-cubed F | seconds | CPU seconds | peak GB |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        rows, out = Path(name) / "rows.parquet", Path(name) / "out"
        for records in [int(given) for given in sys.argv[1:]] or [100_000, 1_000_000]:
            make_companies(records).write_parquet(rows)
            for kinds, model in _MODELS.items():
                command = [sys.executable, "-m", "cli", "dedupe", str(rows), "--model", str(model), "--out", str(out)]
                cost, found = measure(command, os.environ, PROJECT), _found(rows, out)
                scores = (found.pairs.precision, found.pairs.recall, found.pairs.f1, found.b_cubed.f1)
                cells = [kinds, f"{records:,}", *(f"{score:.4f}" for score in scores)]
                lines.append(f"| {' | '.join(cells)} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.peak_gb:.2f} |")
                print(lines[-1], flush=True)
    put_section("companies", lines)


def _found(rows: Path, out: Path) -> Evaluation:
    con = duckdb.connect()
    read_clusters(con, out / "clusters.parquet", "record_id", "entity_id", "found")
    read_clusters(con, rows, "record_id", "entity_id", "truth")
    return evaluate(con, "found", "SELECT * FROM truth")


if __name__ == "__main__":
    main()

"""How `hub dedupe` links invented Chinese people and companies: with the hub's own evidence, and with plain kinds only.

`python -m benchmarks.chinese [people | companies] [RECORDS …]` writes the tables into docs/benchmarks.md; both, with 100,000 and 1,000,000
records, without arguments.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.chinese_companies import make_companies
from benchmarks.chinese_people import make_people
from benchmarks.document import put_section
from benchmarks.measure import measure
from benchmarks.public_sets import MODELS
from pipelines.link.files import read_clusters
from quality.linkage import Evaluation, evaluate

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Invented:
    """A table that is made up, and the models that link it. `section` of docs/benchmarks.md."""

    section: str
    make: Callable[[int], pl.DataFrame]
    models: dict[str, Path]


_INVENTED = {
    "people": Invented(
        "chinese", make_people, {"own evidence": MODELS / "chinese_people.yaml", "plain": MODELS / "chinese_people_plain.yaml"}
    ),
    "companies": Invented(
        "companies", make_companies,
        {"own evidence": PROJECT / "examples" / "companies" / "model.yaml", "plain": MODELS / "chinese_companies_plain.yaml"},
    ),
}  # fmt: skip


def main() -> None:
    asked = [given for given in sys.argv[1:] if given in _INVENTED] or list(_INVENTED)
    sizes = [int(given) for given in sys.argv[1:] if given not in _INVENTED] or [100_000, 1_000_000]
    for name in asked:
        put_section(_INVENTED[name].section, _measured(_INVENTED[name], sizes))


def _measured(of: Invented, sizes: list[int]) -> list[str]:
    lines = [
        "| kinds | rows | precision | recall | F | B-cubed F | seconds | CPU seconds | peak GB |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        rows, out = Path(name) / "rows.parquet", Path(name) / "out"
        for records in sizes:
            of.make(records).write_parquet(rows)
            for kinds, model in of.models.items():
                command = [sys.executable, "-m", "cli", "dedupe", str(rows), "--model", str(model), "--out", str(out)]
                cost, found = measure(command, os.environ, PROJECT), _found(rows, out)
                scores = (found.pairs.precision, found.pairs.recall, found.pairs.f1, found.b_cubed.f1)
                cells = [kinds, f"{records:,}", *(f"{score:.4f}" for score in scores)]
                lines.append(f"| {' | '.join(cells)} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.peak_gb:.2f} |")
                print(lines[-1], flush=True)
    return lines


def _found(rows: Path, out: Path) -> Evaluation:
    con = duckdb.connect()
    read_clusters(con, out / "clusters.parquet", "record_id", "entity_id", "found")
    read_clusters(con, rows, "record_id", "entity_id", "truth")
    return evaluate(con, "found", "SELECT * FROM truth")


if __name__ == "__main__":
    main()

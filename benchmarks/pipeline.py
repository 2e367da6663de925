"""The whole road at scale: generated extracts to served profiles, a day's delta, and the ratio to the floor.

The floor is DuckDB merely reading the same files and writing them as Parquet.
`python -m benchmarks.pipeline --customers 1000000` measures one size; results go to docs/benchmarks.md between the markers.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.document import put_section
from benchmarks.floor import floor
from benchmarks.measure import Measured, measure
from benchmarks.resolve import resolve_rows
from quality.linkage import Scores, evaluate_home

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--folder", type=Path, help="Where to work; default: a temporary folder, removed afterwards.")
    arguments = parser.parse_args()
    results = []
    for customers in arguments.customers:
        folder = Path(tempfile.mkdtemp(prefix="hub-bench-", dir=arguments.folder))
        try:
            results.append(_measure_size(customers, folder))
            print(json.dumps(results[-1], indent=1))
        finally:
            shutil.rmtree(folder)
    write_document(results)


def _measure_size(customers: int, folder: Path) -> dict[str, object]:
    env = os.environ | {"HUB_HOME": str(folder / "home"), "HUB_KEYS": str(folder / "keys"), "HUB_MEMORY": "4GB", "HUB_SETTLE_SECONDS": "0"}
    _hub(env, "init")
    _generate(env, customers, folder, day=0)
    landing = folder / "home" / "landing"
    bytes_in = sum(path.stat().st_size for path in landing.rglob("*") if path.is_file())
    floor_seconds = floor(landing, folder / "floor")
    full = _hub(env, "run", "--allow-quarantined")
    _generate(env, customers, folder, day=1)
    delta = _hub(env, "run", "--allow-quarantined")
    right = _evaluate(folder)
    one = resolve_rows(folder / "home", folder / "keys")
    return {
        "customers": customers,
        "rows": _rows(folder / "home"),
        "gigabytes_in": round(bytes_in / 1e9, 2),
        "full_seconds": round(full.seconds, 1),
        "full_peak_gb": round(full.peak_gb, 2),
        "delta_seconds": round(delta.seconds, 1),
        "delta_peak_gb": round(delta.peak_gb, 2),
        "floor_seconds": round(floor_seconds, 1),
        "ratio_to_floor": round(full.seconds / floor_seconds, 1),
        "precision": round(right.precision, 4),
        "recall": round(right.recall, 4),
        "resolve_p50_ms": round(one.p50_ms, 1),
        "resolve_p99_ms": round(one.p99_ms, 1),
        "stages_full": _stages(folder / "home", first=True),
        "stages_delta": _stages(folder / "home", first=False),
    }


def _generate(env: dict[str, str], customers: int, folder: Path, *, day: int) -> None:
    """The extracts of a day. The truth is put aside: a run that finds it evaluates itself, which no company's run does."""
    _hub(env, "generate", "--people", str(customers), "--day", str(day))
    shutil.rmtree(folder / "truth", ignore_errors=True)
    (folder / "home" / "truth").rename(folder / "truth")


def _evaluate(folder: Path) -> Scores:
    from pipelines.warehouse import open_warehouse

    with open_warehouse(folder / "home" / "warehouse.duckdb") as con:
        return evaluate_home(con, folder / "truth" / "truth.parquet").pairs


def _hub(env: dict[str, str], *arguments: str) -> Measured:
    print(time.strftime("%H:%M:%S"), "hub", *arguments, flush=True)
    return measure([sys.executable, "-m", "cli", *arguments], env, PROJECT)


def _rows(home: Path) -> int:
    from pipelines.warehouse import count, open_warehouse

    with open_warehouse(home / "warehouse.duckdb") as con:
        return count(con, "SELECT sum(rows_read_n) FROM raw.files")


def _stages(home: Path, *, first: bool) -> dict[str, float]:
    """Seconds per stage of the first or the last run."""
    from pipelines.warehouse import open_warehouse

    pick = "min" if first else "max"
    with open_warehouse(home / "warehouse.duckdb") as con:
        rows = con.execute(
            f"""SELECT stage, round(epoch(ended_at - started_at), 1) FROM meta.runs
            WHERE run_id = (SELECT arg_{pick}(run_id, seq) FROM meta.runs) ORDER BY seq"""
        ).fetchall()
    return {stage: float(seconds) for stage, seconds in rows}


def write_document(results: list[dict[str, object]]) -> None:
    """Put the table into docs/benchmarks.md."""
    lines = [
        "| people | rows | input GB | full s | peak GB | 1 % delta s | peak GB | floor s | full / floor | precision | recall "
        "| one record p50 ms | p99 ms |",
        "| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for r in results:
        cells = [r[k] for k in ("customers", "rows", "gigabytes_in", "full_seconds", "full_peak_gb", "delta_seconds", "delta_peak_gb",
                                "floor_seconds", "ratio_to_floor", "precision", "recall", "resolve_p50_ms", "resolve_p99_ms")]  # fmt: skip
        lines.append("| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in cells) + " |")
    lines += ["", "Precision and recall are pairwise, over all mentions, after the delta. One record: a CRM row's values, resolved as new."]
    lines += ["", "Seconds per stage:", ""]
    for r in results:
        for kind in ("full", "delta"):
            stages = r[f"stages_{kind}"]
            assert isinstance(stages, dict)
            lines.append(f"- {r['customers']:,} people, {kind}: " + ", ".join(f"{k} {v}" for k, v in stages.items()))
    put_section("pipeline", lines)


if __name__ == "__main__":
    main()

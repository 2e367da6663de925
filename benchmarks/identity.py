"""Who is who in sets with a known truth: `hub dedupe` and other engines, none with labels, at their own thresholds and at the best ones.

`python -m benchmarks.identity` writes the table into docs/benchmarks.md; with names of sets it only prints the rows of these. Engines take
turns, each a process of its own; seconds are the median of three rounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.document import put_section
from benchmarks.engines import SPLINK, Engine, engines, find
from benchmarks.measure import Measured, OverLimit, measure
from benchmarks.person_sets import PersonSet, person_sets

PROJECT = Path(__file__).resolve().parent.parent
ROUNDS, ONCE_ABOVE = 3, 100.0  # seconds; who takes longer runs once
MINUTES, GIGABYTES = 10, 16
HEAD = (
    "| set | engine | rows | precision | recall | F | B-cubed F | best F | best B-cubed F | seconds | / Splink | CPU seconds | peak GB |",
    "| --- | --- |" + " --: |" * 11,
)


@dataclass
class Turns:
    """What the rounds of one engine cost, or why there is no result."""

    engine: Engine
    costs: list[Measured] = field(default_factory=list)
    missing: str | None = None

    def take(self) -> None:
        if self.missing or (self.costs and self.costs[0].seconds > ONCE_ABOVE):
            return
        self.engine.out.mkdir(exist_ok=True)
        try:
            self.costs.append(measure(self.engine.command, os.environ, PROJECT, minutes=MINUTES, gigabytes=GIGABYTES))
        except OverLimit as over:
            self.missing = f"no result in {over}"
        except subprocess.CalledProcessError as failed:
            print(failed.output[-2_000:], file=sys.stderr)
            self.missing = f"no result: it failed with {failed.returncode}"

    @property
    def seconds(self) -> float:
        return median(cost.seconds for cost in self.costs)


def measure_set(of: PersonSet, folder: Path) -> list[str]:
    """The rows of the table for one set."""
    turns = [Turns(engine) for engine in engines(of, folder)]
    for _ in range(ROUNDS):
        for one in turns:
            one.take()
    splink = next(one for one in turns if one.engine.name.startswith(SPLINK))
    return [f"| {of.name} | {one.engine.name} | {_cells(of, one, splink)} |" for one in turns]


def _cells(of: PersonSet, one: Turns, splink: Turns) -> str:
    if one.missing:
        return " | ".join(["", one.missing, *[""] * 9])
    found = find(of, one.engine)
    pairs = found.own.pairs
    scores = (pairs.precision, pairs.recall, pairs.f1, found.own.b_cubed.f1, found.best.pairs, found.best.b_cubed)
    ratio = f"{one.seconds / splink.seconds:.2f}" if splink.costs else ""
    cpu, peak = (median(getattr(cost, name) for cost in one.costs) for name in ("cpu_seconds", "peak_gb"))
    return " | ".join(
        [f"{found.own.records:,}", *(f"{score:.4f}" for score in scores), f"{one.seconds:.1f}", ratio, f"{cpu:.1f}", f"{peak:.2f}"]
    )


def main() -> None:
    names, lines = sys.argv[1:], list(HEAD)
    print("\n".join(HEAD))
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        for number, of in enumerate(person_sets(Path(name), names)):
            folder = Path(name) / str(number)
            folder.mkdir()
            lines += (rows := measure_set(of, folder))
            print("\n".join(rows), flush=True)
    if not names:
        put_section("identity", lines)


if __name__ == "__main__":
    main()

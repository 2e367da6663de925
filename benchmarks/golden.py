"""Golden records: how long they take, and how often the value that survives is the true one, beside the two rules everybody starts with.

`python -m benchmarks.golden --customers 1000000` invents extracts, runs the hub and measures; `--home` measures a home there is, made by
`hub generate` and `hub run`. Results go to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

import duckdb

from benchmarks.document import put_section
from benchmarks.measure import measure
from pipelines.golden.scope import PART_CUSTOMERS, find_affected
from pipelines.golden.stage import decide_customers, golden
from pipelines.profile.values import derive_values
from pipelines.stage import Run
from pipelines.warehouse import count, open_warehouse
from schemas.survivorship import Chain, Survivorship, load_survivorship

PROJECT = Path(__file__).resolve().parent.parent
SHARE = 100  # a delta touches one mention in so many
_BASELINES: dict[str, Chain] = {"most recent": ("most_recent", "tie_break"), "most frequent": ("most_frequent", "tie_break")}
# Numbers of house, building, unit and room, in whatever order they are written; some are left out at times.
_HOUSE = "list_sort(regexp_extract_all({0}.address, '[0-9]+'))"
# Field -> whether the golden value `g` is the true one `t`.
_RIGHT = {
    "name": "g.name = t.name", "gender": "g.gender = t.gender", "birth_on": "g.birth_on = t.birth_on", "phone": "g.phone = t.phone",
    "email": "g.email = lower(t.email)", "id_number": "g.id_number = t.id_number",
    "address": f"g.district = t.district AND list_has_all({_HOUSE.format('t')}, {_HOUSE.format('g')})", "uscc": "g.uscc = t.uscc",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="A home that was run, with its truth.")
    parser.add_argument("--truth", type=Path, help="Folder of the truth; default: in the home.")
    parser.add_argument("--clock", action="store_true", help="Only time the home's stage, and print it as JSON: what the benchmark calls.")
    arguments = parser.parse_args()
    if arguments.clock:
        print(json.dumps(_clock(arguments.home)))
        return
    if arguments.home:
        _report(arguments.home, arguments.truth or arguments.home / "truth")
        return
    folder = Path(tempfile.mkdtemp(prefix="hub-golden-"))
    try:
        home = folder / "home"
        env = os.environ | {"HUB_HOME": str(home), "HUB_KEYS": str(folder / "keys"), "HUB_SETTLE_SECONDS": "0"}
        for command in (["init"], ["generate", "--people", str(arguments.customers)]):
            measure([sys.executable, "-m", "cli", *command], env, PROJECT)
        (home / "truth").rename(folder / "truth")  # a run that finds it evaluates itself
        measure([sys.executable, "-m", "cli", "run", "--allow-quarantined"], env, PROJECT)
        _report(home, folder / "truth")
    finally:
        shutil.rmtree(folder)


def _report(home: Path, truth: Path) -> None:
    clocked = measure([sys.executable, "-m", "benchmarks.golden", "--clock", "--home", str(home)], os.environ, PROJECT)
    times = json.loads(clocked.output.splitlines()[-1])
    shares = _shares(home, truth)
    put_section("golden", [*_times(times, clocked.peak_gb), "", *_table(shares)])
    print(json.dumps(times | {"peak_gb": round(clocked.peak_gb, 2)}), json.dumps(shares), sep="\n")


@contextmanager
def _taken_back(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The home's warehouse; whatever is done to it is taken back."""
    with closing(open_warehouse(home / "warehouse.duckdb", memory="4GB", temp=home / "tmp")) as con:
        con.execute("BEGIN")
        try:
            yield con
        finally:
            con.execute("ROLLBACK")


def _clock(home: Path) -> dict[str, float]:
    """Seconds of golden records, organisations, relations and value, for everybody and for a day's delta."""
    found: dict[str, float] = {}
    with _taken_back(home) as con:
        found["mentions"] = count(con, "SELECT count(*) FROM std.mentions")
        began = perf_counter()
        golden(con, Run("bench", full=True), 1_000_000)
        derive_values(con)
        found["full_seconds"] = round(perf_counter() - began, 1)
        found["customers"] = count(con, "SELECT count(*) FROM gold.customers")
    with _taken_back(home) as con:
        con.execute(f"INSERT INTO std.changes SELECT 'mentions', record_id, 1000000 FROM std.mentions WHERE hash(record_id) % {SHARE} = 0")
        began = perf_counter()
        golden(con, Run("bench"), 1_000_000)
        derive_values(con)
        found["delta_seconds"] = round(perf_counter() - began, 1)
    return found


def _shares(home: Path, truth: Path) -> dict[str, dict[str, float]]:
    """Rules -> field -> share of golden values that are the true ones, over customers of whom both are known."""
    shipped = load_survivorship()
    rules = {"the policy": shipped} | {name: _only(shipped, chain) for name, chain in _BASELINES.items()}
    return {name: _share_right(home, truth, policy) for name, policy in rules.items()}


def _only(policy: Survivorship, chain: Chain) -> Survivorship:
    return policy.model_copy(update={"fields": dict.fromkeys(policy.fields, chain)})


def _share_right(home: Path, truth: Path, policy: Survivorship) -> dict[str, float]:
    with _taken_back(home) as con:
        customers = find_affected(con, everything=True)
        decide_customers(con, policy, True, -(-customers // PART_CUSTOMERS))
        shares = ", ".join(
            f"round(avg(CASE WHEN g.{field} IS NOT NULL AND t.{field} IS NOT NULL THEN coalesce({right}, false)::INT END), 4)"
            for field, right in _RIGHT.items()
        )
        found = con.execute(
            f"""WITH whose AS (
                SELECT customer_id, mode(party_id) AS party_id FROM cluster.members JOIN read_parquet($truth) USING (record_id)
                GROUP BY customer_id)
            SELECT {shares} FROM gold.customers g JOIN whose USING (customer_id) JOIN read_parquet($people) t USING (party_id)""",
            {"truth": str(truth / "truth.parquet"), "people": str(truth / "people.parquet")},
        ).fetchall()[0]
        return dict(zip(_RIGHT, found, strict=True))


def _times(times: dict[str, float], peak_gb: float) -> list[str]:
    return [
        "| customers | mentions | full | a delta of 1 % of the mentions | peak |", "| ---: | ---: | ---: | ---: | ---: |",
        f"| {times['customers']:,} | {times['mentions']:,} | {times['full_seconds']} s | {times['delta_seconds']} s | {peak_gb:.2f} GB |",
    ]  # fmt: skip


def _table(shares: dict[str, dict[str, float]]) -> list[str]:
    lines = ["| share of golden values that are true | " + " | ".join(shares) + " |", "| --- |" + " ---: |" * len(shares)]
    return lines + [f"| {field} | " + " | ".join(f"{of[field]:.4f}" for of in shares.values()) + " |" for field in _RIGHT]


if __name__ == "__main__":
    main()

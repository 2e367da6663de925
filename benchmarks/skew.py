"""Blocks far larger than others: how long matching and clustering take, in how much memory, and what comes of it.

`python -m benchmarks.skew` writes the table into docs/benchmarks.md. Each case is run in a process of its own beside the same number of
ordinary people, who show what the skew alone costs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.document import put_section
from benchmarks.measure import measure
from pipelines.cluster.stage import cluster
from pipelines.match.stage import match
from pipelines.stage import Run, carry_out
from pipelines.warehouse import count, open_warehouse

PROJECT = Path(__file__).resolve().parent.parent
ROWS = 100_000
_NAME = "chr((19968 + {0} % 2000)::INTEGER) || chr((22000 + {0} // 2000 % 2000)::INTEGER)"
_PHONE = "'13' || lpad(({0} * 7919 % 1000000000)::VARCHAR, 9, '0')"
# case -> SQL over `n` of name, phone and birth date; what is left out is as in the ordinary case
CASES: dict[str, dict[str, str]] = {
    "ordinary people": {},
    "one phone, one name": {"name": "'王伟'", "phone": "'13812345679'", "birth": "NULL::DATE"},
    "one phone, a name each": {"phone": "'13812345679'"},
    "all called 王伟": {"name": "'王伟'"},
    "30 % without a name": {"name": f"CASE WHEN n % 10 >= 3 THEN {_NAME.format('n')} END"},
}


def lay_out(con: duckdb.DuckDBPyConnection, case: str, rows: int = ROWS) -> None:
    """`rows` mentions of the case and as many ordinary ones, each with a district and an e-mail address of its own."""
    said = {"name": _NAME.format("n"), "phone": _PHONE.format("n"), "birth": "DATE '1950-01-01' + (n * 31 % 20000)::INTEGER"}
    for first, of in ((0, said | CASES[case]), (rows, said)):
        con.execute(
            f"""INSERT INTO std.mentions BY NAME
            SELECT 'crm:' || n AS record_id, 'crm' AS source, 'crm:' || n AS row_id, 'crm_customer' AS role, 'person' AS party_kind,
                {of["name"]} AS name_norm, {of["name"]} AS name_pinyin, left({of["name"]}, 1) AS surname, false AS name_is_masked,
                {of["birth"]} AS birth_on, {of["phone"]} AS phone_norm, 'mobile' AS phone_kind,
                '浙江' AS province, '杭州' AS city, '区' || n % 2800 AS district, 'm' || n || '@x.cn' AS email_norm
            FROM range({first}, {first + rows}) AS t(n)"""
        )
    con.execute(
        """INSERT INTO std.identifiers
        SELECT record_id, 'phone', phone_norm, true, false, true FROM std.mentions
        UNION ALL SELECT record_id, 'email', email_norm, true, false, true FROM std.mentions"""
    )


def resolve(con: duckdb.DuckDBPyConnection) -> None:
    """Match and cluster what is laid out."""
    for name, stage in (("match", match), ("cluster", cluster)):
        carry_out(con, Run("skew", full=True), name, stage)


def main() -> None:
    lines = [
        "| rows | case | customers | blocks above the cap | candidate pairs | seconds | peak GB |",
        "| --: | --- | --: | --: | --: | --: | --: |",
    ]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        for n, case in enumerate(CASES):
            warehouse = Path(name) / f"{n}.duckdb"
            with open_warehouse(warehouse) as con:
                lay_out(con, case)
            cost = measure([sys.executable, "-m", "benchmarks.skew", str(warehouse)], os.environ, PROJECT)
            with open_warehouse(warehouse) as con:
                customers = count(con, "SELECT count(*) FROM cluster.customers")
                over, pairs = con.execute(
                    """SELECT list_sum(list_transform(
                        list_filter(json_keys(facts), lambda k: starts_with(k, 'blocks_over_cap')), lambda k: (facts ->> k)::BIGINT)),
                    (facts ->> 'candidate_pairs')::BIGINT FROM meta.runs WHERE stage = 'match'"""
                ).fetchall()[0]
            lines.append(f"| {2 * ROWS:,} | {case} | {customers:,} | {over:,} | {pairs:,} | {cost.seconds:.1f} | {cost.peak_gb:.2f} |")
            print(lines[-1], flush=True)
    put_section("skew", lines)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open_warehouse(Path(sys.argv[1]), memory="2GB", threads=2) as resolving:
            resolve(resolving)
    else:
        main()

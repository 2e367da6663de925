"""The way back: how right change orders are, and how many duplicates and wrong values a CRM has left that obeys them.

`python -m benchmarks.writeback` generates the demo, runs, releases and exports everything for the CRM, lets it obey, runs again, and writes
what the truth says of it into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.document import put_section
from benchmarks.measure import measure

PROJECT = Path(__file__).resolve().parent.parent
FIELDS = ("name", "phone", "email", "id_number", "birth_on", "gender")
# Whether a value is the true one: a phone is when the person has or had it.
_IS_TRUE = """CASE {field} WHEN 'name' THEN p.name = {value} WHEN 'email' THEN lower(p.email) = {value}
    WHEN 'id_number' THEN p.id_number = {value} WHEN 'gender' THEN p.gender = {value} WHEN 'birth_on' THEN p.birth_on::VARCHAR = {value}
    ELSE list_contains(p.phones, {value}) END"""
# What a row of a person says, in standard form; a name, a document number and an invalid e-mail as sent.
_SAYS = """
    SELECT r.row_id, unnest([
        {'field': 'name', 'value': replace(r.name, ' ', '')}, {'field': 'phone', 'value': m.phone_norm},
        {'field': 'email', 'value': coalesce(m.email_norm, r.email)}, {'field': 'id_number', 'value': r.id_number},
        {'field': 'birth_on', 'value': r.birth_on::VARCHAR}, {'field': 'gender', 'value': r.gender}], recursive := true)
    FROM raw.customers r JOIN std.mentions m ON m.record_id = r.row_id
    WHERE r.source = 'crm' AND coalesce(r.status, '') <> 'merged' AND m.party_kind = 'person'"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        lines = _measure(Path(folder), people)
    print("\n".join(lines))
    put_section("writeback", lines)


def _measure(folder: Path, people: int) -> list[str]:
    home = folder / "home"
    env = os.environ | {"HUB_HOME": str(home), "HUB_KEYS": str(folder / "keys"), "HUB_SETTLE_SECONDS": "0"}

    def hub(*arguments: str) -> None:
        measure([sys.executable, "-m", "cli", *arguments], env, PROJECT)

    hub("init")
    hub("generate", "--people", str(people))
    hub("run", "--allow-quarantined")
    hub("writeback", "propose")
    right, before, golden = _proposals(home), _crm(home), _golden(home)
    hub("writeback", "release", "--source", "crm", "--by", "benchmark")
    hub("writeback", "export", "crm", "--by", "benchmark")
    hub("generate", "--obey", "--people", str(people))
    hub("run", "--allow-quarantined")
    return [*right, "", *_states(home), "", *_fall(before, _crm(home)), "", *_compare(golden, _golden(home))]


def _ask(home: Path, sql: str) -> list[tuple[Any, ...]]:
    truth = home / "truth"
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        for name in ("truth", "people"):
            con.execute(f"CREATE TEMP TABLE {name} AS FROM read_parquet(?)", [str(truth / f"{name}.parquet")])
        return con.execute(sql).fetchall()


def _proposals(home: Path) -> list[str]:
    """How many proposals of each kind are right: two rows of one party, the true value, a value that is not true."""
    is_true = _IS_TRUE.format(field="o.field", value="coalesce(new_value, old_value)")
    rows = _ask(
        home,
        f"""SELECT o.kind, coalesce(o.field, ''), o.reason, count(*),
               count(*) FILTER (CASE o.kind WHEN 'merge' THEN t.party_id = b.party_id WHEN 'ask' THEN NOT coalesce({is_true}, false)
                                ELSE {is_true} END)
        FROM writeback.change_orders o JOIN truth t USING (record_id) JOIN people p USING (party_id)
        LEFT JOIN truth b ON b.record_id = o.other_record_id GROUP BY ALL ORDER BY ALL""",
    )
    head = ["| kind | field | reason | proposed | right | precision |", "| --- | --- | --- | --: | --: | --: |"]
    return [*head, *(f"| {kind} | {field} | {reason} | {n:,} | {ok:,} | {ok / n:.4f} |" for kind, field, reason, n, ok in rows)]


def _states(home: Path) -> list[str]:
    rows = _ask(home, "SELECT kind, count(*), count(*) FILTER (state = 'done') FROM writeback.standing GROUP BY kind ORDER BY kind")
    return ["Exported to the CRM, and seen done in its next extract: " + "; ".join(f"{kind} {n:,}, {ok:,}" for kind, n, ok in rows) + "."]


def _crm(home: Path) -> dict[str, tuple[int, int]]:
    """Of the CRM's rows, those merged left out: rows and parties; of each field how many values there are and how many are not true."""
    counted = _ask(
        home,
        """SELECT count(*), count(DISTINCT party_id) FROM raw.customers JOIN truth ON record_id = row_id
        WHERE source = 'crm' AND coalesce(status, '') <> 'merged'""",
    )
    wrong = f"count(*) FILTER (NOT coalesce({_IS_TRUE.format(field='s.field', value='s.value')}, false))"
    fields = _ask(
        home,
        f"""SELECT s.field, count(*), {wrong} FROM ({_SAYS}) s JOIN truth t ON t.record_id = s.row_id JOIN people p USING (party_id)
        WHERE s.value IS NOT NULL GROUP BY s.field""",
    )
    return {"rows": counted[0], **{field: (n, n_wrong) for field, n, n_wrong in fields}}


def _fall(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> list[str]:
    def share(of: dict[str, tuple[int, int]], what: str) -> str:
        n, other = of[what]
        return f"{1 - other / n:.2%} of {n:,}" if what == "rows" else f"{other / n:.2%} of {n:,}"

    rows = [("rows that repeat a party", "rows"), *((f"values of `{field}` that are not true", field) for field in FIELDS)]
    head = ["| in the CRM | before | after |", "| --- | --: | --: |"]
    return [*head, *(f"| {words} | {share(before, what)} | {share(after, what)} |" for words, what in rows)]


def _golden(home: Path) -> dict[str, set[str]]:
    """By field the parties whose golden value is true."""
    rows = _ask(
        home,
        f"""SELECT DISTINCT f.field, t.party_id
        FROM (SELECT customer_id, unnest([{", ".join(f"{{'field': '{field}', 'value': {field}::VARCHAR}}" for field in FIELDS)}]) AS f
              FROM gold.customers)
        JOIN cluster.members m USING (customer_id) JOIN truth t USING (record_id) JOIN people p USING (party_id)
        WHERE m.record_id LIKE 'crm:%' AND {_IS_TRUE.format(field="f.field", value="f.value")}""",
    )
    return {field: {party for of, party in rows if of == field} for field in FIELDS}


def _compare(before: dict[str, set[str]], after: dict[str, set[str]]) -> list[str]:
    return [
        "| golden values of the CRM's customers | true before | true after | became true | ceased to be |",
        "| --- | --: | --: | --: | --: |",
        *(f"| `{field}` | {len(before[field]):,} | {len(after[field]):,} | {len(after[field] - before[field]):,} | "
          f"{len(before[field] - after[field]):,} |" for field in FIELDS),
    ]  # fmt: skip


if __name__ == "__main__":
    main()

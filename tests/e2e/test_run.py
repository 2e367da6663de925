"""The whole road as a user walks it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from api.app import create_app
from cli.keys import issue_key_for
from schemas.settings import Settings
from tests.api.client import Client
from tests.e2e.hub import PEOPLE, SEED, environment, files_below, hub, published, version

pytestmark = pytest.mark.e2e
OUTCOMES = "rows_loaded_n + rows_unchanged_n + rows_superseded_n + rows_suppressed_n + rows_quarantined_n"


def one(database: Path | None, sql: str, *parameters: object) -> tuple[Any, ...]:
    con = duckdb.connect(str(database)) if database else duckdb.connect()
    try:
        row = con.execute(sql, list(parameters)).fetchone()
    finally:
        con.close()
    assert row is not None
    return row


def test_a_customer_is_found_by_an_order_and_read(finished: Path) -> None:
    settings = Settings(home=finished, keys=finished.with_name("home-keys"))
    key = issue_key_for(settings, "test", "agent", None)
    orders = str(finished / "published" / "current" / "mart.orders.parquet")
    order_no, customer_id = one(
        None, "SELECT order_no, customer_id FROM read_parquet(?) WHERE customer_id IS NOT NULL ORDER BY 1 LIMIT 1", orders
    )
    client = Client(create_app(settings), headers={"Authorization": f"Bearer {key}"})
    answer = client.post("/v1/customers/lookup", json={"type": "order", "value": order_no})
    assert customer_id in str(answer.json())
    profile = client.get(f"/v1/customers/{customer_id}")
    assert profile.status_code == 200
    assert order_no in profile.text


def test_every_row_of_every_file_is_accounted_for(used: Path) -> None:
    read, sums, files = one(used / "warehouse.duckdb", f"SELECT sum(rows_read_n), sum({OUTCOMES}), count(*) FROM raw.files")
    assert read == sums > PEOPLE
    assert files == len(files_below(used / "landing"))


def test_the_summary_says_what_came_out(fresh: Path) -> None:
    done = hub(fresh, "run", "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for words in ("crm_customers_", "extract: done", "mentions", "duplicates among CRM rows", "pairwise precision", "Published version"):
        assert words in done.stdout


def test_a_second_run_does_nothing_and_says_so(used: Path) -> None:
    before = files_below(used / "published") | files_below(used / "serving"), (used / "warehouse.duckdb").stat().st_mtime_ns
    done = hub(used, "run", "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    assert "Nothing new" in done.stdout
    assert before == (files_below(used / "published") | files_below(used / "serving"), (used / "warehouse.duckdb").stat().st_mtime_ns)


def test_the_job_itself_changes_nothing_without_news(used: Path) -> None:
    """As the nightly schedule runs it: without the look that `hub run` takes before."""
    before = files_below(used / "published"), published(used)
    done = subprocess.run(
        [sys.executable, "-c", "from assets.run import run_job; from schemas.settings import load_settings; run_job(load_settings())"],
        capture_output=True, text=True, check=False, env=environment(used), cwd=used.parent,
    )
    assert done.returncode == 0, done.stderr
    assert before == (files_below(used / "published"), published(used))


def test_a_day_later_only_what_changed_is_taken_in(used: Path) -> None:
    first = version(used)
    assert hub(used, "generate", "--people", str(PEOPLE), "--seed", str(SEED), "--day", "1").returncode == 0
    done = hub(used, "run", "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    assert version(used) != first
    incremental = published(used)
    full = hub(used, "run", "--allow-quarantined", "--full")
    assert full.returncode == 0, full.stderr
    assert published(used) == incremental, "the same from the changes as from everything"


def test_a_second_run_while_one_runs_is_told_who_and_since_when(fresh: Path) -> None:
    command = [sys.executable, "-m", "cli", "run", "--allow-quarantined"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(fresh), cwd=fresh.parent)
    try:
        holder = fresh / "run.lock.holder"
        while not holder.exists():
            assert first.poll() is None
            time.sleep(0.05)
        second = hub(fresh, "run", "--allow-quarantined")
        assert second.returncode == 1
        assert f"hub run (process {first.pid} on " in second.stderr and "since 20" in second.stderr
        assert "Traceback" not in second.stderr
        assert f"process {first.pid}" in hub(fresh, "status").stdout
    finally:
        first.communicate(timeout=240)
    assert first.returncode == 0


def test_status_and_doctor_find_a_finished_home_well(used: Path) -> None:
    status = hub(used, "status")
    assert status.returncode == 0, status.stderr
    assert str(version(used)) in status.stdout and "quarantined" in status.stdout
    doctor = hub(used, "doctor")
    assert (doctor.returncode, "All is well." in doctor.stdout) == (0, True), doctor.stdout


def test_a_breach_of_a_contract_stops_before_publishing(used: Path) -> None:
    before = version(used)
    con = duckdb.connect(str(used / "warehouse.duckdb"))
    con.execute("INSERT INTO raw.customers SELECT * FROM raw.customers LIMIT 1")
    con.close()
    done = hub(used, "run", "--full")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "raw.customers: key_is_unique" in done.stderr
    assert version(used) == before
    assert "failed" in hub(used, "status").stdout

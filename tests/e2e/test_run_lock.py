"""One run at a time, and a second one that knows why it may not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.run_lock import lock_holder, run_lock
from schemas.errors import HomeBusy
from tests.conventions.source import PROJECT

HOLD = """
import sys
from pathlib import Path
from pipelines.run_lock import run_lock
with run_lock(Path(sys.argv[1]), "hub run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.lock"


def hold(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its standard input ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    return child


def test_a_free_lock_has_no_holder(path: Path) -> None:
    assert lock_holder(path) is None
    with run_lock(path, "hub run"):
        pass
    assert lock_holder(path) is None


def test_the_holder_says_who_and_since_when(path: Path) -> None:
    with run_lock(path, "hub run") as holder:
        assert lock_holder(path) == holder
        assert (holder.pid, holder.command) == (os.getpid(), "hub run")
        assert str(holder.pid) in str(holder) and holder.since in str(holder)


def test_taking_it_twice_in_one_process_keeps_the_first_holder(path: Path) -> None:
    with run_lock(path, "hub run") as first:
        with run_lock(path, "the job in it") as second:
            assert second == first
        assert lock_holder(path) == first


def test_a_second_process_is_told_who_holds_it(path: Path) -> None:
    child = hold(path)
    try:
        with pytest.raises(HomeBusy) as caught, run_lock(path, "hub run"):
            pass
        assert f"hub run (process {child.pid} on " in str(caught.value) and ", since 20" in str(caught.value)
        assert caught.value.exit_code == 1
        holder = lock_holder(path)
        assert holder is not None and holder.pid == child.pid
    finally:
        child.communicate("", timeout=20)


def test_the_lock_ends_with_its_process_however_that_ends(path: Path) -> None:
    child = hold(path)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=20)
    assert lock_holder(path) is None, "what the killed process wrote beside the lock does not count"
    with run_lock(path, "hub run") as holder:
        assert holder.pid == os.getpid()


def test_an_error_inside_frees_the_lock(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_lock(path, "hub run"):
        raise ZeroDivisionError
    assert lock_holder(path) is None

"""`hub serve --examples`: what it prints works when pasted, and it takes its worker with it when it ends."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.conventions.source import PROJECT
from tests.e2e.hub import environment

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")]


@pytest.fixture
def server(used: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[str]]]:
    """A server on a free port, and the curl lines it printed."""
    log = tmp_path / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "--examples"], stdout=out, stderr=subprocess.STDOUT, cwd=PROJECT,
            env=environment(used, HUB_PORT="0", PYTHONUNBUFFERED="1"),
        )
        try:
            yield process, _lines(log, process)
        finally:
            process.kill()
            process.wait()


def _lines(log: Path, process: subprocess.Popen[bytes]) -> list[str]:
    for _ in range(600):
        text = log.read_text()
        if "startup complete" in text and text.count("curl") == 3:
            return [line.strip() for line in text.splitlines() if line.strip().startswith("curl")]
        assert process.poll() is None, text
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def answer(line: str) -> dict[str, object]:
    done = subprocess.run(shlex.split(line), capture_output=True, check=True, timeout=30)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_the_printed_lines_work_and_carry_nothing_personal_in_a_url(server: tuple[subprocess.Popen[bytes], list[str]]) -> None:
    lookup, profile, ready = server[1]
    customer_id = urlsplit(shlex.split(profile)[-1]).path.rsplit("/", 1)[-1]
    assert customer_id in json.dumps(answer(lookup))
    assert answer(profile)["customer_id"] == customer_id
    assert answer(ready)["status"] == "ready"
    paths = {urlsplit(shlex.split(line)[-1]).path for line in (lookup, profile, ready)}
    assert paths == {"/v1/customers/lookup", f"/v1/customers/{customer_id}", "/readyz"}


def test_the_worker_ends_with_its_server(server: tuple[subprocess.Popen[bytes], list[str]]) -> None:
    process = server[0]
    workers = _wait_for_worker(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) in {0, -signal.SIGTERM}
    assert psutil.wait_procs(workers, timeout=20)[1] == []


def test_the_worker_ends_when_its_server_is_killed(server: tuple[subprocess.Popen[bytes], list[str]]) -> None:
    process = server[0]
    workers = _wait_for_worker(process)
    process.kill()
    process.wait()
    assert psutil.wait_procs(workers, timeout=30)[1] == []


def _wait_for_worker(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    for _ in range(300):
        if found := children(process):
            return found
        time.sleep(0.1)
    raise AssertionError("no worker was started")

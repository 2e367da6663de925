"""The server process: starts, serves with several workers, stops; or says why not."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from api.server import bind, check_ready, serve, url_of
from pipelines.publish.keyring import create_keyring
from schemas.errors import HubError, ServingUnavailable, UsageError
from tests.api.conftest import Lines
from tests.api.home import ADA, CANARY, Home

PROGRAM = """
import sys
from pathlib import Path
from api.server import serve
from schemas.settings import Settings
if __name__ == "__main__":
    home, keys, workers = sys.argv[1:4]
    serve(Settings(home=Path(home), keys=Path(keys), port=0, workers=int(workers)), announce=lambda url: print(url, flush=True))
    print("tidied up", flush=True)
"""


@pytest.mark.parametrize(("workers", "told"), [(1, signal.SIGTERM), (1, signal.SIGINT), (2, signal.SIGTERM)])
def test_it_serves_until_told_to_stop(home: Home, tmp_path: Path, workers: int, told: signal.Signals) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    root = Path(__file__).parents[2]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(program), str(home.settings.home), str(home.settings.keys_dir), str(workers)],
            stdout=subprocess.PIPE, stderr=log, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(root)},
        )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url, headers={"authorization": f"Bearer {home.key()}"}, timeout=30, trust_env=False) as client:
            assert client.get(f"/v1/customers/{ADA}").status_code == 200
            assert client.get(f"/v1/customers/{CANARY}?phone={CANARY}").status_code == 404
            assert "server" not in client.get("/healthz").headers
        process.send_signal(told)
        assert process.wait(20) == 0
        assert process.stdout.read() == "tidied up\n"
    finally:
        process.kill()
        process.wait()
    printed = (tmp_path / "log").read_text()
    assert CANARY not in printed
    assert '"route":"/v1/customers/{customer_id}"' in printed
    assert all(line.startswith("{") for line in printed.splitlines()), printed


def test_without_an_index_it_does_not_start(home: Home) -> None:
    shutil.rmtree(home.settings.serving)
    with pytest.raises(ServingUnavailable, match="hub run") as caught:
        serve(home.settings)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("wrong", ["absent", "others"])
def test_without_its_keys_it_does_not_start(home: Home, wrong: str) -> None:
    shutil.rmtree(home.settings.keys_dir)
    if wrong == "others":
        create_keyring(home.settings.keys_dir)
    with pytest.raises(HubError, match="no keys" if wrong == "absent" else "another key"):
        check_ready(home.settings)


def test_a_taken_port_is_named_with_what_to_do(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} is in use.*HUB_PORT=") as caught:
            serve(home.settings.model_copy(update={"port": port}))
    assert caught.value.exit_code == 2


def test_two_that_want_one_port_cannot_both_have_it() -> None:
    with bind("127.0.0.1", 0) as first, pytest.raises(UsageError, match="in use"):
        bind("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="cannot be listened on"):
        bind(host, 0)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_the_url_is_one_a_browser_can_open(host: str, shown: str) -> None:
    try:
        listening = bind(host, 0)
    except UsageError:
        pytest.skip(f"this machine has no {host}")
    with listening:
        assert url_of(listening).startswith(shown)


def test_a_port_is_free_again_at_once(logged: Lines) -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
    began = time.monotonic()
    bind("127.0.0.1", port).close()
    assert time.monotonic() - began < 1

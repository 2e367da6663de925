"""`hub serve`: the API, with the worker beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.home import require_home
from cli.terminal import out
from pipelines.home_use import serving_from
from schemas.settings import Settings, load_settings

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
GRACE_SECONDS = 10


def register(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default HUB_PORT; 0: any free one.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="API processes; default HUB_WORKERS.")] = None,
    worker: Annotated[bool, typer.Option(help="Supervise `hub worker`, which does the background jobs.")] = True,
    examples: Annotated[bool, typer.Option("--examples", help="Print a fresh agent key (8 hours) and curl lines that work.")] = False,
) -> None:
    """Serve the API until it is told to stop (Ctrl-C)."""
    settings = load_settings(port=port, workers=workers)
    require_home(settings)

    def announce(url: str) -> None:
        out.print(f"Serving at [bold]{url}[/bold] (documentation at {url}/docs); Ctrl-C stops it.")
        if examples:
            from cli.examples import print_examples

            print_examples(settings, url)

    from api.server import serve as serve_api

    with serving_from(settings.home), _supervised_worker(settings) if worker else _nothing():
        serve_api(settings, announce=announce)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _supervised_worker(settings: Settings) -> Iterator[None]:
    """Keep a `hub worker` running as a child: started again when it ends, stopped with the server."""
    from api.server import check_ready

    check_ready(settings)  # before a child is started for nothing
    stopping = threading.Event()
    thread = threading.Thread(target=_keep_running, args=(stopping,), name="worker supervisor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(GRACE_SECONDS + 5)


def _keep_running(stopping: threading.Event) -> None:
    pause = FIRST_PAUSE
    while not stopping.is_set():
        # a session of its own: Ctrl-C reaches the server alone, which then stops the worker in good order
        command = [sys.executable, "-m", "cli", "worker", "--supervisor", str(os.getpid())]
        child = subprocess.Popen(command, start_new_session=True)
        while child.poll() is None and not stopping.wait(0.5):
            pass
        if stopping.is_set():
            _stop(child)
            return
        out.print(f"The worker ended with status {child.returncode}; starting it again in {pause:.0f} s.", style="yellow")
        stopping.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

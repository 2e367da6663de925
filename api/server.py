"""Serve the API with uvicorn, or say clearly why not."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from api import logs
from api.app import create_app
from ledger.store import open_ledger
from pipelines.publish.keyring import load_keyring
from pipelines.publish.serving_index import ServingIndex
from schemas.errors import HubError, UsageError
from schemas.settings import Settings

BACKLOG = 2048
FINISH_SECONDS = 10


def serve(settings: Settings, *, announce: Callable[[str], None] = print) -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM); `announce` gets the URL once connections are accepted.

    Raises:
        ServingUnavailable: the serving index is absent, damaged or of another schema.
        HubError: the keys or the ledger cannot be used, the port is taken, or the server did not start.
    """
    check_ready(settings)
    with bind(settings.host, settings.port) as listening:
        config = uvicorn.Config(
            partial(create_app, settings), factory=True, workers=settings.workers, log_config=logs.uvicorn_config(), access_log=False,
            server_header=False, proxy_headers=False, ws="none", lifespan="on", timeout_graceful_shutdown=FINISH_SECONDS,
        )
        announce(url_of(listening))
        with _ends_by_returning():
            started = _serve_together(config, listening) if settings.workers > 1 else _serve_alone(config, listening)
    if not started:
        raise HubError("the API did not start", why="the reason is in the log above")


def check_ready(settings: Settings) -> None:
    """Raise HubError unless index, keys and ledger can be used and belong together."""
    ServingIndex.open(settings.serving).close()
    load_keyring(settings.keys_dir, stores=[settings.serving])
    open_ledger(settings.ledger).close()


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at the address; port 0 is any free one.

    Raises:
        UsageError: the address is not one of this machine, is taken, or needs rights this process lacks.
    """
    where = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refusal(error, where, port) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        # listening at once, not when the server is up: otherwise two processes could both have bound the port
        listening.listen(BACKLOG)
        listening.set_inheritable(True)
    except OSError as error:
        listening.close()
        raise _refusal(error, where, port) from error
    return listening


def url_of(listening: socket.socket) -> str:
    """The URL at which a browser on this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(error: OSError, where: str, port: int) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"port {port} is in use by another program", where=where,
            mend=f"Stop that program, or choose another port: HUB_PORT={port % 65535 + 1}, or HUB_PORT=0 for any free one",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return UsageError(f"port {port} needs rights that this process lacks", where=where, mend="Choose a port above 1023: HUB_PORT=8000")
    return UsageError("this address cannot be listened on", where=where, why=error.strerror, mend="Set HUB_HOST, for example to 127.0.0.1")


def _serve_alone(config: uvicorn.Config, listening: socket.socket) -> bool:
    """Whether it came up."""
    server = uvicorn.Server(config)
    with suppress(SystemExit):
        server.run(sockets=[listening])
    return server.started


def _serve_together(config: uvicorn.Config, listening: socket.socket) -> bool:
    """Whether the workers came up."""
    supervisor = Multiprocess(config, [listening])
    supervisor.run()
    return all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)


@contextmanager
def _ends_by_returning() -> Iterator[None]:
    """Let `serve` return when it is told to stop, so that its caller can tidy up.

    uvicorn finishes the open requests and then raises the signal once more for the handler that was there before it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)



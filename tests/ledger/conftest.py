"""A ledger of every kind: SQLite always, PostgreSQL where its server and psycopg are installed (a private server, ended afterwards)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from ledger.store import Ledger, open_ledger


def _server_folder() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def postgres_is_missing() -> str | None:
    """Why there can be no PostgreSQL here; None where there can."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed"
    if _server_folder() is None:
        return "no PostgreSQL server is installed"
    # PostgreSQL refuses to run as root: there it runs as its own account
    if os.geteuid() == 0 and (not shutil.which("runuser") or subprocess.run(["runuser", "-u", "postgres", "true"], check=False).returncode):
        return "PostgreSQL cannot run as root, and there is no account for it"
    return None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a private PostgreSQL that listens on a socket in its own folder only."""
    binaries = _server_folder()
    assert binaries is not None
    as_server = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # a socket's path may not be longer than about 100 characters
    folder = Path(tempfile.mkdtemp(prefix="hubpg"))
    if as_server:
        shutil.chown(folder, "postgres")
    control = [*as_server, str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    _quietly([*as_server, str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "hub", "-A", "trust", "-N"])
    _quietly([*control, "-l", str(folder / "log"), "-o", f"-c listen_addresses='' -k {folder} -F", "start"])
    try:
        yield f"postgresql://hub@/postgres?host={folder}"
    finally:
        _quietly([*control, "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


LEDGERS = ["sqlite"] if postgres_is_missing() else ["sqlite", "postgresql"]


@pytest.fixture(params=LEDGERS)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty ledger."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"hub_{uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.replace("/postgres?", f"/{name}?")
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = open_ledger(ledger_url)
    yield opened
    opened.close()

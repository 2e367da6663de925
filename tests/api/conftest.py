from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.backend import Backend
from api.logs import JsonLines
from tests.api.client import Client
from tests.api.home import Home, new_home, open_home


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a home with a published version, to be copied."""
    folder = tmp_path_factory.mktemp("published")
    made = new_home(folder)
    made.publish()
    made.ledger.close()
    return folder


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Iterator[Home]:
    """A home with a published version, for this test alone."""
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    opened = open_home(tmp_path)
    yield opened
    opened.ledger.close()


@pytest.fixture
def backend(home: Home) -> Backend:
    return Backend(home.settings)


@pytest.fixture
def app(backend: Backend) -> FastAPI:
    return create_app(backend=backend)


@pytest.fixture
def anonymous(app: FastAPI) -> Iterator[Client]:
    """A client without a key."""
    with Client(app) as client:
        yield client


@pytest.fixture
def agent(anonymous: Client, home: Home) -> Client:
    """A client with an agent's key."""
    anonymous.headers["authorization"] = f"Bearer {home.key()}"
    return anonymous


class Lines(logging.Handler):
    """Everything logged, by whomever, as it would be printed."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def logged() -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)

"""For all tests: the environment of whoever runs them stays out, and so does noise after the summary."""

from __future__ import annotations

import atexit
import os

import pytest

# DuckDB's binding complains of reference counts when the interpreter ends with Great Expectations loaded; pytest has said all by then
atexit.register(os.dup2, os.open(os.devnull, os.O_WRONLY), 2)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the hub or of Dagster leaks into a test."""
    for name in list(os.environ):
        if name.startswith(("HUB_", "DAGSTER_")):
            monkeypatch.delenv(name)

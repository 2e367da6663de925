"""A home with the demo's extracts, and one in which they were run; each made once a worker, then copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.hub import PEOPLE, SEED, copy, hub


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Initialised, with extracts in landing/, nothing run."""
    home = tmp_path_factory.mktemp("template") / "home"
    for arguments in (("init",), ("generate", "--people", str(PEOPLE), "--seed", str(SEED))):
        done = hub(home, *arguments)
        assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="session")
def finished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after an undisturbed run. Tests read it and do not change it."""
    home = copy(template, tmp_path_factory.mktemp("finished") / "home")
    done = hub(home, "run", "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def fresh(template: Path, tmp_path: Path) -> Path:
    """A home of the test's own before any run."""
    return copy(template, tmp_path / "home")


@pytest.fixture
def used(finished: Path, tmp_path: Path) -> Path:
    """A home of the test's own after a run."""
    return copy(finished, tmp_path / "home")

"""A full disk, a home that cannot be written: one clear sentence, exit status 1, nothing lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.hub import copy, files_below, hub, published, version

pytestmark = pytest.mark.e2e
ROOM_ENOUGH = "400m"


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine does not let the test mount: {done.stderr.strip()}")


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    folder.mkdir(exist_ok=True)
    mount(*arguments, str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def read_only(home: Path) -> Iterator[None]:
    """The folder, not writable for whoever runs this."""
    if os.geteuid() == 0:
        with mounted(home, "--bind", str(home)):
            mount("-o", "remount,ro,bind", str(home))
            yield
    else:
        home.chmod(0o500)
        try:
            yield
        finally:
            home.chmod(0o700)


def assert_told(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    sentence = done.stderr.strip()
    assert sentence.count("\n") == 0, sentence
    assert any(word in sentence.lower() for word in words), sentence


def test_a_read_only_home_is_told(used: Path) -> None:
    before = files_below(used / "published")
    with read_only(used):
        assert_told(hub(used, "run", "--allow-quarantined"), "read-only", "denied")
        assert_told(hub(used, "run", "--allow-quarantined", "--full"), "read-only", "denied")
        doctor = hub(used, "doctor")
        assert doctor.returncode == 1 and "Traceback" not in doctor.stderr
    assert before == files_below(used / "published")


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert_told(hub(tmp_path / "file" / "home", "init"), "not a directory")


@pytest.mark.parametrize("room", ["2m", "6m", "14m"])
def test_a_full_disk_is_told_and_the_next_run_completes(template: Path, finished: Path, tmp_path: Path, room: str) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "-t", "tmpfs", "-o", f"size={room}", "tmpfs"):
        home = copy(template, disk / "home")
        landed = files_below(home / "landing")
        assert_told(hub(home, "run", "--allow-quarantined"), "space", "full")
        assert version(home) is None
        assert landed == files_below(home / "landing")
        mount("-o", f"remount,size={ROOM_ENOUGH}", str(disk))
        done = hub(home, "run", "--allow-quarantined")
        assert done.returncode == 0, done.stderr
        assert published(home) == published(finished)

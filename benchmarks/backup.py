"""Backup, restore and verification of a home, timed as whole commands; what came back is compared to the byte.

`python -m benchmarks.backup --home HOME --keys KEYS --folder FOLDER` needs room in FOLDER for the home twice over and leaves nothing there.
The home itself is only read. Results go to docs/benchmarks.md between the markers.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import sys
from pathlib import Path

from benchmarks.document import put_section
from benchmarks.measure import Measured, measure
from operations.archive import read_archive

PROJECT = Path(__file__).resolve().parent.parent
TARGET_SECONDS = 180


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, words in (("home", "A home that was run."), ("keys", "Its keys."), ("folder", "Where to work; made and removed.")):
        parser.add_argument(f"--{name}", type=Path, required=True, help=words)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True)
    try:
        backup = _hub(arguments.home, arguments.keys, "backup", folder / "backup")
        archive = read_archive(folder / "backup")
        restored = _hub(folder / "home", arguments.keys, "restore", folder / "backup")
        differing = [file.path for file in archive.files if not _is_equal(arguments.home, folder / "home", file.path)]
        shutil.rmtree(folder / "backup")
        _hub(folder / "home", arguments.keys, "upgrade")  # the home may be of an earlier release; the copy is not compared any more
        verified = _hub(folder / "home", arguments.keys, "verify")
    finally:
        shutil.rmtree(folder)
    put_section("backup", _lines(archive.bytes, len(archive.files), differing, backup, restored, verified))


def _hub(home: Path, keys: Path, *command: str | Path) -> Measured:
    env = os.environ | {"HUB_HOME": str(home), "HUB_KEYS": str(keys), "HUB_MEMORY": "4GB"}
    return measure([sys.executable, "-m", "cli", *command], env, PROJECT)


def _is_equal(one: Path, other: Path, name: str) -> bool:
    """Byte for byte; the ledger goes through its database, and its content is compared by tests."""
    return name == "ledger.db" or filecmp.cmp(one / name, other / name, shallow=False)


def _lines(size: int, files: int, differing: list[str], *steps: Measured) -> list[str]:
    """A table, and how it stands to the target."""
    rows = zip(("backup", "restore", "verify"), steps, strict=True)
    both = steps[0].seconds + steps[1].seconds
    return [
        f"A home of {size / 1e9:.1f} GB in {files} files; {len(differing)} files differ after it came back.",
        "",
        "| command | seconds | CPU seconds |",
        "| --- | --- | --- |",
        *(f"| `hub {name}` | {of.seconds:.0f} | {of.cpu_seconds:.0f} |" for name, of in rows),
        "",
        f"Backup and restore together {both:.0f} s; the target at a million customers is {TARGET_SECONDS} s.",
    ]


if __name__ == "__main__":
    main()

"""`hub` in child processes over homes of their own, and what it left there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import orjson

from pipelines.publish.keyring import load_keyring
from pipelines.publish.manifest import current_version
from pipelines.resolve.index import EVIDENCE, unseal
from schemas.publishing import PUBLISHED
from tests.conventions.source import PROJECT
from tests.publish.world import dump, serving_folder

PEOPLE, SEED = 400, 7
SECONDS = 240
OF_THE_RUN = {"seq", "at", "created_seq", "created_at", "since_at", "until_at"}  # what two runs over the same files may differ in


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a `hub` over `home`; no other `HUB_` or Dagster setting gets in."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "DAGSTER_"))}
    return {
        **inherited, "HUB_HOME": str(home), "HUB_KEYS": str(home.with_name(f"{home.name}-keys")), "HUB_SETTLE_SECONDS": "0",
        "HUB_THREADS": "2", "HUB_MEMORY": "1GB", "COLUMNS": "200", "PYTHONPATH": str(PROJECT), **settings,
    }


def hub(home: Path, *arguments: str, program: tuple[str, ...] = ("-m", "cli"), **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `hub <arguments>` to its end."""
    return subprocess.run(
        [sys.executable, *program, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False, cwd=PROJECT,
        env=environment(home, **settings),
    )


def copy(template: Path, home: Path) -> Path:
    """A home like `template`, with the same keys: what is published is then the same to the byte."""
    shutil.copytree(template, home, symlinks=True)
    shutil.copytree(template.with_name(f"{template.name}-keys"), home.with_name(f"{home.name}-keys"))
    return home


def version(home: Path) -> str | None:
    folder = current_version(home / "published")
    return folder.name if folder else None


def published(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of every published table, sorted, without the columns that name the run."""
    folder = current_version(home / "published")
    assert folder is not None
    return {table.name: _rows(folder / f"{table.name}.parquet", table.layer) for table in PUBLISHED}


def served(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every entry of the serving index. Evidence is opened: sealed twice, it looks different each time."""
    key = load_keyring(home.with_name(f"{home.name}-keys")).field
    content: dict[str, list[tuple[Any, ...]]] = {name: list(entries) for name, entries in dump(serving_folder(home)).items()}
    opened = [(customer, orjson.loads(unseal(key, customer, sealed))) for customer, sealed in content[EVIDENCE]]
    return content | {EVIDENCE: [(customer, *(sorted(map(orjson.dumps, rows)) for rows in said)) for customer, said in opened]}


def _rows(path: Path, layer: str) -> list[tuple[Any, ...]]:
    names = [row[0] for row in duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()]
    ours = OF_THE_RUN if layer in ("cluster", "gold", "writeback") else {"loaded_at"}
    columns = ", ".join(f'"{name}"' for name in names if name not in ours)
    return duckdb.execute(f"SELECT {columns} FROM read_parquet(?) ORDER BY ALL", [str(path)]).fetchall()


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

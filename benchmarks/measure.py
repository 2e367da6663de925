"""Run a command as a whole process and account for it: wall seconds, CPU seconds, peak memory of the process tree."""

from __future__ import annotations

import contextlib
import math
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu_seconds: float
    peak_gb: float
    output: str


class OverLimit(Exception):
    """A command was ended because it took more than it might; the text says of what."""


@dataclass
class _Watch:
    """What the watcher of a process saw: the peak, and which limit was passed."""

    peak_gb: float = 0.0
    over: str | None = None


def measure(
    command: Sequence[str | Path], env: Mapping[str, str], cwd: Path, *, minutes: float = math.inf, gigabytes: float = math.inf
) -> Measured:
    """Run to the end; memory is the peak of the summed resident memory of the process and its children.

    Raises:
        subprocess.CalledProcessError: the command failed; its output is in the error.
        OverLimit: it took more than `minutes` or `gigabytes`.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env=dict(env), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seen = _Watch()
    watcher = threading.Thread(target=_watch, args=(process.pid, seen, minutes, gigabytes), daemon=True)
    before = _children_cpu()
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - began
    if seen.over:
        raise OverLimit(seen.over)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), output)
    return Measured(seconds, _children_cpu() - before, seen.peak_gb, output)


def machine() -> str:
    """One line about the machine and the versions that matter."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "pyarrow", "dagster", "fastapi", "lmdb"))
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {sys.version.split()[0]}"
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {system}; {packages}"


def _children_cpu() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(pid: int, seen: _Watch, minutes: float, gigabytes: float) -> None:
    began = time.perf_counter()
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            tree = (root, *root.children(recursive=True))
            now_gb = sum(map(_memory, tree)) / 2**30
            seen.peak_gb = max(seen.peak_gb, now_gb)
            if time.perf_counter() - began > minutes * 60:
                seen.over = f"{minutes:g} min"
            elif now_gb > gigabytes:
                seen.over = f"{gigabytes:g} GB"
            if seen.over:
                _end(tree)
                return
            time.sleep(0.1)
    except psutil.NoSuchProcess:
        return


def _end(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0

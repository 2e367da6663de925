"""Run a command as a whole process and account for it: wall seconds, CPU seconds, peak memory of the process tree."""

from __future__ import annotations

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


def measure(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Measured:
    """Run to the end; memory is the peak of the summed resident memory of the process and its children.

    Raises:
        subprocess.CalledProcessError: the command failed; its output is in the error.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env=dict(env), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peaks = [0.0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peaks), daemon=True)
    before = _children_cpu()
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), output)
    return Measured(seconds, _children_cpu() - before, peaks[0], output)


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


def _watch(pid: int, peaks: list[float]) -> None:
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            total = sum(_memory(p) for p in (root, *root.children(recursive=True)))
            peaks[0] = max(peaks[0], total / 2**30)
            time.sleep(0.1)
    except psutil.NoSuchProcess:
        return


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0

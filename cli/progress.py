"""A bar for each stage of a run."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

CHECKS = "check"


class _StageTime(TimeElapsedColumn):
    """Time of a stage; none for the checks, whose clock would run on while the stages between them do."""

    def render(self, task: Task) -> Text:
        return Text(" " * 7) if task.description == CHECKS else super().render(task)


class StageBars:
    """Told what goes on by `watch`; on a terminal it shows bars, elsewhere a line for each stage that has ended."""

    def __init__(self, console: Console, stages: tuple[str, ...], checks: int) -> None:
        self._console, self._checks = console, checks
        self._bars = Progress(
            TextColumn("{task.fields[mark]}"), TextColumn("{task.description:<12}"), BarColumn(bar_width=30), _StageTime(),
            TextColumn("{task.fields[note]}", style="dim"), console=console, disable=not console.is_terminal,
        )
        self._tasks = {stage: self._add(stage, None) for stage in stages} | {CHECKS: self._add(CHECKS, checks)}

    def __enter__(self) -> StageBars:
        self._bars.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.__exit__(kind, error, trace)

    def watch(self, progress: Any) -> None:
        """Take one `assets.progress.Progress`."""
        name = progress.step if progress.is_stage else CHECKS
        task = self._tasks[name]
        if progress.kind == "began":
            self._bars.start_task(task)
        elif progress.kind == "file":
            self._bars.update(task, note=str(progress.facts.get("file_name", "")))
        elif progress.kind == "ended" and progress.is_stage:
            self._bars.update(task, total=1, completed=1, mark="[green]✓", note="")
            self._bars.stop_task(task)
            self._say(f"{name}: done in {self._bars.tasks[task].elapsed or 0:.1f} s")
        elif progress.kind == "ended":
            self._bars.update(task, advance=1, note=f"{progress.step.removesuffix('_checks')}.*")
            if self._bars.tasks[task].completed >= self._checks:
                self._bars.update(task, mark="[green]✓", note="")
                self._bars.stop_task(task)
        elif progress.kind in ("failed", "check failed"):
            self._bars.update(task, mark="[red]✗")

    def _add(self, name: str, total: int | None) -> TaskID:
        return self._bars.add_task(name, start=False, total=total, mark=" ", note="")

    def _say(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line)

"""`hub run`: everything once, from landing files to published profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.home import require_home
from cli.progress import StageBars
from cli.terminal import out
from schemas.settings import Settings, load_settings


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    full: Annotated[bool, typer.Option("--full", help="Derive everything anew from the rows read so far; ids persist.")] = False,
    allow_quarantined: Annotated[
        bool, typer.Option("--allow-quarantined", help="Exit status 0 also when rows or files were set aside.")
    ] = False,
    sources: Annotated[Path | None, typer.Option(help="Folder of source mappings; default: HUB_SOURCES, else the demo's.")] = None,
) -> None:
    """Read the complete new files in landing/, resolve, publish. Does nothing when there is nothing new.

    Ends with exit status 1 when rows or files of this run had to be set aside: all else is taken in and published."""
    settings = load_settings(sources=sources)
    require_home(settings)
    set_aside_n = run_and_tell(settings, full=full, sources=sources)
    if set_aside_n and not allow_quarantined:
        raise typer.Exit(1)


def run_and_tell(settings: Settings, *, full: bool = False, sources: Path | None = None) -> int:
    """Run under the lock and print a summary; answers how many rows and files of this run were set aside or refused."""
    from pipelines.run_lock import run_lock

    with run_lock(settings.run_lock, "hub run"):
        from quality.backlog import nothing_to_do

        idle = None if full else nothing_to_do(settings)
        if idle:
            out.print(idle, markup=False)
            return 0
        run_id = _carry_out(settings, full, sources)
        from cli.summary import print_summary

        return print_summary(settings, run_id)


def _carry_out(settings: Settings, full: bool, sources: Path | None) -> str:
    with out.status("Loading the pipeline"):
        from assets.run import run_job
        from assets.stages import LAYER_OF, STAGES
    with StageBars(out, STAGES, checks=len(LAYER_OF) + 1) as bars:
        outcome = run_job(settings, full=full, sources=sources, watch=bars.watch)
    for failed in outcome.checks_failed:
        out.print(f"Check failed after publishing: {failed}. `hub dagster` shows more.", style="yellow", markup=False)
    return outcome.run_id

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
    sources: Annotated[Path | None, typer.Option(help="Folder of source mappings; default: HUB_SOURCES, else the demo's.")] = None,
) -> None:
    """Read the complete new files in landing/, resolve, publish. Does nothing when there is nothing new."""
    settings = load_settings(sources=sources)
    require_home(settings)
    run_and_tell(settings, full=full, sources=sources)


def run_and_tell(settings: Settings, *, full: bool = False, sources: Path | None = None) -> bool:
    """Run under the lock and print a summary; answers whether there was anything to do."""
    from pipelines.run_lock import run_lock

    with run_lock(settings.run_lock, "hub run"):
        from quality.backlog import nothing_to_do

        idle = None if full else nothing_to_do(settings)
        if idle:
            out.print(idle, markup=False)
            return False
        run_id = _carry_out(settings, full, sources)
        from cli.summary import print_summary

        print_summary(settings, run_id)
        return True


def _carry_out(settings: Settings, full: bool, sources: Path | None) -> str:
    with out.status("Loading the pipeline"):
        from assets.run import run_job
        from assets.stages import LAYER_OF, STAGES
    with StageBars(out, STAGES, checks=len(LAYER_OF) + 1) as bars:
        outcome = run_job(settings, full=full, sources=sources, watch=bars.watch)
    for failed in outcome.checks_failed:
        out.print(f"Check failed after publishing: {failed}. `hub dagster` shows more.", style="yellow", markup=False)
    return outcome.run_id

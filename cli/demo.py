"""`hub demo`: what `make demo` calls, from nothing to a served profile."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli.data import PEOPLE, SEED, People, Seed, write_extracts
from cli.home import prepare_home
from cli.run import run_and_tell
from cli.terminal import out
from schemas.settings import Settings, load_settings


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    people: People = PEOPLE, seed: Seed = SEED,
    serve: Annotated[bool, typer.Option(help="Serve the API afterwards.")] = True,
) -> None:
    """Make a home, write the demo's extracts, run, show what came out, serve. A second time it only serves."""
    settings = load_settings()
    prepare_home(settings)
    if _holds_extracts(settings):
        out.print(f"{settings.landing} holds extracts already; none are written.", markup=False)
    else:
        write_extracts(settings, people, seed)
    run_and_tell(settings)
    if serve:
        # a fresh process: a server should not carry what the pipeline loaded
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "cli", "serve", "--examples"])


def _holds_extracts(settings: Settings) -> bool:
    return any(path.is_file() and not path.name.startswith(".") for path in settings.landing.iterdir())

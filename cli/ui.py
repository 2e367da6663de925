"""`hub dagster`: Dagster's web interface and daemon over this home."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli.home import require_home
from cli.terminal import out
from schemas.settings import PROJECT, load_settings


def register(app: typer.Typer) -> None:
    app.command("dagster")(dagster)


def dagster(
    host: Annotated[str, typer.Option(help="Address the web interface listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web interface.")] = 3000,
) -> None:
    """Show the asset graph, runs and checks; run the sensor and the nightly schedule while it is open."""
    from assets.instance import prepare_dagster_home

    settings = load_settings()
    require_home(settings)
    folder = prepare_dagster_home(settings)
    # Dagster starts its processes elsewhere: what is relative to this folder must not be
    os.environ["HUB_HOME"] = str(settings.home.absolute())
    os.environ["HUB_KEYS"] = str(settings.keys_dir.absolute())
    os.environ["HUB_SOURCES"] = str(settings.sources_dir.absolute())
    os.environ["PYTHONWARNINGS"] = "ignore"  # Dagster recommends its other command line
    os.chdir(folder)
    out.print(f"Dagster at http://{host}:{port}, DAGSTER_HOME={folder}; Ctrl-C stops it.", markup=False)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "assets.definitions", "-h", host, "-p", str(port), "-d", str(PROJECT)]
    os.execv(sys.executable, command)

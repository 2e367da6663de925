"""The command `hub`: all subcommands, and how errors are told."""

from __future__ import annotations

import atexit
import os
import sys
import traceback
import warnings

import typer
from rich.console import Console

from assets.failures import Fault, without_values
from cli import (
    data,
    dedupe,
    demo,
    doctor,
    golden,
    history,
    home,
    judge,
    keys,
    linkage,
    model,
    operations,
    run,
    serve,
    sources,
    status,
    ui,
    worker,
    writeback,
)
from schemas.errors import HubError
from schemas.settings import load_settings

INTERRUPTED = 130

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
                  help="One person, one profile. Everything lies in HUB_HOME (default ./data).")
for module in (home, data, run, serve, worker, status, doctor, ui, demo, dedupe, linkage, judge, history, operations):
    module.register(app)
app.add_typer(golden.app, name="golden")
app.add_typer(keys.app, name="keys")
app.add_typer(model.app, name="model")
app.add_typer(sources.app, name="sources")
app.add_typer(writeback.app, name="writeback")


def main() -> None:
    """Run the command line; end with its exit status."""
    _keep_exit_quiet()
    try:
        debug = load_settings().debug
        if not debug:
            warnings.simplefilter("ignore")
        app(standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(tell(error))


def tell(error: Exception) -> int:
    """Print `error` as one sentence and answer the exit status; a fault of the program, or HUB_DEBUG, gets its traceback."""
    known = without_values(error)
    if _wants_traceback():
        traceback.print_exception(error)  # not Rich's, which never ends on the circular causes that Dagster makes
    elif isinstance(known, Fault):
        traceback.print_tb(error.__traceback__)
    text = str(known)
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    Console(stderr=True, soft_wrap=True, highlight=False).print(text, style="red", markup=False)
    return known.exit_code


def _wants_traceback() -> bool:
    try:
        return load_settings().debug
    except HubError:
        return False


def _keep_exit_quiet() -> None:
    """With Great Expectations loaded, DuckDB's binding complains of reference counts when the interpreter ends; all is said by then."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    atexit.register(os.dup2, devnull, 2)  # registered first, so it is done last

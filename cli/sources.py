"""`hub sources`: draft and check source mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.terminal import out
from schemas.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Source mappings: how a company's extract becomes the contract.")


@app.command()
def suggest(file: Annotated[Path, typer.Argument(help="An extract; only its head is read.")]) -> None:
    """Draft a mapping from a file's head. The draft goes to standard output: read it, mend it, save it as <name>.yaml."""
    from pipelines.extract.suggest import suggest as draft

    out.print(draft(file), markup=False, end="")


@app.command()
def check(folder: Annotated[Path | None, typer.Argument(help="Folder of mappings; default: HUB_SOURCES.")] = None) -> None:
    """Validate mappings; what is wrong is named with file and line."""
    from schemas.mapping import load_mappings

    settings = load_settings(sources=folder)
    table = Table("source", "entity", "files", "format", "update")
    for mapping in load_mappings(settings.sources_dir):
        table.add_row(mapping.source, mapping.entity, mapping.files, mapping.format, mapping.update.mode)
    out.print(table)
    out.print(f"{table.row_count} mappings in {settings.sources_dir} are valid.")

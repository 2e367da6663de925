"""`hub generate`: the demo's extracts."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.table import Table

from cli.home import require_home
from cli.terminal import number, out
from demo.size import LEAST_PEOPLE, MOST_PEOPLE
from schemas.settings import Settings, load_settings

PEOPLE = 20_000
SEED = 20_260_101

People = Annotated[int, typer.Option(min=LEAST_PEOPLE, max=MOST_PEOPLE, help="Persons who may buy.")]
Seed = Annotated[int, typer.Option(help="Same seed, same bytes.")]


def register(app: typer.Typer) -> None:
    app.command("generate")(generate_extracts)


def generate_extracts(
    people: People = PEOPLE,
    seed: Seed = SEED,
    day: Annotated[int, typer.Option(min=0, max=366, help="0: all of three years; later: what changed on that day.")] = 0,
) -> None:
    """Write the demo's extracts into landing/ and the truth beside them."""
    settings = load_settings()
    require_home(settings)
    write_extracts(settings, people, seed, day)


def write_extracts(settings: Settings, people: int, seed: int, day: int = 0) -> None:
    """Generate and tell what was written. Returns when the files have settled: a run started at once would leave the youngest alone."""
    from demo.generate import generate

    with out.status(f"Writing the extracts of {number(people)} invented people"):
        written = generate(settings.landing, settings.truth, people=people, seed=seed, day=day)
        time.sleep(settings.settle_seconds)
    table = Table("file", "rows", "broken", title=f"Written to {settings.landing}", title_justify="left")
    for name, rows in written.files.items():
        table.add_row(name, number(rows), number(written.broken.get(name, 0)))
    table.columns[1].justify = table.columns[2].justify = "right"
    out.print(table)
    out.print(
        f"{number(written.rows)} rows about {number(written.parties)} parties; "
        f"{written.duplicate_rate:.1%} of CRM rows are duplicates, {written.error_rate:.1%} carry an error."
    )

"""`hub generate`: the demo's extracts."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.table import Table

from cli.home import require_home
from cli.terminal import number, out
from demo.size import LEAST_PEOPLE, MOST_PEOPLE
from schemas.errors import HubError
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
    obey: Annotated[bool, typer.Option("--obey", help="The CRM does as its change orders say: its next extract, nothing else.")] = False,
) -> None:
    """Write the demo's extracts into landing/ and the truth beside them."""
    settings = load_settings()
    require_home(settings)
    if obey:
        obey_orders(settings, people, seed)
        return
    write_extracts(settings, people, seed, day)


def obey_orders(settings: Settings, people: int, seed: int) -> None:
    """Write the CRM's next extract, in which its change orders are carried out, and tell what was done."""
    from demo.obey import obey

    files = sorted((settings.writeback / "crm").glob("crm_changes_*.csv"), key=lambda path: int(path.stem.rsplit("_", 1)[1]))
    if not files:
        raise HubError("the CRM has no change orders", where=str(settings.writeback), mend="`hub writeback export crm` writes them")
    done = obey(settings.landing, files, people=people, seed=seed)
    time.sleep(settings.settle_seconds)
    out.print(
        f"{done.file_name}: {number(done.merged)} rows merged, {number(done.corrected)} values corrected, "
        f"{number(done.answered)} of {number(done.asked)} customers asked have answered."
    )


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

"""`hub judge`, `hub undo`: what stewards decide of who is who. It takes effect with the next run."""

from __future__ import annotations

import getpass
from contextlib import closing
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from cli.home import require_home
from cli.terminal import ago, number, out
from cli.warehouse import quiet_warehouse
from schemas.settings import load_settings

By = Annotated[str | None, typer.Option(help="Who judges; default: the user of this system.")]
Note = Annotated[str | None, typer.Option(help="Why; no personal data.")]
EFFECT = "It takes effect with the next `hub run`."


class Ruling(StrEnum):
    same = "same"
    different = "different"
    withdrawn = "withdrawn"


def register(app: typer.Typer) -> None:
    app.command()(judge)
    app.command()(undo)
    app.command()(judgements)


def judge(
    record_a: Annotated[str, typer.Argument(help="A mention: `<source>:<key>`, for orders with `#buyer` or `#recipient`.")],
    record_b: Annotated[str, typer.Argument(help="Another one.")],
    verdict: Annotated[Ruling, typer.Argument(help="`withdrawn`: what was judged of the two no longer counts.")],
    by: By = None,
    note: Note = None,
) -> None:
    """Judge two mentions: they are held together, or kept apart, whatever their values say."""
    from ledger.judgements import judge as enter
    from ledger.store import open_ledger

    settings = load_settings()
    require_home(settings)
    with closing(open_ledger(settings.ledger)) as ledger:
        enter(ledger, [(record_a, record_b, verdict.value)], by=by or getpass.getuser(), cause=note)
    out.print(f"Entered. {EFFECT}")


def undo(
    customer_id: Annotated[str, typer.Argument(help="The id that merged into another; `hub history` shows merges.")],
    by: By = None,
    note: Note = None,
) -> None:
    """Undo a merge: the two customers are parted again, each holding together what it had."""
    from ledger.judgements import judge as enter
    from ledger.store import open_ledger
    from pipelines.cluster.history import undo_merge

    settings = load_settings()
    with quiet_warehouse(settings, "hub undo") as con:
        undoing = undo_merge(con, customer_id)
    with closing(open_ledger(settings.ledger)) as ledger:
        enter(ledger, undoing.judgements, by=by or getpass.getuser(), cause=note or f"undo of {customer_id}")
    part, rest = (number(len(side)) for side in (undoing.part, undoing.rest))
    out.print(f"{part} mentions of {customer_id} and {rest} of {undoing.survivor} are kept apart. {EFFECT}")


def judgements(limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50) -> None:
    """The latest judgements, newest first."""
    from ledger.judgements import recent_judgements
    from ledger.store import open_ledger

    settings = load_settings()
    require_home(settings)
    table = Table("number", "made", "by", "mention", "mention", "verdict", "why")
    with closing(open_ledger(settings.ledger)) as ledger:
        for made in recent_judgements(ledger, limit=limit):
            who = (str(made.judgement_id), ago(made.judged_at), made.judged_by)
            table.add_row(*who, made.record_a, made.record_b, made.verdict, made.cause or "")
    out.print(table if table.row_count else "Nothing was judged yet.")

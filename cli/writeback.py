"""`hub writeback`: send repairs back to the sources. Nothing goes before a steward has released it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.terminal import ago, number, out
from cli.warehouse import quiet_warehouse
from schemas.errors import UsageError
from schemas.settings import Settings, load_settings

if TYPE_CHECKING:
    import duckdb

    from ledger.change_orders import Act
    from ledger.store import Ledger
    from quality.change_orders import Proposal

app = typer.Typer(no_args_is_help=True, help="Change orders for the sources: propose, list, show, release, refuse, export, status.")
Ids = Annotated[list[str], typer.Argument(help="Ids of change orders.")]
By = Annotated[str | None, typer.Option(help="Who decides; default: the user of this system.")]
Source = Annotated[str | None, typer.Option(help="Of this source only.")]
Kind = Annotated[str | None, typer.Option(help="merge, correct or ask.")]
Least = Annotated[float | None, typer.Option("--min-confidence", min=0, max=1, help="Of at least this confidence.")]


@app.command()
def propose() -> None:
    """Look at every customer anew, and acknowledge what the sources did. A run does the same for the customers that changed."""
    from pipelines.publish.keyring import load_keyring
    from quality.change_orders import refresh

    with _desk("propose") as (settings, con, ledger):
        refresh(con, ledger, load_keyring(settings.keys_dir).token, full=True)
        _print_progress(con)


@app.command("list")
def list_orders(
    source: Source = None, kind: Kind = None, least: Least = None,
    state: Annotated[str | None, typer.Option(help="proposed, released, open or refused.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """What is proposed now, values masked; customers worth most and surest proposals first."""
    from quality.change_orders import Wanted, look, proposals

    table = Table("order", "kind", "row", "into", "field", "as sent", "should be", "why", "confidence", "tier", "state")
    with _desk("list") as (_, con, ledger):
        look(con, ledger)
        for found in proposals(con, Wanted(source, kind, state, least), limit=limit):
            table.add_row(found.order.order_id, found.order.kind, found.order.record_id, found.order.other_record_id or "", *_said(found),
                          f"{found.order.confidence:.3f}", found.tier or "", found.state)  # fmt: skip
    out.print(table if table.row_count else "Nothing of the kind is proposed. `hub writeback propose` looks at every customer.")


@app.command()
def show(order_id: Annotated[str, typer.Argument(help="Id of a change order.")]) -> None:
    """One change order, values masked, and what was done about it."""
    from ledger.change_orders import acts_of
    from quality.change_orders import look, proposal

    with _desk("show") as (_, con, ledger):
        look(con, ledger)
        found, acts = proposal(con, order_id), acts_of(ledger, order_id)
    if found is None and not acts:
        raise UsageError("there is no change order of this id", where=order_id, mend="`hub writeback list` shows those there are")
    if found is None:
        out.print(f"{order_id} is not proposed any more.")
    else:
        order = found.order
        what = f"into {order.other_record_id}" if order.other_record_id else "{}: {} -> {}".format(*_said(found)[:3])
        out.print(f"{order.kind} {order.record_id} {what}. Why: {order.reason}, confidence {order.confidence:.3f}. Now {found.state}; "
                  f"customer {found.customer_id}.", markup=False)  # fmt: skip
    for act in acts:
        more = f": {act.because or act.file_name}" if act.because or act.file_name else ""
        out.print(f"  {act.act} {ago(act.acted_at)} by {act.acted_by}{more}", markup=False)


@app.command()
def release(
    order_ids: Annotated[list[str] | None, typer.Argument(help="Ids of change orders; or choose by the options.")] = None,
    source: Source = None, kind: Kind = None, least: Least = None, by: By = None,
) -> None:
    """Allow orders to go to their source: those named, or all that fit the options and nobody decided about yet."""
    from quality.change_orders import Wanted, decide, look, release_all

    wanted = Wanted(source, kind, None, least)
    if bool(order_ids) == (wanted != Wanted()):
        raise UsageError("say which orders", mend="Name their ids, or choose by --source, --kind or --min-confidence")
    with _desk("release") as (_, con, ledger):
        look(con, ledger)
        who = by or getpass.getuser()
        done = decide(con, ledger, "released", order_ids, by=who) if order_ids else release_all(con, ledger, wanted, by=who)
    out.print(f"{number(done)} released. `hub writeback export SOURCE` writes the file.")


@app.command()
def refuse(
    order_ids: Ids, because: Annotated[str, typer.Option(help="Why; no personal data.")], by: By = None,
) -> None:  # fmt: skip
    """Say that orders are wrong. They are not proposed to anybody again."""
    done = _decide("refused", order_ids, by, because)
    out.print(f"{number(done)} refused. If two rows are two people, say so as well: `hub judge A B different`.")


@app.command()
def withdraw(order_ids: Ids, by: By = None) -> None:
    """Take back a release that was not exported yet, or a refusal."""
    out.print(f"{number(_decide('withdrawn', order_ids, by, None))} taken back.")


@app.command()
def export(source: Annotated[str, typer.Argument(help="Name of the source mapping.")], by: By = None) -> None:
    """Write what is released for a source to a file in its own format, columns and encoding, with clear values, mode 0600."""
    from pipelines.publish.keyring import load_keyring
    from quality.change_orders import export as send
    from schemas.mapping import load_mappings

    with _desk("export") as (settings, con, ledger):
        mappings = {mapping.source: mapping for mapping in load_mappings(settings.sources_dir)}
        if source not in mappings:
            raise UsageError("there is no mapping of this source", where=source, mend=f"There are {', '.join(sorted(mappings))}")
        key = load_keyring(settings.keys_dir).token
        written = send(con, ledger, key, mappings[source], settings.writeback, by=by or getpass.getuser())
    out.print(f"{number(len(written.order_ids))} change orders written to {written.path}. It holds clear values: hand it over safely.")
    for field, n in written.left_out.items():
        out.print(f"{number(n)} left out: {source} has no column of its own for `{field}`.", style="yellow")


@app.command()
def status() -> None:
    """How many orders are proposed, released, open, done, refused and void; and how the sources' own duplicates fell."""
    from quality.change_orders import look

    with _desk("status") as (_, con, ledger):
        look(con, ledger)
        _print_progress(con)
        rows = con.execute(
            'SELECT source, "at", row_n, customer_n, duplicate_rate FROM writeback.source_duplicates ORDER BY source, seq'
        ).fetchall()
    table = Table("source", "when", "rows", "customers", "duplicates", title="Duplicates in the source", title_justify="left")
    for source, at, row_n, customer_n, rate in rows:
        table.add_row(source, f"{at:%Y-%m-%d %H:%M}", number(row_n), number(customer_n), f"{rate:.1%}")
    out.print(table)


@contextmanager
def _desk(command: str) -> Iterator[tuple[Settings, duckdb.DuckDBPyConnection, Ledger]]:
    """Settings, warehouse and ledger while no run goes on."""
    from ledger.store import open_ledger

    settings = load_settings()
    with quiet_warehouse(settings, f"hub writeback {command}") as con, closing(open_ledger(settings.ledger)) as ledger:
        yield settings, con, ledger


def _decide(act: Act, order_ids: list[str], by: str | None, because: str | None) -> int:
    from quality.change_orders import decide, look

    with _desk(act) as (_, con, ledger):
        look(con, ledger)
        return decide(con, ledger, act, order_ids, by=by or getpass.getuser(), because=because)


def _said(found: Proposal) -> tuple[str, str, str, str]:
    """Field, value as sent, value it should be, reason; values masked."""
    from pipelines.profile.masking import mask_email, mask_hidden, mask_id_number, mask_name, mask_phone

    masks: dict[str, Callable[[str], str]] = {
        "name": mask_name, "phone": mask_phone, "phone_alt": mask_phone, "email": mask_email, "id_number": mask_id_number, "gender": str,
    }  # fmt: skip
    field = found.order.field or ""
    mask = masks.get(field, mask_hidden)
    old, new = ("" if value is None else mask(value) for value in (found.old_value, found.new_value))
    return field, old, new, found.order.reason


def _print_progress(con: duckdb.DuckDBPyConnection) -> None:
    states = ("proposed", "released", "open", "done", "refused", "void")
    table = Table("source", "kind", *states, title="Change orders", title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    columns = ", ".join(f"{state}_n" for state in states)
    for source, kind, *counts in con.execute(f"SELECT source, kind, {columns} FROM writeback.progress ORDER BY ALL").fetchall():
        table.add_row(source, kind, *map(number, counts))
    out.print(table if table.row_count else "No change orders are proposed.")

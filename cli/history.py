"""`hub history` and `hub explain`: how customers came to be, and why."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.terminal import number, out
from cli.warehouse import quiet_warehouse
from schemas.errors import UsageError
from schemas.settings import load_settings

if TYPE_CHECKING:
    from pipelines.cluster.formation import Formation, Join
    from pipelines.match.explain import Explanation

SHOWN = 30


def register(app: typer.Typer) -> None:
    app.command()(history)
    app.command()(explain)


def history(
    customer_id: Annotated[str, typer.Argument(help="A customer's id, also one that merged or is gone.")],
    as_of: Annotated[datetime | None, typer.Option(help="Who belonged to it then (UTC).")] = None,
) -> None:
    """What happened to a customer id, and which mentions belong to it, now or at a moment."""
    from pipelines.cluster.history import events_of, members_as_of, resolve_id

    moment = as_of or datetime.now(UTC).replace(tzinfo=None)
    with quiet_warehouse(load_settings(), "hub history") as con:
        now_is = resolve_id(con, customer_id)
        events, members = events_of(con, customer_id), members_as_of(con, customer_id, moment)
    table = Table("when (UTC)", "what", "customer", "other", "cause")
    for column in table.columns[2:4]:
        column.no_wrap = True
    for event in events:
        table.add_row(f"{event.at:%Y-%m-%d %H:%M:%S}", event.kind, event.customer_id, event.other_id or "", event.cause)
    out.print(table)
    if now_is != customer_id:
        out.print(f"{customer_id} is {now_is} now.")
    out.print(f"{number(len(members))} mentions {'at that moment' if as_of else 'now'}:")
    _print_list(members)


def explain(
    record_a: Annotated[str, typer.Argument(help="A customer's id, or a mention: `<source>:<key>`.")],
    record_b: Annotated[str | None, typer.Argument(help="Another mention.")] = None,
) -> None:
    """Why two mentions are one, or are not; or how a customer formed. Values are masked."""
    from pipelines.cluster.formation import formation_of
    from pipelines.cluster.history import resolve_id
    from pipelines.match.explain import explain_pair
    from schemas.match_model import load_match_model

    if record_b == record_a:
        raise UsageError("these are the same mention", where=record_a)
    settings = load_settings()
    with quiet_warehouse(settings, "hub explain") as con:
        if record_b is None:
            now_is = resolve_id(con, record_a)
            _print_formation(now_is, formation_of(con, load_match_model(settings.match_model), now_is))
        else:
            _print_waterfall(explain_pair(con, load_match_model(settings.match_model), record_a, record_b))


def _print_waterfall(found: Explanation) -> None:
    table = Table("evidence", "level", "first", "second", "m", "u", "bits")
    for column in table.columns[4:]:
        column.justify = "right"
    table.add_row("before any evidence", "", "", "", "", "", f"{found.prior_bits:+.1f}")
    for of in found.evidence:
        u = f"{of.u:.2g}{' (this name)' if of.by_share else ''}"
        left, right = of.shown
        table.add_row(of.comparison, of.reason, left or "", right or "", f"{of.m:.2g}", u, f"{of.bits:+.1f}")
    if abs(found.correction) > 0.05:
        table.add_row("correction", "one fact seen twice, or nothing that identifies", "", "", "", "", f"{found.correction:+.1f}")
    if math.isfinite(found.bits):
        table.add_row("together", f"probability {found.probability:.4f}", "", "", "", "", f"{found.bits:+.1f}", style="bold")
        out.print(table)
    out.print(found.verdict, markup=False)


def _print_formation(customer_id: str, found: Formation) -> None:
    out.print(f"{customer_id}: {number(found.records_n)} mentions, {number(found.nodes_n)} pieces of distinct evidence.")
    for title, joins in (("Joined by, strongest first", found.joins), ("Refused", found.refused)):
        if joins:
            _print_joins(title, joins)


def _print_joins(title: str, joins: tuple[Join, ...]) -> None:
    is_refused = joins[0].customer_id is not None
    table = Table("mention", "mention", "bits", "levels", *(["of customer"] if is_refused else []), title=title, title_justify="left")
    table.columns[2].justify = "right"
    for column in table.columns[:2]:
        column.overflow = "fold"  # an id that is cut short is none
    for join in joins[:SHOWN]:
        table.add_row(join.record_a, join.record_b, f"{join.bits:.1f}", join.levels, *([join.customer_id] if is_refused else []))
    out.print(table)
    if len(joins) > SHOWN:
        out.print(f"… and {len(joins) - SHOWN:,} more.")


def _print_list(records: list[str]) -> None:
    for record in records[:SHOWN]:
        out.print(f"  {record}", markup=False)
    if len(records) > SHOWN:
        out.print(f"  … and {len(records) - SHOWN:,} more.")

"""`hub golden`: why a value survived, what a steward says it is, and the rules by which values survive."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.home import require_home
from cli.terminal import ago, number, out
from cli.warehouse import quiet_warehouse
from schemas.errors import HubError
from schemas.settings import Settings, load_settings
from schemas.survivorship import Survivorship, load_survivorship

if TYPE_CHECKING:
    from ledger.store import Ledger
    from ledger.vault import Vault

app = typer.Typer(no_args_is_help=True, help="Golden values: why, set, unset, overrides; and their rules: effect, adopt, revert.")
File = Annotated[Path, typer.Argument(help="A survivorship policy.")]
Customer = Annotated[str, typer.Argument(help="A customer's id.")]
Field = Annotated[str, typer.Argument(help="A field of the policy, or `attribute:<name>`.")]
By = Annotated[str | None, typer.Option(help="Who decides; default: the user of this system.")]
Note = Annotated[str | None, typer.Option(help="Why; no personal data.")]
EFFECT = "It takes effect with the next `hub run`."


@app.command()
def why(customer_id: Customer, field: Annotated[str | None, typer.Argument(help="A field; default: all.")] = None) -> None:
    """Every value that was said of a field: from which record, file and line, when, and which rule decided. Values are masked."""
    from pipelines.golden.why import why as ask

    with quiet_warehouse(load_settings(), "hub golden why") as con:
        said = ask(con, customer_id, field)
    table = Table("field", "rank", "value", "rule", "record", "file and line", "known since (UTC)", "said by")
    for one in said:
        told = "" if one.record_n is None else f"{number(one.record_n)} records, {number(one.source_n or 0)} sources"
        place = f"{one.file}:{one.line}" if one.file else ""
        when = f"{one.event_at:%Y-%m-%d %H:%M}" if one.event_at else "unknown"
        rule = one.rule if one.rank == 1 else f"lost by {one.rule}"
        table.add_row(one.field, str(one.rank), one.value or "", rule, one.record_id, place, when, told)
    out.print(table if said else f"Nothing is said of {field or 'this customer'}.")


@app.command("set")
def enter(customer_id: Customer, field: Field, by: By = None, note: Note = None) -> None:
    """Enter the value of a field, which wins over every record. The value is asked for, so that it stands in no history of commands."""
    from ledger.overrides import enter_override
    from pipelines.golden.anchor import anchor_of
    from pipelines.golden.entry import read_entry

    settings = load_settings()
    with quiet_warehouse(settings, "hub golden set") as con:
        record_id = anchor_of(con, customer_id, field)
    value = read_entry(field, typer.prompt("Value"))
    with _vaulted(settings) as (ledger, vault):
        made = enter_override(ledger, vault, record_id, field, value, by=by or getpass.getuser(), cause=note)
    out.print(f"Entered as override {made}. {EFFECT}")


@app.command()
def unset(customer_id: Customer, field: Field, by: By = None, note: Note = None) -> None:
    """Withdraw what was entered for a field: the records decide again."""
    from ledger.overrides import enter_override
    from pipelines.golden.anchor import overridden_records

    settings = load_settings()
    with quiet_warehouse(settings, "hub golden unset") as con:
        records = overridden_records(con, customer_id, field)
    with _vaulted(settings) as (ledger, vault):
        for record_id in records:
            enter_override(ledger, vault, record_id, field, None, by=by or getpass.getuser(), cause=note)
    out.print(f"Withdrawn. {EFFECT}")


@app.command()
def overrides(limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50) -> None:
    """The latest overrides, newest first, without their values."""
    from ledger.overrides import recent_overrides
    from ledger.store import open_ledger

    settings = load_settings()
    require_home(settings)
    table = Table("number", "made", "by", "record", "field", "what", "why")
    with closing(open_ledger(settings.ledger)) as ledger:
        for made in recent_overrides(ledger, limit=limit):
            what = "withdrawn" if made.is_withdrawal else "entered"
            table.add_row(str(made.override_id), ago(made.entered_at), made.entered_by, made.record_id, made.field, what, made.cause or "")
    out.print(table if table.row_count else "Nothing was entered yet.")


@app.command()
def effect(file: File) -> None:
    """Tell what a policy would change: how many values of each field, with samples, masked. Nothing is adopted."""
    from pipelines.golden.effect import preview_effect

    settings = load_settings()
    policy = _checked(settings, file)
    with quiet_warehouse(settings, "hub golden effect") as con, out.status("Deciding every customer by it"):
        found = preview_effect(con, policy)
    table = Table("field", "values that change", "e.g. customer", "before", "after")
    table.columns[1].justify = "right"
    for of in found.fields:
        for n, (customer_id, before, after) in enumerate(of.samples):
            table.add_row(*((of.field, number(of.changed_n)) if n == 0 else ("", "")), customer_id, before or "", after or "")
    if found.fields:
        out.print(table)
    out.print(f"{number(found.customers_changed)} of {number(found.customers)} customers would change.")


@app.command()
def adopt(file: File) -> None:
    """Use a policy from the next run on, which then decides every customer anew. `hub golden effect` shows what it changes."""
    from pipelines.publish.pointer import replace_file

    settings = load_settings()
    require_home(settings)
    policy = _checked(settings, file)
    try:
        settings.adopted_survivorship.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(settings.adopted_survivorship, file.read_bytes())
    except OSError as error:
        raise HubError("the policy cannot be put into the home", where=str(settings.adopted_survivorship), why=error.strerror) from error
    out.print(f"{policy.fingerprint} is used from the next `hub run` on. `hub golden revert` goes back to the policy the hub comes with.")


@app.command()
def revert() -> None:
    """Go back to the policy the hub comes with, from the next run on."""
    settings = load_settings()
    require_home(settings)
    settings.adopted_survivorship.unlink(missing_ok=True)
    out.print("The policy the hub comes with is used from the next `hub run` on.")


@contextmanager
def _vaulted(settings: Settings) -> Iterator[tuple[Ledger, Vault]]:
    """The ledger and where it keeps personal values."""
    from ledger.store import open_ledger
    from ledger.vault import Vault
    from pipelines.publish.keyring import load_keyring

    key = load_keyring(settings.keys_dir, stores=[settings.published, settings.serving]).field
    with closing(open_ledger(settings.ledger)) as ledger:
        yield ledger, Vault(ledger, key)


def _checked(settings: Settings, file: Path) -> Survivorship:
    from schemas.mapping import load_mappings

    mappings = load_mappings(settings.sources_dir)
    return load_survivorship(file, sources=[m.source for m in mappings], attributes={a for m in mappings for a in m.attributes})

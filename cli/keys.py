"""`hub keys`: API keys."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from cli.home import require_home
from cli.terminal import ago, out
from schemas.errors import HubError
from schemas.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, help="API keys: issue, revoke, list.")


@app.command()
def issue(
    name: Annotated[str, typer.Option(help="Who will use it: a person's or a system's label at work.")],
    role: Annotated[str, typer.Option(help="agent, steward, privacy_officer, analyst, auditor or admin.")] = "agent",
    hours: Annotated[float | None, typer.Option(min=0.01, help="How long it lives; without it until it is revoked.")] = None,
) -> None:
    """Make a key. It is shown this once."""
    settings = load_settings()
    require_home(settings)
    key = issue_key_for(settings, name, role, timedelta(hours=hours) if hours else None)
    out.print(key, markup=False)


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The eight characters after `hub_`.")]) -> None:
    """Revoke a key from now on."""
    from ledger.api_keys import revoke_key
    from ledger.store import open_ledger

    settings = load_settings()
    require_home(settings)
    with closing(open_ledger(settings.ledger)) as ledger:
        known = revoke_key(ledger, key_id.removeprefix("hub_").split("_")[0])
    if not known:
        raise HubError("there is no key of that id", mend="`hub keys list` shows them")
    out.print("Revoked.")


@app.command("list")
def list_all() -> None:
    """All keys, newest first; never the keys themselves."""
    from ledger.api_keys import list_keys
    from ledger.store import open_ledger

    settings = load_settings()
    require_home(settings)
    now = datetime.now(UTC).replace(tzinfo=None)
    table = Table("id", "name", "role", "made", "state")
    with closing(open_ledger(settings.ledger)) as ledger:
        for key in list_keys(ledger):
            state = "revoked" if key.revoked_at else "live" if key.is_live(now) else "expired"
            table.add_row(key.key_id, key.name, key.role, ago(key.created_at, now), state)
    out.print(table if table.row_count else "No keys yet. `hub keys issue --name …` makes one.")


def issue_key_for(settings: Settings, name: str, role: str, ttl: timedelta | None) -> str:
    """Issue a key with this home's pepper and answer it."""
    from ledger.api_keys import issue_key
    from ledger.store import open_ledger
    from pipelines.publish.keyring import load_keyring

    pepper = load_keyring(settings.keys_dir).api_key.secret
    with closing(open_ledger(settings.ledger)) as ledger:
        return issue_key(ledger, pepper, name, role, ttl)

"""`hub init`: make a home and its keys."""

from __future__ import annotations

import typer

from cli.terminal import out
from schemas.errors import HubError
from schemas.settings import Settings, load_settings

FOLDERS = ("landing", "quarantine", "published", "serving", "dagster")


def register(app: typer.Typer) -> None:
    app.command()(init)


def init() -> None:
    """Make the home (HUB_HOME), its secret keys (HUB_KEYS), the ledger and Dagster's folder. What is there stays as it is."""
    settings = load_settings()
    made = prepare_home(settings)
    if made:
        out.print(f"Made {', '.join(made)}.")
    else:
        out.print(f"Nothing to do: {settings.home} is complete.")
    out.print(f"Put extracts into {settings.landing}, then run [bold]hub run[/bold]. "
              f"Keep a copy of {settings.keys_dir} in a safe place: without the keys nothing published can be looked up.")


def prepare_home(settings: Settings) -> list[str]:
    """Make what is missing; answer what was made."""
    from assets.instance import prepare_dagster_home
    from ledger.store import open_ledger
    from pipelines.publish.keyring import FILE, create_keyring

    made = []
    for folder in (settings.home, *(settings.home / name for name in FOLDERS)):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.append(f"{folder}/")
    if not (settings.keys_dir / FILE).exists():
        create_keyring(settings.keys_dir, home=settings.home)
        made.append(str(settings.keys_dir / FILE))
    prepare_dagster_home(settings)
    open_ledger(settings.ledger).close()
    return made


def require_home(settings: Settings) -> None:
    """Raise HubError when there is no home, or a restore of it was cut off."""
    from pipelines.home_use import refuse_half_restored

    if not settings.landing.is_dir():
        raise HubError("there is no home of a hub here", where=str(settings.home.absolute()), mend="Run `hub init`, or set HUB_HOME")
    refuse_half_restored(settings.home)

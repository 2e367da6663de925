"""`hub backup`, `hub restore`, `hub upgrade`, `hub verify`: keeping a home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.home import prepare_home, require_home
from cli.terminal import number, out, size
from schemas.errors import HubError
from schemas.settings import load_settings


def register(app: typer.Typer) -> None:
    for command in (backup, restore, upgrade, verify):
        app.command()(command)


def backup(
    directory: Annotated[Path, typer.Argument(help="A new or empty folder, best on another disk.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an older backup there; it stays until the new one is whole.")] = False,
) -> None:
    """Copy the home so that it can be restored; it may be served meanwhile. The secret keys are not in it: keep them apart."""
    from operations.backup import back_up

    settings = load_settings()
    require_home(settings)
    with out.status("Copying"):
        archive = back_up(settings, directory, force=force)
    held = f"{number(len(archive.files))} files, {size(archive.bytes)}"
    out.print(f"Backed up {settings.home} as of {archive.made_at}: {held}.", markup=False)
    out.print(
        f"Not in it: the secret keys ({settings.keys_dir}, fingerprint {archive.key_fingerprint}) and Dagster's history. "
        "Keep a copy of the keys elsewhere: without them this backup cannot be restored. It holds clear values: encrypt its volume.",
        markup=False,
    )


def restore(
    directory: Annotated[Path, typer.Argument(help="Folder of a backup.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the home that is there.")] = False,
    ledger: Annotated[
        list[str] | None, typer.Option(help="URL of one more ledger whose judgements and revocations survive; may be given several times.")
    ] = None,
) -> None:
    """Make HUB_HOME what a backup holds. Judgements made and keys revoked since then survive; keys issued since then do not."""
    from operations.restore import restore as restore_home

    settings = load_settings()
    with out.status("Copying and verifying"):
        done = restore_home(settings, directory, force=force, ledgers=ledger or [])
    prepare_home(settings)
    out.print(f"Restored {settings.home} as of {done.archive.made_at}, version {done.archive.published}.", markup=False)
    out.print("Kept since then: " + ", ".join(f"{number(n)} {what}" for what, n in done.kept.items()) + ".")
    if done.ledger_aside:
        out.print(f"The ledger could not be read and lies at {done.ledger_aside}: what people did since then is not kept.", style="yellow",
                  markup=False)
    out.print("`hub verify` examines it, `hub run` takes in what came since.")


def upgrade() -> None:
    """Bring a home of an earlier release to this one. Make a backup first."""
    from operations.upgrade import upgrade as upgrade_home

    settings = load_settings()
    require_home(settings)
    for done in upgrade_home(settings):
        was = "there is none yet" if done.before is None else f"schema {done.before}"
        now = "" if done.before in (None, done.after) else f", now {done.after}"
        out.print(f"{done.store}: {was}{now}{'; ' if done.note else ''}{done.note}.", markup=False)


def verify() -> None:
    """Examine all the home holds: checksums, accounts of rows, ids, what is published and served. Exit status 1 when something is wrong."""
    from operations.verify import verify as verify_home

    settings = load_settings()
    require_home(settings)
    table = Table("check", "looked at", "wrong", "first keys")
    wrong = []
    with out.status("Verifying"):
        for check in verify_home(settings):
            style = "red" if check.wrong else None
            table.add_row(check.name, number(check.looked_at), number(check.wrong), ", ".join(check.keys), style=style)
            wrong += [check.name] if check.wrong else []
    out.print(table)
    if wrong:
        raise HubError(f"{len(wrong)} of the checks found something", where=str(settings.home), why=wrong[0],
                       mend="Restore a backup, or run `hub run --full`, which derives and publishes everything anew")

"""`hub verify`: whether everything the home holds still agrees: files with their checksums, rows with their account, customers with their
registry, what is served with what was derived. It reads all of it, set by set, and changes nothing.

A check answers counts and the first keys at fault: customer ids, file ids and names of tables, never a value or a record's own key, which
some systems make of a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ledger.store import Ledger, open_ledger
from pipelines.home_use import refuse_half_restored
from pipelines.publish.keyring import Keyring, load_keyring
from pipelines.publish.manifest import current_version
from pipelines.run_lock import run_lock
from pipelines.sql import literal
from pipelines.warehouse import count, open_warehouse
from schemas.errors import HubError
from schemas.settings import Settings

SHOWN = 5


@dataclass(frozen=True)
class Check:
    """What was looked at: how many, how many of them are wrong, and the first keys of those."""

    name: str
    looked_at: int
    wrong: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Home:
    """What is verified. `version`: the folder of the current published version, None before the first."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    ledger: Ledger
    keyring: Keyring
    version: Path | None


Checker = Callable[[Home], Iterator[Check]]


def verify(settings: Settings) -> Iterator[Check]:
    """Every check, one after the other, while no run goes on.

    Raises:
        HubError: there is nothing to verify yet, the keys are not those of the home, or a store cannot be opened at all.
        HomeBusy: a run goes on.
    """
    from operations.verify_served import published_checks, served_checks
    from operations.verify_tables import ledger_checks, table_checks

    if not settings.warehouse.exists():
        raise HubError("nothing has been run here yet", where=str(settings.home), mend="Put extracts into landing/ and run `hub run`")
    with ExitStack() as stack:
        stack.enter_context(run_lock(settings.run_lock, "hub verify"))
        refuse_half_restored(settings.home)
        keyring = load_keyring(settings.keys_dir, stores=[settings.published, settings.serving])
        ledger = stack.enter_context(closing(open_ledger(settings.ledger)))
        opened = open_warehouse(settings.warehouse, memory=settings.memory, threads=settings.threads, temp=settings.home / "tmp")
        home = Home(settings, stack.enter_context(closing(opened)), ledger, keyring, current_version(settings.published))
        for check in (table_checks, ledger_checks, published_checks, served_checks):
            yield from check(home)


def compare(con: duckdb.DuckDBPyConnection, name: str, looked_at: str, wrong: str) -> Check:
    """A check by SQL: `looked_at` counts, `wrong` has one row a fault, its key in the first column. A key that is null is told as `-`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE verify_wrong AS SELECT key FROM ({wrong}) AS t(key)").fetchall()
    keys = con.execute(f"SELECT DISTINCT coalesce(key, {literal('-')}) FROM verify_wrong ORDER BY ALL LIMIT {SHOWN}").fetchall()
    found = count(con, "SELECT count(*) FROM verify_wrong")
    con.execute("DROP TABLE verify_wrong")
    return Check(name, count(con, looked_at), found, tuple(key for (key,) in keys))

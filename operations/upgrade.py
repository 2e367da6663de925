"""`hub upgrade`: a home of an earlier release becomes one of this release.

The ledger and the warehouse are migrated, each in one transaction. What is served and published is not: it can be made anew, and the next
run does so when it is older. Nothing here reads what a later release wrote.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from ledger.migrate import HEAD
from ledger.store import open_ledger, schema_found
from pipelines.home_use import refuse_half_restored
from pipelines.publish.manifest import SCHEMA_VERSION as MANIFEST_SCHEMA
from pipelines.publish.manifest import current_version, schema_of
from pipelines.publish.pointer import read_pointer
from pipelines.publish.serving_index import SCHEMA as SERVING_SCHEMA
from pipelines.run_lock import run_lock
from pipelines.warehouse import SCHEMA_VERSION, close_warehouse, connect_warehouse
from pipelines.warehouse_upgrade import upgrade_warehouse
from schemas.settings import Settings

_NEXT_RUN = "the next `hub run` makes it anew"


@dataclass(frozen=True)
class Upgraded:
    """One store: the schema it had (None: there was none), the one it has now, and what is to be known of it."""

    store: str
    before: int | str | None
    after: int | str
    note: str = ""


def upgrade(settings: Settings) -> list[Upgraded]:
    """Bring every store of the home to this release's schema, or say when that happens.

    Raises:
        HomeBusy: a run goes on.
        HomeDamaged: a later release wrote one of them, or one too early to upgrade from; that one was not changed.
    """
    with run_lock(settings.run_lock, "hub upgrade"):
        refuse_half_restored(settings.home)
        return [_ledger(settings), _warehouse(settings), _served(settings), _published(settings)]


def _ledger(settings: Settings) -> Upgraded:
    before = schema_found(settings.ledger)
    open_ledger(settings.ledger).close()
    return Upgraded("ledger", before, HEAD)


def _warehouse(settings: Settings) -> Upgraded:
    if not settings.warehouse.exists():
        return Upgraded("warehouse", None, SCHEMA_VERSION)
    con = connect_warehouse(settings.warehouse, memory=settings.memory, threads=settings.threads, temp=settings.home / "tmp")
    with closing(con):
        done = upgrade_warehouse(con, str(settings.warehouse))
        if done is None:
            return Upgraded("warehouse", SCHEMA_VERSION, SCHEMA_VERSION)
        close_warehouse(con)
    anew = "; the next `hub run` derives everything anew, ids persist" if done.derives_anew else ""
    return Upgraded("warehouse", done.before, done.after, f"new or changed: {', '.join(done.tables)}{anew}" if done.tables else "")


def _served(settings: Settings) -> Upgraded:
    pointer = read_pointer(settings.serving)
    before = int(pointer["schema"]) if pointer else None
    return Upgraded("serving index", before, SERVING_SCHEMA, _NEXT_RUN if before is not None and before < SERVING_SCHEMA else "")


def _published(settings: Settings) -> Upgraded:
    version = current_version(settings.published)
    before = schema_of(version) if version else None
    return Upgraded("published version", before, MANIFEST_SCHEMA, _NEXT_RUN if before is not None and before < MANIFEST_SCHEMA else "")

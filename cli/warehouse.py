"""The warehouse for a command that asks it something between two runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from cli.home import require_home
from schemas.errors import HubError
from schemas.settings import Settings

if TYPE_CHECKING:
    import duckdb


@contextmanager
def quiet_warehouse(settings: Settings, command: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, while no run goes on.

    Raises:
        HubError: there is no home or nothing was ever run.
        HomeBusy: a run goes on; says which and since when.
    """
    from pipelines.run_lock import run_lock
    from pipelines.warehouse import open_warehouse

    require_home(settings)
    if not settings.warehouse.exists():
        raise HubError("nothing has been run here yet", where=str(settings.home), mend="Put extracts into landing/ and run `hub run`")
    with run_lock(settings.run_lock, command), closing(open_warehouse(settings.warehouse, memory=settings.memory)) as con:
        yield con

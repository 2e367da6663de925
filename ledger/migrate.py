"""Bring a ledger to this release's schema, once, whoever comes first."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from schemas.errors import HomeDamaged

HEAD = "0004"
SCRIPTS = Path(__file__).parent / "migrations"
# any constant will do: it names the lock under which PostgreSQL lets one process migrate at a time
POSTGRES_LOCK = 48_201_107


def revision_of(connection: sa.Connection) -> str | None:
    """The schema revision found, None in an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(connection: sa.Connection) -> None:
    """Run the missing migrations inside the caller's write transaction; does nothing when another process was quicker.

    Raises:
        HomeDamaged: the ledger has a schema this release does not know.
    """
    # Alembic costs a tenth of a second to import; a worker that opens a current ledger does not pay it
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": POSTGRES_LOCK})
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", SCRIPTS.as_posix())
    found = revision_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise HomeDamaged(
            f"the ledger has schema {found}, this release reads up to {HEAD}",
            where="ledger", mend="Use the release that wrote it, or restore the ledger from a backup of this release",
        )
    if found != HEAD:
        command.upgrade(config, "head")

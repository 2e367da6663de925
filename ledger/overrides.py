"""Overrides: what a steward says is the value of a field of a customer, append-only. The newest of a record and field is in force, unless
it withdraws the others. The value is sealed (`ledger/vault.py`)."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import sqlalchemy as sa

from ledger.store import Ledger
from ledger.tables import OVERRIDES, SUBJECT_KEYS, utc_now
from ledger.vault import Vault
from schemas.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Override:
    """An override of `field` for whoever has `record_id`. `value`: None when it withdraws, or when the subject's key was destroyed."""

    override_id: int
    entered_at: datetime
    entered_by: str
    record_id: str
    field: str
    cause: str | None
    is_withdrawal: bool
    value: str | None = dataclasses.field(default=None, repr=False)


def enter_override(
    ledger: Ledger, vault: Vault, record_id: str, field: str, value: str | None, *, by: str, cause: str | None = None
) -> int:  # fmt: skip
    """Enter one; `value` None withdraws what was entered for this record and field. Answers its number.

    Raises:
        UsageError: nobody is named, or there is nothing to withdraw.
    """
    if not by.strip():
        raise UsageError("an override needs somebody who made it", where="--by")
    if value is None and not any(held.field == field for held in _read(ledger, _newest().where(OVERRIDES.c.record_id == record_id))):
        raise UsageError(f"nothing was entered for {field}", where=record_id)
    sealed = None if value is None else vault.seal(record_id, value, purpose=field)
    entry = {
        "entered_at": utc_now(), "entered_by": by.strip(), "record_id": record_id, "field": field, "sealed_value": sealed, "cause": cause,
    }
    with ledger.write() as connection:
        return int(connection.execute(OVERRIDES.insert().values(entry).returning(OVERRIDES.c.override_id)).scalar_one())


def overrides_in_force(ledger: Ledger, vault: Vault) -> list[Override]:
    """The newest of each record and field with its value, oldest first; withdrawn and shredded ones left out."""
    keys = SUBJECT_KEYS.c.wrapped_key
    query = _newest().add_columns(keys).join(SUBJECT_KEYS, SUBJECT_KEYS.c.subject_id == OVERRIDES.c.record_id).where(keys.is_not(None))
    with ledger.read() as connection:
        rows = connection.execute(query.order_by(OVERRIDES.c.override_id)).mappings().all()
    return [
        _override(row, vault.open_with(row["wrapped_key"], row["record_id"], row["sealed_value"], purpose=row["field"])) for row in rows
    ]


def recent_overrides(ledger: Ledger, *, limit: int = 100) -> list[Override]:
    """All ever entered, newest first, without their values."""
    return _read(ledger, sa.select(OVERRIDES).order_by(OVERRIDES.c.override_id.desc()).limit(limit))


def last_override_id(ledger: Ledger) -> int:
    """Number of the newest, 0 without any."""
    with ledger.read() as connection:
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(OVERRIDES.c.override_id), 0))).scalar_one())


def _newest() -> sa.Select[tuple[object, ...]]:
    newest = sa.select(sa.func.max(OVERRIDES.c.override_id)).group_by(OVERRIDES.c.record_id, OVERRIDES.c.field)
    return sa.select(OVERRIDES).where(OVERRIDES.c.override_id.in_(newest), OVERRIDES.c.sealed_value.is_not(None))


def _read(ledger: Ledger, query: sa.Select[tuple[object, ...]]) -> list[Override]:
    with ledger.read() as connection:
        return [_override(row, None) for row in connection.execute(query).mappings()]


def _override(row: sa.RowMapping, value: str | None) -> Override:
    return Override(
        row["override_id"], row["entered_at"], row["entered_by"], row["record_id"], row["field"], row["cause"],
        row["sealed_value"] is None, value,
    )  # fmt: skip

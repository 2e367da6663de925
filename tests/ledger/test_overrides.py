"""Overrides are kept for ever, sealed; the newest of a record and field is in force, and a destroyed key takes the value for good."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from ledger.overrides import enter_override, last_override_id, overrides_in_force, recent_overrides
from ledger.store import Ledger
from ledger.tables import OVERRIDES
from ledger.vault import Vault
from schemas.errors import HubError, UsageError


@dataclass(frozen=True)
class Key:
    version: str = "k1"
    secret: bytes = bytes(range(32))


@pytest.fixture
def vault(ledger: Ledger) -> Vault:
    return Vault(ledger, Key())


def _in_force(ledger: Ledger, vault: Vault) -> list[tuple[str, str, str | None]]:
    return [(of.record_id, of.field, of.value) for of in overrides_in_force(ledger, vault)]


def test_the_newest_of_a_record_and_field_is_in_force(ledger: Ledger, vault: Vault) -> None:
    enter_override(ledger, vault, "crm:1", "phone", "13812345678", by="wang")
    enter_override(ledger, vault, "crm:1", "name", "张三", by="wang")
    assert enter_override(ledger, vault, "crm:1", "phone", "13900000002", by="li", cause="called back") == 3
    assert _in_force(ledger, vault) == [("crm:1", "name", "张三"), ("crm:1", "phone", "13900000002")]
    assert last_override_id(ledger) == 3


def test_withdrawing_leaves_the_records_to_decide(ledger: Ledger, vault: Vault) -> None:
    enter_override(ledger, vault, "crm:1", "phone", "13812345678", by="wang")
    enter_override(ledger, vault, "crm:1", "phone", None, by="wang")
    assert _in_force(ledger, vault) == []
    assert [of.is_withdrawal for of in recent_overrides(ledger)] == [True, False]
    with pytest.raises(UsageError, match="nothing was entered"):
        enter_override(ledger, vault, "crm:1", "phone", None, by="wang")


def test_no_value_lies_open_in_the_ledger(ledger: Ledger, vault: Vault) -> None:
    enter_override(ledger, vault, "crm:1", "phone", "13812345678", by="wang")
    enter_override(ledger, vault, "crm:2", "phone", "13812345678", by="wang")
    with ledger.read() as connection:
        sealed = connection.execute(sa.select(OVERRIDES.c.sealed_value)).scalars().all()
    assert all(b"13812345678" not in value for value in sealed)
    assert sealed[0] != sealed[1]
    assert "13812345678" not in repr(overrides_in_force(ledger, vault))


def test_a_destroyed_key_takes_its_values_and_is_never_made_again(ledger: Ledger, vault: Vault) -> None:
    enter_override(ledger, vault, "crm:1", "phone", "13812345678", by="wang")
    enter_override(ledger, vault, "crm:2", "phone", "13900000002", by="wang")
    assert vault.destroy(["crm:1", "crm:9"]) == 1
    assert _in_force(ledger, vault) == [("crm:2", "phone", "13900000002")]
    with pytest.raises(HubError, match="destroyed"):
        enter_override(ledger, vault, "crm:1", "phone", "13812345678", by="wang")


def test_a_value_opens_only_with_its_home_key_and_for_its_purpose(ledger: Ledger, vault: Vault) -> None:
    sealed = vault.seal("crm:1", "13812345678", purpose="phone")
    assert vault.open("crm:1", sealed, purpose="phone") == "13812345678"
    assert vault.open("crm:9", sealed, purpose="phone") is None
    with pytest.raises(HubError, match="cannot be opened"):
        vault.open("crm:1", sealed, purpose="email")
    with pytest.raises(HubError, match="cannot be opened"):
        Vault(ledger, Key(secret=bytes(32))).open("crm:1", sealed, purpose="phone")


def test_somebody_must_be_named(ledger: Ledger, vault: Vault) -> None:
    with pytest.raises(UsageError, match="somebody"):
        enter_override(ledger, vault, "crm:1", "phone", "13812345678", by=" ")

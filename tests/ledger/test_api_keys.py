"""API keys: shown once, verified without a trace of the key, expired and revoked ones refused."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger.api_keys import ROLES, issue_key, key_id_of, list_keys, revoke_key, verify_key
from ledger.store import Ledger, open_ledger
from ledger.tables import API_KEYS, utc_now
from schemas.errors import UsageError

PEPPER = b"p" * 32


def test_a_key_is_recognised_and_says_who_it_is(ledger: Ledger) -> None:
    key = issue_key(ledger, PEPPER, "desk 4", "agent", timedelta(hours=8))
    assert re.fullmatch(r"hub_[a-z0-9]{8}_[A-Za-z0-9]{40}", key)
    known = verify_key(ledger, PEPPER, key)
    assert known is not None
    assert (known.key_id, known.name, known.role, known.revoked_at) == (key_id_of(key), "desk 4", "agent", None)


def test_keys_differ(ledger: Ledger) -> None:
    keys = {issue_key(ledger, PEPPER, "n", role, None) for role in ROLES for _ in range(3)}
    assert len(keys) == len({key_id_of(key) for key in keys}) == 3 * len(ROLES)
    assert len(list_keys(ledger)) == len(keys)


def test_neither_the_key_nor_its_secret_is_stored(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    key = issue_key(ledger, PEPPER, "n", "agent", None)
    ledger.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.split("_")[2].encode() not in stored
    assert key.split("_")[1].encode() in stored


def test_a_wrong_key_is_none(ledger: Ledger) -> None:
    key = issue_key(ledger, PEPPER, "n", "agent", None)
    other = issue_key(ledger, PEPPER, "n", "admin", None)
    mixed = f"hub_{key_id_of(other)}_{key.split('_')[2]}"
    last = "x" if key[-1] != "x" else "y"
    for wrong in (key[:-1] + last, key + "x", key[:-1], key.upper(), mixed, "", "hub__", "hub_abcdefgh_" + "a" * 40, "键" * 20, key + "\n"):
        assert verify_key(ledger, PEPPER, wrong) is None
    assert verify_key(ledger, b"another pepper", key) is None


def test_an_expired_key_is_none(ledger: Ledger) -> None:
    key = issue_key(ledger, PEPPER, "n", "agent", timedelta(minutes=1))
    assert verify_key(ledger, PEPPER, key) is not None
    with ledger.write() as connection:
        connection.execute(sa.update(API_KEYS).values(expires_at=utc_now() - timedelta(microseconds=1)))
    assert verify_key(ledger, PEPPER, key) is None


def test_a_revoked_key_is_none_at_once_and_stays_listed(ledger: Ledger) -> None:
    key = issue_key(ledger, PEPPER, "n", "agent", None)
    assert revoke_key(ledger, key_id_of(key) or "")
    assert verify_key(ledger, PEPPER, key) is None
    first = list_keys(ledger)[0].revoked_at
    assert revoke_key(ledger, key_id_of(key) or "") and list_keys(ledger)[0].revoked_at == first
    assert not revoke_key(ledger, "nobodys2")


@pytest.mark.parametrize(
    ("name", "role", "ttl", "what"),
    [("n", "boss", None, "role"), (" ", "agent", None, "name"), ("n", "agent", timedelta(0), "positive")],
)
def test_a_key_nobody_could_use_is_not_made(ledger: Ledger, name: str, role: str, ttl: timedelta | None, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        issue_key(ledger, PEPPER, name, role, ttl)
    assert list_keys(ledger) == []

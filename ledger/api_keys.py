"""API keys: shown once, kept as a keyed hash, recognised by their prefix.

A key is `hub_<8 characters: its id>_<40 characters: the secret>`. The hash is HMAC-SHA256 over the whole key with a pepper that
lies outside the ledger, so a copy of the ledger alone lets nobody in.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ledger.store import Ledger
from ledger.tables import API_KEYS, utc_now
from schemas.errors import UsageError

ROLES = ("agent", "steward", "privacy_officer", "analyst", "auditor", "admin")
# without the characters that people mix up when they read a key's id aloud
ID_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
SECRET_ALPHABET = string.ascii_letters + string.digits
SECRET_LENGTH = 40
_SHAPE = re.compile(r"hub_([a-z0-9]{8})_([A-Za-z0-9]{32,128})", re.ASCII)


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; not the key."""

    key_id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class StoredKey:
    """A key with its hash, as a verifier may hold it for a moment."""

    api_key: ApiKey
    secret_hash: bytes

    def admits(self, pepper: bytes, key: str, now: datetime) -> bool:
        """Whether `key` is this one and may be used now. Takes the same time for every wrong key."""
        return hmac.compare_digest(self.secret_hash, key_hash(pepper, key)) and self.api_key.is_live(now)


def issue_key(ledger: Ledger, pepper: bytes, name: str, role: str, ttl: timedelta | None) -> str:
    """Make a key for `name` (a person's or a system's label at work) and answer it: the only time it is seen.

    Raises:
        UsageError: the role is not one of `ROLES`, the name is empty, or the time to live is not positive.
    """
    if role not in ROLES:
        raise UsageError("there is no such role", where="--role", mend=f"Use one of {', '.join(ROLES)}")
    if not name.strip():
        raise UsageError("the key needs a name", where="--name", mend="Say who will use it")
    if ttl is not None and ttl <= timedelta(0):
        raise UsageError("the time to live must be positive", where="--ttl")
    now = utc_now()
    entry = {"name": name.strip(), "role": role, "created_at": now, "expires_at": now + ttl if ttl else None}
    with ledger.write() as connection:
        key_id = _free_id(connection)
        key = f"hub_{key_id}_{_random(SECRET_ALPHABET, SECRET_LENGTH)}"
        connection.execute(API_KEYS.insert().values(key_id=key_id, secret_hash=key_hash(pepper, key), **entry))
    return key


def verify_key(ledger: Ledger, pepper: bytes, key: str) -> ApiKey | None:
    """The live key that `key` is; None when it is malformed, unknown, wrong, expired or revoked."""
    key_id = key_id_of(key)
    stored = stored_key(ledger, key_id) if key_id else None
    return stored.api_key if stored and stored.admits(pepper, key, utc_now()) else None


def key_id_of(key: str) -> str | None:
    """The id inside a key; None when it does not have a key's shape."""
    shape = _SHAPE.fullmatch(key)
    return shape.group(1) if shape else None


def key_hash(pepper: bytes, key: str) -> bytes:
    """HMAC-SHA256 of the whole key (32 bytes)."""
    return hmac.digest(pepper, key.encode(), "sha256")


def stored_key(ledger: Ledger, key_id: str) -> StoredKey | None:
    """The key of that id with its hash."""
    with ledger.read() as connection:
        row = connection.execute(sa.select(API_KEYS).where(API_KEYS.c.key_id == key_id)).mappings().first()
    return StoredKey(_api_key(row), row["secret_hash"]) if row else None


def revoke_key(ledger: Ledger, key_id: str) -> bool:
    """Revoke a key from now on; False when there is none of that id. Revoking twice keeps the first time."""
    with ledger.write() as connection:
        known = connection.execute(sa.select(API_KEYS.c.key_id).where(API_KEYS.c.key_id == key_id)).first()
        connection.execute(
            API_KEYS.update().where(API_KEYS.c.key_id == key_id, API_KEYS.c.revoked_at.is_(None)).values(revoked_at=utc_now())
        )
    return known is not None


def list_keys(ledger: Ledger) -> list[ApiKey]:
    """All keys, newest first."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(API_KEYS).order_by(API_KEYS.c.created_at.desc(), API_KEYS.c.key_id)).mappings().all()
    return [_api_key(row) for row in rows]


def _api_key(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey(row["key_id"], row["name"], row["role"], row["created_at"], row["expires_at"], row["revoked_at"])


def _free_id(connection: sa.Connection) -> str:
    while True:
        key_id = _random(ID_ALPHABET, 8)
        if not connection.execute(sa.select(API_KEYS.c.key_id).where(API_KEYS.c.key_id == key_id)).first():
            return key_id


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))

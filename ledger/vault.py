"""Personal values in the ledger, each sealed with a key of its subject, so that destroying one key makes all that was sealed with it
unreadable (crypto-shredding; PIPL Art. 47, 51).

Subject keys are random, and lie in the ledger wrapped by the field key of the home, which lies elsewhere. AES-256-GCM (NIST SP 800-38D)
with a random nonce of 12 bytes in front; what a text is for is bound to it, so that it opens nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.store import Ledger
from ledger.tables import SUBJECT_KEYS, utc_now
from schemas.errors import HubError

KEY_BYTES = 32
_NONCE_BYTES = 12


class WrappingKey(Protocol):
    """A key of the home's keyring: 32 bytes and their version."""

    @property
    def version(self) -> str: ...

    @property
    def secret(self) -> bytes: ...


class Vault:
    """Seals and opens; `key` wraps the subject keys."""

    def __init__(self, ledger: Ledger, key: WrappingKey) -> None:
        self._ledger, self._wrapper, self._version = ledger, AESGCM(key.secret), key.version

    def seal(self, subject: str, text: str, *, purpose: str) -> bytes:
        """Seal `text` with the key of `subject`, which is made when there is none.

        Raises:
            HubError: the key of this subject was destroyed.
        """
        return _encrypt(AESGCM(self._key_for(subject)), text.encode(), purpose)

    def open(self, subject: str, sealed: bytes, *, purpose: str) -> str | None:
        """The text; None when the key of the subject was destroyed.

        Raises:
            HubError: it was sealed with another home's key, for another purpose, or is damaged.
        """
        with self._ledger.read() as connection:
            found = connection.execute(sa.select(SUBJECT_KEYS.c.wrapped_key).where(SUBJECT_KEYS.c.subject_id == subject)).scalar()
        return None if found is None else self.open_with(found, subject, sealed, purpose=purpose)

    def open_with(self, wrapped_key: bytes, subject: str, sealed: bytes, *, purpose: str) -> str:
        """The same for one whose wrapped key was read already."""
        return _decrypt(AESGCM(_decrypt(self._wrapper, wrapped_key, subject)), sealed, purpose).decode()

    def destroy(self, subjects: Iterable[str]) -> int:
        """Destroy keys for good; answers how many there were. That a subject had one stays known, so that none is made again."""
        statement = (
            SUBJECT_KEYS.update()
            .where(SUBJECT_KEYS.c.subject_id.in_(list(subjects)), SUBJECT_KEYS.c.wrapped_key.is_not(None))
            .values(wrapped_key=None, destroyed_at=utc_now())
        )
        with self._ledger.write() as connection:
            return connection.execute(statement).rowcount

    def _key_for(self, subject: str) -> bytes:
        with self._ledger.write() as connection:
            found = connection.execute(sa.select(SUBJECT_KEYS).where(SUBJECT_KEYS.c.subject_id == subject)).mappings().first()
            if found is None:
                key = os.urandom(KEY_BYTES)
                wrapped = _encrypt(self._wrapper, key, subject)
                entry = {"subject_id": subject, "wrapped_key": wrapped, "key_version": self._version, "created_at": utc_now()}
                connection.execute(SUBJECT_KEYS.insert().values(entry))
                return key
        if found["wrapped_key"] is None:
            raise HubError("the key of this subject was destroyed", why="the person was erased", mend="Enter it for a record that exists")
        return _decrypt(self._wrapper, found["wrapped_key"], subject)


def _encrypt(cipher: AESGCM, content: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, bound_to.encode())


def _decrypt(cipher: AESGCM, sealed: bytes, bound_to: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
    except InvalidTag:
        raise HubError(
            "a sealed value of the ledger cannot be opened", why="it was sealed with another home's keys, or is damaged",
            mend="Restore the key file that belongs to this ledger",
        ) from None

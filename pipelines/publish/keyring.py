"""The secret keys of one home: lookup tokens, encrypted fields, API keys. They live outside the home, for the owner's eyes only.

One JSON file, `keyring.json`. Every key has a version, because what was made with one cannot be re-made without the values.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.files import write_new_file
from pipelines.publish.pointer import read_pointer
from schemas.errors import HubError

FILE = "keyring.json"
FORMAT = 1
PURPOSES = ("token", "field", "api_key")
KEY_BYTES = 32
_LOST = "Restore the key file from its backup. If it is lost, move `published` and `serving` away and run `hub run --full` with a new one"


@dataclass(frozen=True)
class Key:
    """A secret of 32 bytes with its version; it never prints its bytes."""

    version: str
    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """HMAC of a constant: tells keys apart and reveals nothing of them."""
        return hmac.new(self.secret, b"customer hub key fingerprint", hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class Keyring:
    """`token` for lookup and published tokens, `field` for encrypted fields, `api_key` as pepper of API keys."""

    token: Key
    field: Key
    api_key: Key

    @property
    def fingerprint(self) -> str:
        """Of the token key: what is published and served depends on it."""
        return self.token.fingerprint


def create_keyring(directory: Path, *, home: Path | None = None) -> Keyring:
    """Make new keys in `directory` (made with mode 0700) as one file (mode 0600).

    Raises:
        HubError: keys are there already, the folder lies inside `home`, is open to others, or cannot be written.
    """
    if home is not None and directory.resolve().is_relative_to(home.resolve()):
        raise HubError("keys must not lie in the home they protect", where=str(directory), mend="Set HUB_KEYS to a folder elsewhere")
    keyring = Keyring(*(Key("k1", secrets.token_bytes(KEY_BYTES)) for _ in PURPOSES))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(directory, "0700")
        write_new_file(directory / FILE, json.dumps(_document(keyring), indent=2).encode())
    except FileExistsError as error:
        raise HubError("keys are there already and stay as they are", where=str(directory / FILE)) from error
    except OSError as error:
        raise HubError("the keys cannot be written", where=str(directory), why=error.strerror) from error
    return keyring


def load_keyring(directory: Path, *, stores: Iterable[Path] = ()) -> Keyring:
    """The keys in `directory`; `stores` (`published/`, `serving/`) must have been made with them, where they hold something.

    Raises:
        HubError: absent, readable by others, damaged, or not the keys of these stores.
    """
    path = directory / FILE
    try:
        _check_private(directory, "0700")
        _check_private(path, "0600")
        content = path.read_bytes()
    except FileNotFoundError:
        raise HubError("there are no keys", where=str(path), mend="Run `hub init`, or set HUB_KEYS to their folder") from None
    except OSError as error:
        raise HubError("the keys cannot be read", where=str(path), why=error.strerror) from error
    try:
        keyring = _keyring(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        # No cause is chained: a parser's message could quote the file.
        raise HubError("the key file is damaged", where=str(path), mend=_LOST) from None
    check_same_key(keyring, stores)
    return keyring


def check_same_key(keyring: Keyring, stores: Iterable[Path]) -> None:
    """Raise HubError when a store was made with another token key: its tokens could never be found again."""
    for store in stores:
        pointer = read_pointer(store)
        made_with = pointer.get("key_fingerprint") if pointer else None
        if made_with is not None and made_with != keyring.fingerprint:
            raise HubError("this was published with another key", where=str(store), mend=_LOST)


def _check_private(place: Path, wanted: str) -> None:
    """An existing folder is never narrowed here: it may be one that others need."""
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & 0o077:
        raise HubError(
            f"others may read the keys (mode {mode:04o})", where=str(place),
            mend=f"Run `chmod {wanted} {place}`, and think about who may have read them",
        )


def _document(keyring: Keyring) -> dict[str, object]:
    keys = zip(PURPOSES, (keyring.token, keyring.field, keyring.api_key), strict=True)
    return {
        "format": FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "keys": {p: {"version": k.version, "secret": k.secret.hex(), "fingerprint": k.fingerprint} for p, k in keys},
    }


def _keyring(document: dict[str, object]) -> Keyring:
    if document["format"] != FORMAT:
        raise ValueError("format")
    entries = document["keys"]
    if not isinstance(entries, dict):
        raise TypeError("keys")
    return Keyring(*(_key(entries[purpose]) for purpose in PURPOSES))


def _key(entry: dict[str, str]) -> Key:
    key = Key(entry["version"], bytes.fromhex(entry["secret"]))
    if len(key.secret) != KEY_BYTES or not hmac.compare_digest(key.fingerprint, entry["fingerprint"]):
        raise ValueError("secret")
    return key

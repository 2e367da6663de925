"""What the routes work with, opened when first needed: keys, ledger, serving index, normaliser of identifiers.

A worker starts even when one of them is absent; it then says so in `/readyz` and in a 503, and recovers by itself once it is there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from ledger.api_keys import StoredKey, stored_key
from ledger.store import Ledger, open_ledger
from pipelines.publish.keyring import Keyring, load_keyring
from pipelines.publish.serving_index import ServingIndex
from schemas.errors import HubError, ServingUnavailable
from schemas.settings import Settings

if TYPE_CHECKING:
    from pipelines.resolve.resolve import Resolver

REFRESH_SECONDS = 0.5
KEY_SECONDS = 0.9
_log = logging.getLogger("hub.api")


def normalise(kind: str, value: str) -> str | None:
    """The standardised form under which a value of that kind is published; None when it is no such value."""
    # imported late: it brings the tables of the Chinese world, and a worker is alive before it needs them
    from pipelines.standardise.lookup import normalise_identifier

    return normalise_identifier(kind, value)


class Backend:
    """One a process; the ledger may be used by several threads, the rest belongs to the event loop."""

    def __init__(
        self, settings: Settings, *, normalise: Callable[[str, str], str | None] = normalise, clock: Callable[[], float] = monotonic
    ) -> None:
        self.settings, self.normalise, self._clock = settings, normalise, clock
        self._opening = Lock()
        self._ledger: Ledger | None = None
        self._keyring: Keyring | None = None
        self._index: ServingIndex | None = None
        self._looked_at = 0.0
        self._trouble: str | None = None
        self._keys: dict[str, tuple[float, StoredKey]] = {}
        self._resolving = Lock()
        self._resolver: Resolver | None = None

    def index(self) -> ServingIndex:
        """The serving index, at most half a second behind what is published.

        Raises:
            ServingUnavailable: absent, damaged, or of another schema. A new version that cannot be opened leaves the old one in service.
        """
        now = self._clock()
        if self._index is None:
            self._index = ServingIndex.open(self.settings.serving)
            self._looked_at = now
        elif now - self._looked_at >= REFRESH_SECONDS:
            self._looked_at = now
            self._refresh(self._index)
        return self._index

    def _refresh(self, index: ServingIndex) -> None:
        try:
            if index.refresh():
                # the new version may have been made with other keys: check them again before they are used on it
                self._keyring = None
            self._trouble = None
        except ServingUnavailable as error:
            if str(error) != self._trouble:
                _log.error("the version before stays in service: %s", error)
            self._trouble = str(error)

    def keyring(self) -> Keyring:
        """The secret keys.

        Raises:
            HubError: absent, readable by others, or not those the serving index was made with.
        """
        if self._keyring is None:
            self._keyring = load_keyring(self.settings.keys_dir, stores=[self.settings.serving])
        return self._keyring

    def ledger(self) -> Ledger:
        """The ledger. Raises HubError when it cannot be opened."""
        with self._opening:
            if self._ledger is None:
                self._ledger = open_ledger(self.settings.ledger)
            return self._ledger

    def known_key(self, key_id: str) -> StoredKey | None:
        """The key of that id if it was read within the last second; None: read it anew with `read_key`."""
        read_at, stored = self._keys.get(key_id, (float("-inf"), None))
        return stored if self._clock() - read_at < KEY_SECONDS else None

    def read_key(self, key_id: str) -> StoredKey | None:
        """The key of that id from the ledger (may wait for it). Ids nobody has are not remembered, so they cannot fill the memory."""
        began = self._clock()
        stored = stored_key(self.ledger(), key_id)
        if stored is None:
            self._keys.pop(key_id, None)
        else:
            self._keys[key_id] = (began, stored)
        return stored

    @contextmanager
    def resolver(self) -> Iterator[Resolver]:
        """What resolves new records, for one thread at a time. Imported and made when first asked for: it brings DuckDB with it."""
        from pipelines.resolve.resolve import Resolver

        with self._resolving:
            keyring = self.keyring()
            if self._resolver is None or self._resolver.keyring is not keyring:
                self._resolver = Resolver(keyring)
            yield self._resolver

    def warm_up(self) -> None:
        """Open and import beforehand what the first request would otherwise wait for; what is missing is logged."""
        for open_part in (self.index, self.keyring, self.ledger, lambda: self.normalise("phone", "")):
            try:
                open_part()
            except HubError as error:
                _log.warning("not ready yet: %s", error)

    def close(self) -> None:
        """Let go of the ledger and the index."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
        if self._index is not None:
            self._index.close()
            self._index = None

"""A small published home for the API's tests: real keys, a real ledger, a real serving index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.api_keys import issue_key
from ledger.store import Ledger, open_ledger
from pipelines.publish.keyring import Keyring, create_keyring, load_keyring
from pipelines.publish.serving_build import build_base, make_current
from pipelines.publish.version import Edition
from pipelines.warehouse import open_warehouse
from schemas.settings import Settings

# what must never come back from the API, in whatever form it was sent
CANARY = "13985274163"
ADA, BO, FORMER = "c00000000000000a", "c00000000000000b", "c00000000000000c"
BUILT_AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PHONE, SHARED_ORDER = "13812345678", "20260101000001"


@dataclass
class Home:
    """Where everything lies, and how to publish into it."""

    settings: Settings
    keyring: Keyring
    ledger: Ledger

    def key(self, role: str = "agent", ttl: timedelta | None = None) -> str:
        """A fresh API key."""
        return issue_key(self.ledger, self.keyring.api_key.secret, f"test {role}", role, ttl)

    def publish(
        self,
        version: str = "v1",
        documents: Iterable[dict[str, Any]] | None = None,
        lookups: Sequence[tuple[str, str, str]] | None = None,
        merged: Sequence[tuple[str, str]] = ((FORMER, ADA),),
    ) -> None:
        """Build a serving index of these documents, lookups (kind, value, id) and merges (old id, id), and switch to it."""
        con = open_warehouse(":memory:")
        for document in people() if documents is None else documents:
            con.execute("INSERT INTO mart.profiles VALUES (?, ?, 0)", [document["customer_id"], json.dumps(document, ensure_ascii=False)])
        for kind, value, customer_id in LOOKUPS if lookups is None else lookups:
            con.execute("INSERT INTO mart.lookups VALUES (?, ?, ?)", [kind, value, customer_id])
        for old, new in merged:
            con.execute("INSERT INTO cluster.customers (customer_id, status, merged_into) VALUES (?, 'merged', ?)", [old, new])
        con.execute("INSERT INTO mart.section_ages VALUES ('orders', '2026-11-20 23:10:00', '2026-11-21 01:30:00')")
        edition = Edition(version, "run-1", BUILT_AT)
        build_base(con, self.settings.serving, edition, self.keyring)
        make_current(self.settings.serving, edition, self.keyring, f"base-{version}")
        con.close()


def people() -> list[dict[str, Any]]:
    return [
        document(ADA, name="张**", phone="138****5678", city="杭州市", record_n=7),
        document(BO, name="李*", phone=None, city=None, record_n=9),
    ]


LOOKUPS = [("phone", PHONE, ADA), ("order", SHARED_ORDER, ADA), ("order", SHARED_ORDER, BO), ("member", "M1", BO)]


def document(customer_id: str, *, name: str | None, phone: str | None, city: str | None, record_n: int) -> dict[str, Any]:
    """A profile document, as small as the API can tell."""
    identity = {"party_kind": "person", "name": name, "phone": phone, "city": city, "record_n": record_n, "source_n": 1}
    return {
        "customer_id": customer_id,
        # what is not known is left out, as the pipeline does
        "identity": {key: value for key, value in identity.items() if value is not None},
        "consents": {"marketing": False, "do_not_contact": False},
        "provenance": [],
    }


def new_home(folder: Path) -> Home:
    """An initialised home in which nothing is published yet."""
    settings = _settings(folder)
    settings.home.mkdir()
    create_keyring(settings.keys_dir, home=settings.home)
    return open_home(folder)


def open_home(folder: Path) -> Home:
    """The home in `folder`."""
    settings = _settings(folder)
    return Home(settings, load_keyring(settings.keys_dir), open_ledger(settings.ledger))


def _settings(folder: Path) -> Settings:
    return Settings(home=folder / "data", keys=folder / "keys", ledger_url=None)

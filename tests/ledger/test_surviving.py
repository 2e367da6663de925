"""What people did after a backup is carried over the ledger that comes back from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.judgements import judge, judgements_in_force
from ledger.overrides import enter_override, overrides_in_force
from ledger.portable import write_portable
from ledger.store import Ledger, open_ledger
from ledger.surviving import ACTS
from ledger.vault import Vault
from tests.ledger.test_overrides import Key


@pytest.fixture
def restored(ledger: Ledger, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger as it was before the test did anything to `ledger`, but for one override."""
    enter_override(ledger, Vault(ledger, Key()), "crm:1", "phone", "13812345678", by="wang")
    write_portable(ledger, tmp_path / "backup.db")
    with closing(open_ledger(f"sqlite:///{tmp_path / 'backup.db'}")) as old:
        yield old


def carry(newer: Ledger, into: Ledger) -> dict[str, int]:
    with newer.read() as source, into.write() as target:
        return {act.what: act.bring(target, act.held(source)) for act in ACTS}


def test_what_was_entered_since_is_kept_and_readable(ledger: Ledger, restored: Ledger) -> None:
    enter_override(ledger, Vault(ledger, Key()), "crm:2", "name", "张三", by="li")
    judge(ledger, [("crm:1", "crm:2", "different")], by="li")
    assert {what: n for what, n in carry(ledger, restored).items() if n} == {"judgements": 1, "subject keys": 1, "overrides": 1}
    found = [(of.record_id, of.value) for of in overrides_in_force(restored, Vault(restored, Key()))]
    assert found == [("crm:1", "13812345678"), ("crm:2", "张三")]
    assert len(judgements_in_force(restored)) == 1
    assert not any(carry(ledger, restored).values()), "a second time there is nothing to carry"


def test_a_key_destroyed_since_stays_destroyed(ledger: Ledger, restored: Ledger) -> None:
    Vault(ledger, Key()).destroy(["crm:1"])
    assert carry(ledger, restored)["subject keys"] == 1
    assert overrides_in_force(restored, Vault(restored, Key())) == []

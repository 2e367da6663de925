"""Secret keys: private, whole, and those of this home."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.publish.keyring import FILE, KEY_BYTES, create_keyring, load_keyring
from pipelines.publish.pointer import switch
from schemas.errors import HubError
from tests.publish.world import KEYS


def test_keys_are_made_for_the_owner_alone_and_come_back(tmp_path: Path) -> None:
    made = create_keyring(tmp_path / "keys")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / FILE).stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "keys").iterdir()] == [FILE]
    assert load_keyring(tmp_path / "keys") == made
    secrets = {made.token.secret, made.field.secret, made.api_key.secret}
    assert len(secrets) == 3
    assert {len(s) for s in secrets} == {KEY_BYTES}
    assert made.token.version == "k1"


def test_keys_never_show_in_text(tmp_path: Path) -> None:
    made = create_keyring(tmp_path / "keys")
    for key in (made.token, made.field, made.api_key):
        assert key.secret.hex() not in repr(made)
        assert str(key.secret) not in repr(made)


def test_existing_keys_are_never_replaced(tmp_path: Path) -> None:
    made = create_keyring(tmp_path / "keys")
    with pytest.raises(HubError, match="stay as they are"):
        create_keyring(tmp_path / "keys")
    assert load_keyring(tmp_path / "keys") == made


def test_keys_do_not_go_into_the_home(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="HUB_KEYS"):
        create_keyring(tmp_path / "data" / "keys", home=tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_folder_others_use_is_not_narrowed(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    with pytest.raises(HubError, match="0755"):
        create_keyring(tmp_path / "shared")
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o755
    assert not any((tmp_path / "shared").iterdir())


def test_absent_keys_are_named(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="hub init"):
        load_keyring(tmp_path / "keys")


@pytest.mark.parametrize(("what", "mode"), [("file", 0o640), ("file", 0o604), ("folder", 0o750), ("folder", 0o705)])
def test_keys_that_others_may_read_are_refused(tmp_path: Path, what: str, mode: int) -> None:
    create_keyring(tmp_path / "keys")
    (tmp_path / "keys" / FILE if what == "file" else tmp_path / "keys").chmod(mode)
    with pytest.raises(HubError, match="others may read"):
        load_keyring(tmp_path / "keys")


def _cut(text: str) -> str:
    return text[:100]


def _flip(text: str) -> str:
    secret = json.loads(text)["keys"]["token"]["secret"]
    return text.replace(secret, ("0" if secret[0] != "0" else "1") + secret[1:])


def _shorten(text: str) -> str:
    secret = json.loads(text)["keys"]["field"]["secret"]
    return text.replace(secret, secret[:-2])


def _future(text: str) -> str:
    return text.replace('"format": 1', '"format": 9')


@pytest.mark.parametrize(
    "damage", [_cut, _flip, _shorten, _future, lambda _: "[]", lambda _: "", lambda _: "null", lambda _: '{"format": 1}']
)
def test_a_damaged_key_file_is_refused_without_quoting_it(tmp_path: Path, damage: Callable[[str], str]) -> None:
    made = create_keyring(tmp_path / "keys")
    path = tmp_path / "keys" / FILE
    path.write_text(damage(path.read_text()))
    with pytest.raises(HubError, match="damaged") as caught:
        load_keyring(tmp_path / "keys")
    assert made.token.secret.hex()[:20] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_keys_of_another_home_are_refused(tmp_path: Path) -> None:
    made = create_keyring(tmp_path / "keys")
    (tmp_path / "serving").mkdir()
    stores = [tmp_path / "published", tmp_path / "serving"]
    assert load_keyring(tmp_path / "keys", stores=stores) == made
    switch(tmp_path / "serving", {"version": "v1", "folder": "base-v1", "key_fingerprint": made.fingerprint})
    assert load_keyring(tmp_path / "keys", stores=stores) == made
    switch(tmp_path / "serving", {"version": "v1", "folder": "base-v1", "key_fingerprint": KEYS.fingerprint})
    with pytest.raises(HubError, match="another key"):
        load_keyring(tmp_path / "keys", stores=stores)

"""`hub restore`: a backup becomes the home, whole or not at all.

Everything is copied beside what is there and its checksums are verified; then a file says that the restore is switching, the ledger is
filled in one transaction (what people did since the backup survives, `ledger/surviving.py`), names are exchanged, and the file goes. Cut
off before it, the home is as it was; after it, nobody uses the home (`pipelines/home_use.py`) until the restore is run again and goes on.

Landing files that came after the backup stay, and the next run reads them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from ledger.portable import refill
from ledger.runs import recent_runs
from ledger.store import Ledger, open_ledger, set_aside_damaged
from operations.archive import LEDGER, Archive, StoredFile, is_left_out, read_archive, refuse_damaged
from operations.copying import copy_hashed, failures_named, two_at_a_time
from pipelines.files import share
from pipelines.home_use import SWITCHING, served_by_nobody
from pipelines.publish.keyring import load_keyring
from pipelines.publish.pointer import link_current, read_pointer, replace_file, sync_folder
from pipelines.run_lock import run_lock
from pipelines.warehouse import SCHEMA_VERSION
from schemas.errors import HomeDamaged, HubError, UsageError
from schemas.settings import Settings

STAGED, REPLACED = ".restoring", ".replaced"
LANDING = "landing"

@dataclass(frozen=True)
class Restored:
    """What came back. `kept`: acts that were carried over it, by kind; `ledger_aside`: where a ledger that could not be read was put."""

    archive: Archive
    kept: dict[str, int]
    ledger_aside: Path | None


@dataclass(frozen=True)
class _Switch:
    """What is left to do once it began: names in the home that go, and names that come from the backup's `folder`."""

    folder: str
    go: tuple[str, ...]
    come: tuple[str, ...]


def restore(settings: Settings, directory: Path, *, force: bool = False, ledgers: Sequence[str] = ()) -> Restored:
    """Make the home what the backup in `directory` holds. `ledgers`: URLs of others that may hold newer acts of people.

    Raises:
        HubError: the backup is half, damaged or of another hub's keys; the home is as it was.
        HomeDamaged: the backup is of a later release.
        HomeBusy: a run goes on, or the home is being served.
        UsageError: there is a home here already, and no `force`.
    """
    archive = read_archive(directory)
    _check_keys(settings, archive)
    _check_release(archive, directory)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        failures_named("the restore was broken off; run it again", settings.home),
        run_lock(settings.run_lock, "hub restore"),
        served_by_nobody(settings.home),
        _opened(ledgers) as others,
    ):
        begun = _begun(settings.home)
        goes_on = begun is not None and begun.folder == archive.folder
        if not goes_on and not force:
            _refuse_live(settings, begun)
        ledger, aside = _ledger(settings)  # before anything is exchanged: one that does not answer ends the restore here
        with closing(ledger):
            if begun is not None and not goes_on:  # another restore was cut off here: finished, it leaves a whole home to replace
                _switch(settings, ledger, begun, others)
            switch = begun if begun is not None and goes_on else _stage(settings, directory, archive)
            kept = _switch(settings, ledger, switch, others)
    return Restored(archive, kept, aside)


def _check_keys(settings: Settings, archive: Archive) -> None:
    if load_keyring(settings.keys_dir).fingerprint != archive.key_fingerprint:
        raise HubError(
            "the backup was made with other keys", where=str(settings.keys_dir),
            why="what it published could never be looked up with these", mend="Set HUB_KEYS to the keys of that home",
        )


def _check_release(archive: Archive, directory: Path) -> None:
    if (archive.versions.warehouse or 0) > SCHEMA_VERSION:
        raise HomeDamaged(
            f"the backup has a warehouse of schema {archive.versions.warehouse}, this release reads {SCHEMA_VERSION}", where=str(directory),
            mend="Use the release that made it",
        )


@contextmanager
def _opened(urls: Sequence[str]) -> Iterator[list[Ledger]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing(open_ledger(url))) for url in urls]


def _begun(home: Path) -> _Switch | None:
    """The switch that was cut off here."""
    path = home / SWITCHING
    if not path.exists():
        return None
    said: dict[str, Any] = orjson.loads(path.read_bytes())  # written whole or not at all
    return _Switch(said["folder"], tuple(said["go"]), tuple(said["come"]))


def _refuse_live(settings: Settings, begun: _Switch | None) -> None:
    """Without `force` a restore fills an empty home, or goes on where it was cut off."""
    if begun is not None:
        raise UsageError(
            f"a restore of another backup ({begun.folder}) was cut off here", where=str(settings.home),
            mend="Run that one again; --force restores this one instead",
        )
    held = [name for name in _names(settings.home) if _holds_something(settings.home / name)]
    if not held and _ledger_is_new(settings):
        return
    raise UsageError(
        "there is a home here already", where=str(settings.home), why=", ".join(held) or "its ledger is in use",
        mend="--force replaces it; what people decided since the backup survives",
    )


def _holds_something(path: Path) -> bool:
    return not path.is_dir() or any(path.iterdir())


def _ledger_is_new(settings: Settings) -> bool:
    try:
        with closing(open_ledger(settings.ledger)) as ledger:
            return not recent_runs(ledger, limit=1)
    except HomeDamaged:
        return False


def _names(home: Path) -> list[str]:
    """What a restore replaces."""
    return sorted(path.name for path in home.iterdir() if _is_replaced(path.name))


def _is_replaced(name: str) -> bool:
    return name != LANDING and not is_left_out(name)


def _stage(settings: Settings, directory: Path, archive: Archive) -> _Switch:
    """Copy the backup beside what is there, verify it, and say that switching begins."""
    home, staged = settings.home, settings.home / STAGED
    for leftover in (staged, home / REPLACED):
        _remove(leftover)
    staged.mkdir(mode=0o700)
    (home / REPLACED).mkdir(mode=0o700)
    source = directory / archive.folder

    def fetch(file: StoredFile) -> None:
        _, sha256 = copy_hashed(source / file.path, staged / file.path)
        refuse_damaged(file, source / file.path, sha256)

    try:
        two_at_a_time(fetch, sorted((file for file in archive.files if not file.same_as), key=lambda file: -file.bytes))
        for file in archive.files:
            if file.same_as:
                (staged / file.path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                share(staged / file.same_as, staged / file.path)
        open_ledger(f"sqlite:///{(staged / LEDGER).absolute()}").close()  # refuses a later release's while there is time
    except BaseException:
        _remove(staged)
        raise
    switch = _Switch(archive.folder, tuple(_names(home)), tuple(_names(staged)))
    _say(home, switch)
    return switch


def _say(home: Path, switch: _Switch) -> None:
    replace_file(home / SWITCHING, orjson.dumps(asdict(switch)))


def _switch(settings: Settings, ledger: Ledger, switch: _Switch, others: list[Ledger]) -> dict[str, int]:
    """Fill the ledger and exchange the names; answer which acts were kept. Done again from any point of it, it comes to the same."""
    home, staged, replaced = settings.home, settings.home / STAGED, settings.home / REPLACED
    kept = refill(ledger, staged / LEDGER, others=others)
    for name in switch.go:
        if (home / name).exists() and not (replaced / name).exists():
            (home / name).rename(replaced / name)
    for name in switch.come:
        if (staged / name).exists():
            (staged / name).rename(home / name)
    _add_landing(staged / LANDING, home / LANDING)
    pointer = read_pointer(settings.published)
    if pointer:
        link_current(settings.published, str(pointer["folder"]))
    sync_folder(home)
    (home / SWITCHING).unlink()
    sync_folder(home)
    _remove(staged)
    _remove(replaced)
    return kept


def _ledger(settings: Settings) -> tuple[Ledger, Path | None]:
    """The ledger of the home; one that is no ledger any more is put aside and a new one made."""
    try:
        return open_ledger(settings.ledger), None
    except HomeDamaged:
        aside = set_aside_damaged(settings.ledger)
        if aside is None:
            raise
        return open_ledger(settings.ledger), aside


def _add_landing(source: Path, target: Path) -> None:
    """Bring back landing files that are gone; what lies there stays."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.rename(place)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)

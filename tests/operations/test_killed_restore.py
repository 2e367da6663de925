"""kill -9 at every step of a restore: the home is as it was, or the same restore goes on and ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import operations.restore
from ledger.judgements import judge
from ledger.store import open_ledger
from operations.backup import back_up
from operations.restore import restore
from pipelines.home_use import SWITCHING, refuse_half_restored, serving_from
from schemas.errors import HomeDamaged, UsageError
from schemas.settings import Settings
from tests.operations.conftest import judged
from tests.operations.test_restore import content, edit

# In the order they happen; copying is one step here, many files there.
NAMES = ("two_at_a_time", "_say", "refill", "_add_landing", "_remove")


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do `work` in a child process that is killed before its `step`-th step; whether it came to that."""
    child = os.fork()
    if child == 0:
        _arm(step)
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def _arm(step: int) -> None:
    taken = 0

    def deadly(original: Callable[..., Any]) -> Callable[..., Any]:
        def take(*arguments: Any, **named: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **named)

        return take

    for name in NAMES:
        setattr(operations.restore, name, deadly(getattr(operations.restore, name)))
    Path.rename = deadly(Path.rename)  # type: ignore[method-assign]
    Path.unlink = deadly(Path.unlink)  # type: ignore[method-assign]


def test_killed_anywhere_it_is_the_old_home_or_goes_on_to_the_new(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "backup")
    wanted = content(settings.home) | {"landing/crm_2.csv": b"later"}
    edit(settings)
    with closing(open_ledger(settings.ledger)) as ledger:
        judge(ledger, [("a", "b", "same")], by="li")
    back_up(settings, tmp_path / "edited")  # to begin each time from the same home
    step, half = 0, 0
    before = content(settings.home)
    while killed_at(step := step + 1, lambda: restore(settings, tmp_path / "backup", force=True)):
        if (settings.home / SWITCHING).exists():
            half += 1
            _is_refused_by_all_but_its_own_restore(settings, tmp_path / "edited")
            restore(settings, tmp_path / "backup")
        else:
            found = {name: held for name, held in content(settings.home).items() if not name.startswith(".re")}
            assert found in (before, wanted)
            restore(settings, tmp_path / "backup", force=True)
        assert content(settings.home) == wanted
        assert judged(settings) == [(1, "a", "same")]
        restore(settings, tmp_path / "edited", force=True)
        assert content(settings.home) == before
    assert half > 8 and step > half


def _is_refused_by_all_but_its_own_restore(settings: Settings, other: Path) -> None:
    with pytest.raises(HomeDamaged, match="cut off"):
        refuse_half_restored(settings.home)
    with pytest.raises(HomeDamaged, match="cut off"), serving_from(settings.home):
        pass
    with pytest.raises(UsageError, match="another backup"):
        restore(settings, other)


def test_another_restore_first_finishes_the_one_that_was_cut_off(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "backup")
    edit(settings)
    back_up(settings, tmp_path / "edited")
    before = content(settings.home)
    step = 1
    while killed_at(step, lambda: restore(settings, tmp_path / "backup", force=True)) and not (settings.home / SWITCHING).exists():
        step += 1
    assert (settings.home / SWITCHING).exists()
    restore(settings, tmp_path / "edited", force=True)
    assert content(settings.home) == before

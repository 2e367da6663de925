"""What goes wrong is told without a value of a row, and never as a bare code."""

from __future__ import annotations

import errno
import sqlite3

import duckdb
import pytest

from assets.failures import Fault, describe, without_values
from schemas.errors import HubError, UsageError

SECRET = "13800138000"


def test_an_error_of_the_hub_stays_as_it_is() -> None:
    error = UsageError("wrong", where="here")
    assert without_values(error) is error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_an_error_of_the_system_becomes_a_sentence_with_a_way_out(number: int) -> None:
    told = without_values(OSError(number, "Reason of the system", "/home/file"))
    assert isinstance(told, HubError) and not isinstance(told, Fault)
    assert told.where == "/home/file" and told.why == "reason of the system" and told.mend


def test_duckdb_without_room_is_told_as_a_full_disk() -> None:
    told = without_values(duckdb.IOException('Could not write file "/x": No space left on device'))
    assert told.mend is not None and "space" in told.mend


def test_sqlite_without_room_is_told_as_a_full_disk() -> None:
    assert "space" in describe(sqlite3.OperationalError("database or disk is full"))


def test_the_cause_is_found_behind_wrappers_and_in_circles() -> None:
    inner, outer = OSError(errno.ENOSPC, "No space left on device"), RuntimeError("wrapped")
    outer.__cause__, inner.__context__ = inner, outer
    assert "no space left" in describe(outer)


def test_the_text_of_an_unexpected_error_is_left_out() -> None:
    con = duckdb.connect()
    with pytest.raises(duckdb.ConversionException) as caught:
        con.execute(f"SELECT CAST('{SECRET}x' AS INTEGER)").fetchall()
    con.close()
    assert SECRET in str(caught.value)
    told = without_values(caught.value)
    assert isinstance(told, Fault)
    assert SECRET not in str(told) and "ConversionException" in str(told)
    assert told.__traceback__ is not None

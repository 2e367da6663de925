"""Same arguments, same bytes; the right files with the rows they claim; fast."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from demo.generate import generate
from schemas.settings import PROJECT
from tests.demo.conftest import Extracts, write


def digests(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("day", [0, 2])
def test_same_seed_gives_same_bytes_in_another_process_with_other_hashes(tmp_path: Path, day: int) -> None:
    write(tmp_path / "here", people=300, day=day)
    code = (
        "import sys; from pathlib import Path; from demo.generate import generate; "
        f"f = Path(sys.argv[1]); generate(f / 'landing{day}', f / 'truth{day}', people=300, seed=7, day={day})"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "America/New_York", "PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True, env=environment, cwd=tmp_path)
    assert digests(tmp_path / "here") == digests(tmp_path / "there")


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    one, other = write(tmp_path / "1", people=300, seed=1), write(tmp_path / "2", people=300, seed=2)
    assert digests(one.landing).keys() == digests(other.landing).keys()
    assert not set(digests(one.landing).values()) & set(digests(other.landing).values())


def test_a_small_demo_is_written_at_once(tmp_path: Path) -> None:
    began = perf_counter()
    write(tmp_path, people=300)
    assert perf_counter() - began < 5


def test_files_hold_the_rows_they_claim(town: Extracts) -> None:
    files, broken = town.generated.files, town.generated.broken
    sound = {
        "orders": len(town.orders()), "logistics": len(town.shipments()), "tickets": len(town.tickets()), "calls": len(town.calls()),
    }  # fmt: skip
    for stem, rows in sound.items():
        name = town.path(stem).name
        own = broken.get(name, 0) if stem != "tickets" else 0  # a broken ticket reads well until its time is looked at
        assert files[name] - own == rows, stem
    assert town.generated.rows / town.generated.people == pytest.approx(7.5, abs=0.3)


def test_broken_rows_are_a_handful_of_each_kind(town: Extracts) -> None:
    assert sorted(town.generated.broken.values()) == [3, 3, 6, 9, 15]
    raw = town.path("crm_customers").read_bytes()
    assert b"1986-02-31" in raw and b"1.38E+10" in raw and b"\xff\xfe\r\n" in raw
    with pytest.raises(UnicodeDecodeError):
        raw.decode("gb18030")


def test_nothing_else_is_left_in_the_landing_folder(town: Extracts) -> None:
    assert sorted(p.name for p in town.landing.iterdir()) == sorted(town.generated.files)


@pytest.mark.parametrize(("people", "day"), [(10, 0), (300, -1), (10**8, 0)])
def test_numbers_out_of_range_are_refused(tmp_path: Path, people: int, day: int) -> None:
    with pytest.raises(ValueError, match="people must be"):
        generate(tmp_path / "landing", tmp_path / "truth", people=people, day=day)

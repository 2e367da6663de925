"""docs/benchmarks.md: each benchmark writes its own section, with the day, the machine and the versions."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from benchmarks.measure import machine

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def put_section(name: str, lines: list[str]) -> None:
    """Put `lines` between the markers of the section `name`."""
    block = "\n".join([f"<!-- {name}:begin -->", f"Measured {date.today()} on {machine()}.", "", *lines, f"<!-- {name}:end -->"])
    text = DOCUMENT.read_text("utf-8")
    found = re.compile(rf"<!-- {name}:begin -->.*<!-- {name}:end -->", re.DOTALL)
    if not found.search(text):
        raise ValueError(f"{DOCUMENT} has no section {name!r}")
    DOCUMENT.write_text(found.sub(lambda _: block, text), "utf-8")

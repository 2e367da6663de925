"""How the command line writes: consoles, times and sizes in words."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """`3 minutes ago`, for a naive UTC time."""
    if moment is None:
        return "never"
    seconds = max(0.0, ((now or datetime.now(UTC).replace(tzinfo=None)) - moment).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def size(n: int) -> str:
    """`3.4 MB`."""
    value = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def number(n: int | None) -> str:
    """Thousands apart."""
    return "" if n is None else f"{n:,}"

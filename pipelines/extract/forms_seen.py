"""Which forms of dates and numbers the cells of a sample have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.extract.number_forms import FULL_WIDTH, HALF_WIDTH

_FOLD = str.maketrans(FULL_WIDTH, HALF_WIDTH)
DATE_FORMS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%d/%m/%Y", "%m/%d/%Y", "%y-%m-%d", "%y/%m/%d",
)  # fmt: skip
TIME_FORMS = (
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y.%m.%d %H:%M:%S", "%Y%m%d%H%M%S",
    "%Y年%m月%d日 %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*|\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})")
_NUMBER = re.compile(r"[+-]?(?:[¥￥$])?[0-9][0-9.,]*\s*(万|亿|千)?\s*(元|CNY|RMB)?")


def date_forms(cells: Iterable[str], forms: tuple[str, ...]) -> tuple[list[str], int]:
    """The fewest forms, most frequent first, that read the cells, and how many cells none of them reads."""
    left = [cell.translate(_FOLD) for cell in cells if cell]
    found: list[str] = []
    iso = [cell for cell in left if _ISO.fullmatch(cell)]
    if iso:
        found.append("iso")
        left = [cell for cell in left if not _ISO.fullmatch(cell)]
    for word, pattern in (("epoch_ms", r"1[0-9]{12}"), ("epoch_s", r"1[0-9]{9}")):
        if left and all(re.fullmatch(pattern, cell) for cell in left):
            return [*found, word], 0
    while left:
        best = max(forms, key=lambda form: sum(_reads(cell, form) for cell in left))
        rest = [cell for cell in left if not _reads(cell, best)]
        if len(rest) == len(left):
            break
        found.append(best)
        left = rest
    return found, len(left)


def _reads(cell: str, form: str) -> bool:
    try:
        datetime.strptime(cell, form)
    except ValueError:
        return False
    return True


@dataclass
class NumbersSeen:
    """What the numbers of a file look like, taken together."""

    strip: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    has_groups: bool = False
    decimal_comma: int = 0
    decimal_point: int = 0
    long_decimals: bool = False

    def add(self, cells: Iterable[str]) -> None:
        for cell in cells:
            text = cell.translate(_FOLD)
            match = _NUMBER.fullmatch(text)
            if not match:
                continue
            self.units |= {match[1]} if match[1] else set()
            self.strip |= {sign for sign in ("元", "CNY", "RMB", "¥", "￥", "$") if sign in text}
            self._point(re.sub(r"[^0-9.,]", "", text))

    def _point(self, digits: str) -> None:
        if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
            self.has_groups = True
        elif re.fullmatch(r"[0-9]+,[0-9]{1,2}", digits):
            self.decimal_comma += 1
        elif re.fullmatch(r"[0-9]+\.[0-9]+", digits):
            self.decimal_point += 1
        self.long_decimals |= bool(re.search(r"[.][0-9]{3,}$", digits))

    @property
    def yaml(self) -> str | None:
        """The `number` form as flow YAML; None when the default reads all."""
        comma = self.decimal_comma > self.decimal_point
        parts = ['decimal: ","'] if comma else []
        parts += ['thousands: ","'] if self.has_groups and not comma else []
        parts += [f"strip: [{', '.join(sorted(self.strip))}]"] if self.strip else []
        factors = {"千": 1000, "万": 10_000, "亿": 100_000_000}
        parts += [f"units: {{{', '.join(f'{unit}: {factors[unit]}' for unit in sorted(self.units))}}}"] if self.units else []
        parts += ["round: 2"] if self.long_decimals else []
        return f"{{{', '.join(parts)}}}" if parts else None

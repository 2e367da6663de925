"""Characters: one form for what looks the same. NFKC, invisible characters off, the middots one, traditional to simplified.

`PLAIN` characters are those that `tidy` and `simplify` leave alone; values of plain characters only need no Python.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from pipelines.standardise.vocabulary import entries, words

UNREADABLE = "\ufffd"
MIDDOT = "·"
# GB 18030-2005 put these into the private use area, where fonts and databases still have them
_PRIVATE_USE = {
    0xE81E: "龴", 0xE826: "龵", 0xE82B: "龶", 0xE82C: "龷", 0xE832: "龸", 0xE843: "龹", 0xE854: "龺", 0xE863: "䶮", 0xE864: "龻",
}  # fmt: skip
_MIDDOTS = dict.fromkeys(map(ord, "•‧∙⋅・᛫⸱ꞏ"), MIDDOT)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣"), "-")
_LOOKS = _PRIVATE_USE | _MIDDOTS | _DASHES
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_SPACES = re.compile(r"\s+")
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # inside a character class
_HAN = re.compile(f"[{HAN}]")


def tidy(value: str) -> str:
    """NFKC with one middot, one dash, single blanks, nothing invisible; private-use characters as what they stand for or `UNREADABLE`.

    >>> tidy(" 王\\ue863\\u3000（１）")
    '王䶮 (1)'
    """
    text = unicodedata.normalize("NFKC", value.translate(_LOOKS)).translate(_LOOKS)
    return _SPACES.sub(" ", _PRIVATE.sub(UNREADABLE, _INVISIBLE.sub("", text))).strip()


def has_han(value: str) -> bool:
    """Whether a Han character is in it."""
    return _HAN.search(value) is not None


@cache
def simplified() -> dict[int, str]:
    """Traditional -> simplified, character by character (OpenCC `t2s`), without the characters that are in simplified use themselves."""
    import opencc  # not at the top: an API worker imports this module for `tidy` alone

    block = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    turned = opencc.OpenCC("t2s").convert("\n".join(block)).split("\n")
    kept = set(words("kept_characters", "character", place="any"))
    return {ord(old): new for old, new in zip(block, turned, strict=True) if old != new and len(new) == 1 and old not in kept}


def simplify(value: str) -> str:
    """Traditional characters as simplified ones, one by one."""
    return value.translate(simplified())


@cache
def plain_han() -> str:
    """The inside of a character class: Han characters of the main block that are the same in every form, as ranges."""
    odd = set(simplified()) | {ord(row["variant"]) for row in entries("variants")}
    return _ranges(code for code in range(0x4E00, 0x9FA6) if code not in odd and unicodedata.normalize("NFKC", chr(code)) == chr(code))


def _ranges(codes: Iterable[int]) -> str:
    """Ascending code points as `a-bc-d`."""
    spans: list[list[int]] = []
    for code in codes:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in spans)

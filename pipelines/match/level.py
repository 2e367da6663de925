"""What two values may have in common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """SQL over `l` and `r` with `{f}` for the prepared field (`{g}` for the other part of a name), and what it says in words.

    `is_of_masked`: reached by pairs in which a value is hidden in part. These are counted among themselves, for they cannot reach what
    clear pairs can: how often values are hidden must not look like evidence.

    `tells_apart`: reached by two of one house, as sister companies are, who share much else. Without labels such pairs look like true ones,
    so what they reach is never learned as evidence for one (pipelines/match/learn.py).
    """

    name: str
    holds: str
    means: str
    is_of_masked: bool = False
    tells_apart: bool = False

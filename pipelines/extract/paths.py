"""Dotted paths of a mapping (`order.id`, `phones.0`) as JSON paths and struct fields."""

from __future__ import annotations

from pipelines.sql import quoted
from schemas.mapping import ITEM


def json_path(path: str) -> str:
    """`order.id` -> `$."order"."id"`; a number is the index of a list; `$item` is the value itself."""
    if path == ITEM:
        return "$"
    steps = [f"[{step}]" if step.isdigit() else '."' + step + '"' for step in path.split(".")]
    return "$" + "".join(steps)


def struct_path(base: str, path: str) -> str:
    """`order.id` -> `base."order"."id"`; `$item` is `base` itself."""
    return base if path == ITEM else ".".join([base, *(quoted(step) for step in path.split("."))])

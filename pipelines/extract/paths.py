"""Dotted paths of a mapping (`order.id`, `phones.0`) as JSON paths, JSON structures and struct fields."""

from __future__ import annotations

import json

from pipelines.extract.bench import quoted
from schemas.mapping import ITEM


def json_path(path: str) -> str:
    """`order.id` -> `$."order"."id"`; a number is the index of a list."""
    steps = [f"[{step}]" if step.isdigit() else '."' + step + '"' for step in path.split(".")]
    return "$" + "".join(steps)


def struct_path(base: str, path: str) -> str:
    """`order.id` -> `base."order"."id"`."""
    return ".".join([base, *(quoted(step) for step in path.split("."))])


class ItemSchema:
    """The paths read inside the items of a nested list, as a JSON structure of texts."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths

    def within(self, source: str) -> str:
        """The structure `json_transform` takes: the list at `source` with its items."""
        item: object = "VARCHAR" if self.paths == [ITEM] else _tree(self.paths)
        found: object = [item]
        for step in reversed(source.split(".")):
            found = {step: found}
        return json.dumps(found, ensure_ascii=False)

    def fields(self, base: str, source: str) -> str:
        """SQL: the list at `source` of the struct `base`, its items as structs `f0, f1, …`; a null item stays null."""
        cells = ", ".join(f"f{i} := {'x' if path == ITEM else struct_path('x', path)}" for i, path in enumerate(self.paths))
        return f"list_transform({struct_path(base, source)}, lambda x: CASE WHEN x IS NOT NULL THEN struct_pack({cells}) END)"


def _tree(paths: list[str]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for path in paths:
        node = tree
        *above, last = path.split(".")
        for step in above:
            below = node.setdefault(step, {})
            if not isinstance(below, dict):  # `a` and `a.b` both wanted: `a` is read as text
                break
            node = below
        else:
            node.setdefault(last, "VARCHAR")
    return tree

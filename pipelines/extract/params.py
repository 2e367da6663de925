"""Values bound to a generated query; none is ever written into its text."""

from __future__ import annotations

import re


class Params:
    """Hands out `$p<n>` for each value and keeps the values by name."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}

    def bind(self, value: object) -> str:
        name = f"p{len(self._values)}"
        self._values[name] = value
        return f"${name}"

    def bind_all(self, values: tuple[str, ...] | list[str]) -> str:
        """`$p1, $p2, …` for an IN list."""
        return ", ".join(self.bind(value) for value in values)

    def of(self, sql: str) -> dict[str, object]:
        """The values `sql` asks for; DuckDB takes no others."""
        return {name: self._values[name] for name in set(re.findall(r"\$(p[0-9]+)\b", sql))}

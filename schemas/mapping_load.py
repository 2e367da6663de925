"""YAML as text with line numbers: every scalar stays the text a person wrote, every node knows its line.

YAML 1.1 reads `否: …`, `no`, `1.10` or `2024-01-01` as booleans, numbers and dates; in a mapping these are words and
column names, so nothing is converted here. What a value must be is said by the model, not guessed by the parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from schemas.errors import MappingError

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Words:
    """`data`: dicts, lists, texts and None; `lines`: path of keys and indexes -> 1-based line."""

    name: str
    data: object
    lines: dict[Loc, int]

    def line(self, loc: Loc) -> int:
        """Line of `loc`, or of the nearest thing above it that stands in the file."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def where(self, loc: Loc) -> str:
        return f"{self.name}:{self.line(loc)}"


def read_words(path: Path) -> Words:
    """Read one YAML file.

    Raises:
        MappingError: not readable, not UTF-8, not YAML, or a key stands twice; `where` is `file:line`.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise MappingError("the mapping cannot be read", where=path.name, why=error.strerror) from error
    except UnicodeDecodeError as error:
        raise MappingError("the mapping is not UTF-8", where=path.name, mend="Save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise MappingError("not valid YAML", where=f"{path.name}:{mark.line + 1 if mark else 1}", why=error.problem) from error
    except yaml.YAMLError as error:
        raise MappingError("not valid YAML", where=path.name, why=str(error)) from error
    lines: dict[Loc, int] = {}
    return Words(path.name, _value(node, (), lines, path.name), lines)


def _value(node: yaml.Node | None, loc: Loc, lines: dict[Loc, int], name: str) -> object:
    if node is None:
        return None
    lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, loc, lines, name)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*loc, i), lines, name) for i, item in enumerate(node.value)]
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if is_plain and node.value in ("", "~") else str(node.value)


def _mapping(node: yaml.MappingNode, loc: Loc, lines: dict[Loc, int], name: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise MappingError("a key must be one word or text", where=f"{name}:{line}")
        key = str(key_node.value)
        if key in found:
            first = lines[(*loc, key)]
            raise MappingError(f"the key {key!r} stands twice", where=f"{name}:{line}", why=f"first on line {first}", mend="Keep one")
        lines[(*loc, key)] = line
        found[key] = _value(value_node, (*loc, key), lines, name)
    return found

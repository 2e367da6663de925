"""Read a YAML declaration into a pydantic model so that every fault is named with its file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from schemas.errors import UsageError

Model = TypeVar("Model", bound=BaseModel)


def load_located(path: Path, model: type[Model], *, what: str, context: Mapping[str, object] | None = None) -> Model:
    """Validate the YAML file at `path` as `model`; `what` names the kind of file in errors, `context` is for the model's validators.

    Raises:
        UsageError: the file is absent, is not YAML, repeats a key, or does not fit the model; `where` is `file:line`.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{what} cannot be read", where=str(path), why=type(error).__name__) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{what} is not YAML", where=f"{path}:{line}", why=error.problem) from error
    if root is None:
        raise UsageError(f"{what} is empty", where=str(path))
    _refuse_repeated_keys(root, path, what)
    try:
        return model.model_validate(yaml.safe_load(text), context=dict(context or {}))
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{what} is wrong at {_spelled(first['loc'])}", where=f"{path}:{line_of(root, first['loc'])}", why=_said(first["msg"])
        ) from error


def line_of(root: yaml.Node, place: Sequence[str | int]) -> int:
    """The 1-based line of the deepest part of `place` that the document has; a mapping entry is where its key stands."""
    node, line = root, root.start_mark.line + 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _refuse_repeated_keys(node: yaml.Node, path: Path, what: str) -> None:
    """YAML readers keep the last of two equal keys in silence; a declaration must not."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, path, what)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value in seen:
            raise UsageError(f"{what} declares {key.value!r} twice", where=f"{path}:{line}", why=f"first in line {seen[key.value]}")
        seen[key.value] = line
        _refuse_repeated_keys(value, path, what)


def _spelled(place: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in place if part != "[key]") or "its top level"


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")

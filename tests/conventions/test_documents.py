"""What README.md and docs/*.md name exists: commands and their options, make targets, settings, routes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.conventions.source import PROJECT

DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"(?<![\w/.-])hub((?: [a-z]+(?:-[a-z]+)*)+)((?:\s+[^\s`|]+)*)")


@cache
def code(path: Path) -> tuple[str, ...]:
    """Inline code and the lines of code blocks."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.S | re.M)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    return (*inline, *(line for block in blocks for line in block.splitlines()))


@cache
def hub() -> Any:
    from cli.main import app

    return typer.main.get_command(app)


def unknown(words: list[str], rest: str) -> str | None:
    """What of `hub <words> <rest>` does not exist."""
    command = hub()
    for word in words:
        if not hasattr(command, "commands"):
            break
        if word not in command.commands:
            return word
        command = command.commands[word]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return next((option for option in re.findall(r"(--[a-z][a-z-]*)", rest) if option not in known), None)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_commands_exist(path: Path) -> None:
    found = [(piece, unknown(words.split(), rest)) for piece in code(path) for words, rest in COMMAND.findall(piece)]
    wrong = [f"{piece}: {what}" for piece, what in found if what]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.M))
    wrong = {target for piece in code(path) for target in re.findall(r"(?<!\w)make ([a-z][a-z-]*)", piece)} - targets
    assert not wrong, wrong


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_settings_exist(path: Path) -> None:
    from schemas.settings import Settings

    known = {f"HUB_{field.upper()}" for field in Settings.model_fields}
    wrong = set(re.findall(r"\bHUB_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))) - known
    assert not wrong, wrong


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_routes_exist(path: Path) -> None:
    from api.app import create_app

    routes = set(create_app().openapi()["paths"])
    named = {route.rstrip("/.") for piece in code(path) for route in re.findall(r"/v1/[\w/{}.-]*", piece)}
    wrong = [route for route in named if not any(fits(route, known) for known in routes)]
    assert not wrong, wrong


def fits(route: str, known: str) -> bool:
    """`/v1/customers/{customer_id}` fits itself and any concrete id in its place."""
    pattern = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(known))
    return re.fullmatch(pattern, route) is not None


def test_the_search_can_find_what_does_not_exist() -> None:
    assert unknown(["fly"], "") == "fly"
    assert unknown(["run"], " --faster") == "--faster"
    assert unknown(["keys", "lose"], "") == "lose"
    assert unknown(["run"], " --full --sources examples/retail_zh") is None
    assert not fits("/v1/nowhere", "/v1/customers/lookup")

"""What a reader may rely on: short files, short functions, nothing unfinished, one place that reads the environment."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.conventions.source import EVERYTHING, PACKAGES, PROJECT, files, name, tree

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_ASSET, LONGEST_DEFINITIONS = 400, 60, 15, 60
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b|pragma: no " + "cover")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def test_files_are_short() -> None:
    long = [f"{name(path)}: {lines(path)}" for path in files(*EVERYTHING) if lines(path) > LONGEST_FILE]
    assert not long, "\n".join(long)


def test_functions_are_short() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in files(*EVERYTHING)
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTIONS) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


def test_asset_bodies_hold_no_logic() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in files("assets")
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTIONS) and any("asset" in ast.unparse(d) for d in node.decorator_list)
        if (node.end_lineno or 0) - node.body[0].lineno >= LONGEST_ASSET
    ]
    assert not long, "\n".join(long)


def test_the_definitions_fit_on_one_screen() -> None:
    assert lines(PROJECT / "assets" / "definitions.py") <= LONGEST_DEFINITIONS


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{name(path)}:{n} {line.strip()}"
        for path in files(*EVERYTHING)
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found, "\n".join(found)


def test_only_the_settings_read_the_environment() -> None:
    found = [
        f"{name(path)}:{line}"
        for path in files(*PACKAGES)
        if name(path) != "schemas/settings.py"
        for line in environment_reads(tree(path))
    ]
    assert not found, "\n".join(found)


def environment_reads(module: ast.Module) -> list[int]:
    """Lines that name `os.environ` or `os.getenv`, except `os.environ[...] = ...`, which tells children."""
    written = {
        id(target.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Subscript)
    }
    return [
        node.lineno
        for node in ast.walk(module)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"} and id(node) not in written)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & {alias.name for alias in node.names})
    ]


def test_the_search_for_environment_reads_can_find_one() -> None:
    source = "import os\na = os.environ['A']\nos.environ['B'] = 'b'\nc = os.getenv('C')\nfrom os import environ\n"
    assert environment_reads(ast.parse(source)) == [5, 2, 4] or sorted(environment_reads(ast.parse(source))) == [2, 4, 5]

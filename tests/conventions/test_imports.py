"""Imports run one way: schemas <- pipelines, ledger <- quality, privacy, operations <- assets, api <- cli."""

from __future__ import annotations

import pytest

from tests.conventions.source import PACKAGES, files, imports, name

MAY_IMPORT = {
    "schemas": set(),
    "pipelines": {"schemas"},
    "ledger": {"schemas"},
    "demo": {"schemas"},
    "quality": {"schemas", "pipelines", "ledger"},
    "privacy": {"schemas", "pipelines", "ledger"},
    "operations": {"schemas", "pipelines", "ledger", "quality"},
    "assets": {"schemas", "pipelines", "ledger", "quality", "privacy"},
    "api": {"schemas", "pipelines", "ledger", "quality", "privacy"},
    "cli": {*PACKAGES},
}
FORBIDDEN_LIBRARIES = {
    "schemas": {"dagster", "fastapi", "great_expectations", "sqlalchemy", "pandas"},
    "pipelines": {"dagster", "fastapi", "great_expectations", "sqlalchemy"},
    "ledger": {"dagster", "fastapi", "great_expectations", "pandas", "polars", "pyarrow", "duckdb"},
    "quality": {"dagster", "fastapi"},
    "privacy": {"dagster", "fastapi"},
    "operations": {"dagster", "fastapi", "great_expectations", "sqlalchemy", "pandas", "polars"},
    "assets": {"fastapi"},
    "api": {"dagster", "great_expectations", "pandas", "polars", "pypinyin"},
    "cli": set(),
    "demo": {"dagster", "fastapi", "great_expectations", "sqlalchemy"},
}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{name(path)}:{line} imports {module}"
        for path in files(package)
        for line, module in imports(path)
        if module.split(".")[0] in {*PACKAGES, "tests", "benchmarks"} - allowed
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_keeps_clear_of_libraries_that_are_not_its_business(package: str) -> None:
    wrong = [
        f"{name(path)}:{line} imports {module}"
        for path in files(package)
        for line, module in imports(path)
        if module.split(".")[0] in FORBIDDEN_LIBRARIES[package]
    ]
    assert not wrong, "\n".join(wrong)


def test_pandas_stands_behind_one_adapter() -> None:
    """recordlinkage needs pandas; nothing else of the hub does."""
    users = {name(path) for path in files(*PACKAGES) for _, module in imports(path) if module.split(".")[0] in {"pandas", "recordlinkage"}}
    assert len(users) <= 1, users

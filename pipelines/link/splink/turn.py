"""Turn Splink settings into a model of a table; what does not carry over is told, never dropped in silence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipelines.link.splink.levels import kind_by_header, kind_of
from pipelines.link.splink.read import SplinkComparison, SplinkLevel, comparison, conjunction, read_settings, without_brackets
from schemas.errors import UsageError
from schemas.table_model import OWN_NAMES, Kind, TableModel

_MOST = 16  # comparisons of a model
_OF_LEFT = re.compile(r'\b[lL]\."([^"]+)"|\b[lL]\.([A-Za-z_]\w*)')


@dataclass
class Turned:
    """A model as it stands in a file, and in sentences what of Splink's is not in it."""

    version: str
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    comparisons: dict[str, dict[str, Any]] = field(default_factory=dict)
    pairing: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def model(self) -> dict[str, Any]:
        return {"version": self.version, **self.more, "fields": self.fields, "comparisons": self.comparisons, "pairing": self.pairing}

    def field_of(self, columns: tuple[str, ...], kind: Kind) -> str:
        """The name of a field of these columns and this kind, made if there is none."""
        made = {"column": list(columns) if len(columns) > 1 else columns[0], "kind": kind}
        known = next((name for name, of in self.fields.items() if of == made), None)
        return known or self._new("place" if kind == "lat_lon" else columns[0], self.fields, made)

    def compare(self, name: str, columns: tuple[str, ...], kind: Kind, **how: object) -> None:
        """Add a comparison, unless the columns are compared already or there are too many."""
        known = [self.fields[of["of"]]["column"] for of in self.comparisons.values()]
        if (list(columns) if len(columns) > 1 else columns[0]) in known:
            self.left.append(f"comparison {name!r}: {' and '.join(columns)} is compared already, and would count twice")
        elif len(self.comparisons) == _MOST:
            self.left.append(f"comparison {name!r}: a model has at most {_MOST}")
        else:
            self._new(name, self.comparisons, {"of": self.field_of(columns, kind), **how})

    def _new(self, said: str, among: dict[str, dict[str, Any]], what: dict[str, Any]) -> str:
        plain = re.sub(r"\W+", "_", said.lower()).strip("_") or "field"
        plain = plain if plain.isidentifier() and plain not in OWN_NAMES else f"of_{plain}"
        name = next(x for x in (plain, *(f"{plain}_{n}" for n in range(2, 999))) if x not in among)
        among[name] = what
        return name


def turn(path: Path) -> Turned:
    """Turn the settings in a file.

    Raises:
        UsageError: they are no settings of Splink, or nothing of their comparisons carries over.
    """
    settings = read_settings(path)
    turned = Turned("-".join(re.findall(r"\w+", path.stem)) or "splink")
    _turn_head(settings, turned)
    for of in map(comparison, settings["comparisons"]):
        _turn_comparison(of, turned)
    if not turned.comparisons:
        raise UsageError("no comparison of these settings carries over", where=str(path), why="; ".join(turned.left))
    for rule in settings.get("blocking_rules_to_generate_predictions") or []:
        _turn_rule(rule if isinstance(rule, dict) else {"blocking_rule": str(rule)}, turned)
    if not turned.pairing:
        turned.pairing = [{"agree_on": [of["of"]]} for of in turned.comparisons.values() if _is_agreeable(turned.fields[of["of"]])]
        turned.left.append("no blocking rule: the model pairs rows that agree on any one field; choose better ones")
    TableModel.model_validate(turned.model)
    return turned


def as_yaml(turned: Turned, path: Path) -> str:
    """The model file; what did not carry over stands in comments."""
    lines = [f"# From the Splink settings {path.name!r}. Read every line before you use it."]
    lines += [f"# not carried over: {' '.join(what.split())}" for what in turned.left]
    return "\n".join(lines) + "\n" + yaml.safe_dump(turned.model, sort_keys=False, allow_unicode=True, default_flow_style=None, width=140)


def _turn_head(settings: dict[str, Any], turned: Turned) -> None:
    turned.more["record_id"] = str(settings.get("unique_id_column_name") or "unique_id")
    if settings.get("link_type") == "link_only":
        turned.more["link_only"] = True
    if settings.get("probability_two_random_records_match") is not None:
        turned.left.append("probability_two_random_records_match: the prior is learned from the rows")
    if settings.get("sql_dialect") not in (None, "duckdb"):
        turned.left.append(f"sql_dialect {settings['sql_dialect']}: expressions of rules are run by DuckDB as they stand")


def _turn_comparison(of: SplinkComparison, turned: Turned) -> None:
    if not of.columns:
        turned.left.append(f"comparison {of.name!r}: its conditions name no column")
    elif parts := _names_swapped(of):
        given, family = (turned.field_of(parts[:1], "given_name"), turned.field_of(parts[1:], "family_name"))
        turned.left.append(f"comparison {of.name!r}: the parts of the name are compared one by one, each knows of the other")
        turned.compare(given, parts[:1], "given_name", swapped_with=family)
        turned.compare(family, parts[1:], "family_name", swapped_with=given)
    else:
        _turn_plain(of, turned)


def _turn_plain(of: SplinkComparison, turned: Turned) -> None:
    kind, levels = kind_of(of)
    columns = of.columns if kind == "lat_lon" else of.columns[:1]
    how: dict[str, Any] = {} if any(level.rarity for level in of.levels) else {"rarity": False}
    if levels is None:
        unlike = [level.label for level in of.levels if level.condition not in ("else", "l0 = r0")]
        trained = " and weights that are learned" if any(level.m is not None for level in of.levels) else ""
        turned.left.append(f"comparison {of.name!r}: compared as {kind}, with its levels{trained}, not with {'; '.join(unlike)}")
    elif weights := _weights(levels):
        how["weights"] = weights
    if len(of.columns) > len(columns):
        turned.left.append(f"comparison {of.name!r}: of its columns {', '.join(of.columns[len(columns) :])}")
    turned.compare(of.name, columns, kind, **how)


def _weights(levels: dict[str, SplinkLevel]) -> dict[str, dict[str, float]] | None:
    """m and u of all levels, where training gave them all."""
    if not all(level.m and level.u for level in levels.values()):
        return None
    return {name: {"m": float(level.m or 0), "u": float(level.u or 0)} for name, level in levels.items()}


def _names_swapped(of: SplinkComparison) -> tuple[str, ...]:
    """Given and family name, where a level holds for names that stand in each other's place."""
    if len(of.columns) != 2 or not any("l0 = r1" in level.condition for level in of.levels):
        return ()
    one, two = of.columns
    return (two, one) if kind_by_header(one) == "family_name" else (one, two)


def _is_agreeable(of: dict[str, Any]) -> bool:
    return of["kind"] not in ("list", "lat_lon", "number")


def _turn_rule(rule: dict[str, Any], turned: Turned) -> None:
    sql = " ".join(str(rule.get("blocking_rule")).replace("`", '"').split())
    if rule.get("arrays_to_explode"):
        turned.left.append(f"blocking rule {sql}: it takes arrays apart")
        return
    agree_on, other = [], []
    for part in conjunction(without_brackets(sql)):
        left, _, right = part.partition("=")
        if right and _side(left) == _side(right) and re.search(r"\b[lL]\.", left) and not re.search(r"\b[rR]\.|[<>!]$", left.strip()):
            agree_on.append(_expression(left, turned))
        else:
            other.append(part)
    if not agree_on:
        turned.left.append(f"blocking rule {sql}: it asks for no agreement on one expression")
        return
    if other:
        turned.left.append(f"blocking rule {sql}: without {' AND '.join(other)}, so it proposes more pairs")
    turned.pairing.append({"agree_on": agree_on})


def _side(sql: str) -> str:
    return re.sub(r"\b[lLrR]\.", "", without_brackets(sql)).replace('"', "").lower().replace(" ", "")


def _expression(left: str, turned: Turned) -> str:
    """SQL over fields; a column that nothing compares becomes a field."""

    def name(found: re.Match[str]) -> str:
        column = found[1] or found[2]
        known = next((n for n, of in turned.fields.items() if of["column"] == column), None)
        return known or turned.field_of((column,), kind_by_header(column))

    return _OF_LEFT.sub(name, without_brackets(left))

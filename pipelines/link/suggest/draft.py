"""The proposed model as YAML that a person can read and edit; comments hold counts, never values."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb

from pipelines.link.prepare import prepare
from pipelines.link.suggest.choose import YAML_WORDS, Choice, Chosen, choose
from pipelines.link.suggest.reach import Candidate, propose
from pipelines.warehouse import count
from schemas.errors import HubError
from schemas.table_model import Comparison, PairingRule, TableModel


def suggest_model(con: duckdb.DuckDBPyConnection, rows: str, paths: list[Path]) -> str:
    """Propose a model for the table `rows`, read from the files `paths`; answers its YAML.

    Raises:
        HubError: the table is empty, no column would tell rows apart, or no rule would pair any two rows.
    """
    where = ", ".join(map(str, paths))
    rows_n = count(con, f"SELECT count(*) FROM {rows}")
    if not rows_n:
        raise HubError("the table has no rows", where=where)
    choice = choose(con, rows)
    if not choice.fields:
        raise HubError("no column says who or what a row is", where=where, why=_reasons(choice), mend="Write a model by hand")
    prepare(con, _to_prepare(choice), rows, [row[0] for row in con.execute(f"DESCRIBE {rows}").fetchall()])
    rules = propose(con, choice.fields, rows_n)
    if not rules:
        raise HubError("no two rows agree on anything that few others agree on", where=where, mend="Write a model by hand")
    return "\n".join([*_head(choice, paths, rows_n), *_fields(choice), *_comparisons(choice.fields), *_pairing(rules)]) + "\n"


def _to_prepare(choice: Choice) -> TableModel:
    fields = {of.name: of.of for of in choice.fields}
    comparisons = {name: Comparison(of=name, rarity=False) for name in fields}
    return TableModel(
        version="x", record_id=choice.record_id, fields=fields, comparisons=comparisons, pairing=(PairingRule(agree_on=("1",)),)
    )


def _reasons(choice: Choice) -> str:
    return "; ".join(f"{name}: {why}" for name, (why, _) in choice.left_out.items())


def _head(choice: Choice, paths: list[Path], rows_n: int) -> list[str]:
    stem = "-".join(re.findall(r"\w+", paths[0].name.split(".")[0])) or "table"
    lines = [
        f"# Proposed from {rows_n:,} rows of {', '.join(path.name for path in paths)}.",
        "# Read every line, mend what is wrong, then run `hub dedupe`.",
        f"version: {_plain(stem + '-1')}",
    ]
    if choice.record_id:
        lines.append(f"record_id: {_plain(choice.record_id)}  # {choice.id_facts}")
    else:
        lines.append("# record_id: no column is complete, without repetition and named like an id; rows are numbered from 1")
    if len(paths) > 1:
        lines.append("# link_only: true  # if no file has anybody twice; the pairs below are counted without it")
    return lines


def _fields(choice: Choice) -> list[str]:
    lines = ["fields:"]
    for of in choice.fields:
        columns = f"[{', '.join(map(_plain, of.of.columns))}]" if len(of.of.columns) > 1 else _plain(of.of.columns[0])
        more = f", separator: {json.dumps(of.of.separator)}" if of.of.separator else ""
        lines.append(f"  {of.name}: {{column: {columns}, kind: {of.of.kind}{more}}}  # {of.columns[0].facts}")
    lines += [f"  # left out: {_plain(name)}, {' '.join(why.split())} ({facts})" for name, (why, facts) in choice.left_out.items()]
    return lines


def _comparisons(fields: list[Chosen]) -> list[str]:
    lines = ["comparisons:"]
    for of in fields:
        more = f", swapped_with: {of.swapped_with}" if of.swapped_with else ""
        more += "" if of.rarity else ", rarity: false"
        lines.append(f"  {of.name}: {{of: {of.name}{more}}}")
    return lines


def _pairing(rules: list[Candidate]) -> list[str]:
    lines = ["pairing:"]
    for rule in rules:
        over = f"; {rule.blocks_over_cap:,} blocks above the cap hold {rule.rows_over_cap:,} rows" if rule.blocks_over_cap else ""
        lines.append(f"  - agree_on: [{', '.join(map(_plain, rule.agree_on))}]  # {rule.pairs:,} pairs{over}")
    return lines


def _plain(text: str) -> str:
    """A text as YAML: plain where it can be."""
    is_plain = re.fullmatch(r"[^\W\d][\w -]*\w|[^\W\d]", text) and text.lower() not in YAML_WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=not text.isprintable())

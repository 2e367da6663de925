"""Settings of Splink become models that run; what does not carry over is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from pipelines.link.link import link_rows
from pipelines.link.splink.read import conjunction
from pipelines.link.splink.turn import Turned, as_yaml, turn
from schemas.errors import UsageError
from schemas.table_model import TableModel
from tests.link.world import people, table

JARO = 'jaro_winkler_similarity("{0}_l", "{0}_r") >= {1}'
SECONDS = "ABS(EPOCH(try_strptime(\"{0}_l\", '%Y-%m-%d')) - EPOCH(try_strptime(\"{0}_r\", '%Y-%m-%d'))) <= 2629800.0"
KM = 'cast(acos(sin( radians("lat_l") ) * sin( radians("lat_r") ) * cos( radians("lon_r" - "lon_l") )) * 6371 as float) <= {0}'
THREE = ((0.8, 0.1), (0.1, 0.1), (0.1, 0.8))


def _comparison(column: str, *conditions: str, weights: tuple[tuple[float, float], ...] = (), rare: bool = False) -> dict[str, Any]:
    """As Splink writes one: missing, exact, the conditions, else."""
    said = [f'"{column}_l" = "{column}_r"', *(condition.format(column) for condition in conditions), "ELSE"]
    levels: list[dict[str, Any]] = [{"sql_condition": sql, "label_for_charts": f"level {sql}"} for sql in said]
    for level, (m, u) in zip(levels, weights, strict=False):
        level |= {"m_probability": m, "u_probability": u}
    if rare:
        levels[0]["tf_adjustment_column"] = column
    missing = {"sql_condition": f'"{column}_l" IS NULL OR "{column}_r" IS NULL', "is_null_level": True}
    return {"output_column_name": column, "comparison_levels": [missing, *levels]}


def _turn(tmp_path: Path, *comparisons: dict[str, Any], rules: list[Any] | None = None, **more: Any) -> tuple[Turned, TableModel]:
    path = tmp_path / "settings.json"
    rules = ['l."last" = r."last"'] if rules is None else rules
    settings = {"unique_id_column_name": "id", "comparisons": comparisons, "blocking_rules_to_generate_predictions": rules, **more}
    path.write_text(json.dumps(settings))
    turned = turn(path)
    return turned, TableModel.model_validate(yaml.safe_load(as_yaml(turned, path)))


def test_the_model_runs_and_finds_people(tmp_path: Path) -> None:
    jaro = [JARO.format("{0}", at) for at in (0.92, 0.88)]
    of = [_comparison("first", *jaro), _comparison("last", *jaro, rare=True), _comparison("born", SECONDS), _comparison("phone")]
    rules = [
        {"blocking_rule": '(l."first" = r."first") AND (l."last" = r."last")', "sql_dialect": "duckdb"},
        "l.last = r.last and substr(l.born, 1, 4) = substr(r.born, 1, 4)", 'l."phone" = r."phone"', 'l."born" = r."born"',
    ]  # fmt: skip
    _, model = _turn(tmp_path, *of, rules=rules)
    assert {name: field.kind for name, field in model.fields.items()} == {
        "first": "given_name", "last": "family_name", "born": "date", "phone": "category",
    }  # fmt: skip
    assert [rule.agree_on for rule in model.pairing] == [("first", "last"), ("last", "substr(born, 1, 4)"), ("phone",), ("born",)]
    con = duckdb.connect()
    linked = link_rows(con, model, "file_rows", table(con, people()))
    assert 140 < linked.entities < 170


@pytest.mark.parametrize(
    ("of", "kind", "levels"),
    [
        (_comparison("shop", weights=((0.9, 0.1), (0.1, 0.9))), "category", ["exact", "different"]),
        (_comparison("x", JARO.format("{0}", 0.9), weights=THREE), "text", ["exact", "similar", "different"]),
        (_comparison("x", 'levenshtein("{0}_l", "{0}_r") <= 1', weights=THREE), "code",
         ["exact", "slip", "different"]),
    ],
)  # fmt: skip
def test_weights_carry_over_where_levels_do_one_to_one(tmp_path: Path, of: dict[str, Any], kind: str, levels: list[str]) -> None:
    turned, model = _turn(tmp_path, of, rules=["l.x = r.x"])
    (comparison,) = model.comparisons.values()
    assert model.fields[comparison.of].kind == kind
    assert comparison.weights
    assert list(comparison.weights) == levels
    assert comparison.weights["exact"].m == of["comparison_levels"][1]["m_probability"]
    assert not comparison.rarity
    assert turned.left == []


def test_weights_do_not_carry_over_where_levels_differ(tmp_path: Path) -> None:
    of = _comparison("x", JARO.format("{0}", 0.9), JARO.format("{0}", 0.7), weights=((0.7, 0.1), (0.1, 0.1), (0.1, 0.1), (0.1, 0.7)))
    turned, model = _turn(tmp_path, of)
    assert model.comparisons["x"].weights is None
    assert "compared as text, with its levels and weights that are learned" in turned.left[0]
    assert ">= 0.7" in turned.left[0]


def test_places_lists_and_swapped_names(tmp_path: Path) -> None:
    place = {"output_column_name": "lat_lon", "comparison_levels": [{"sql_condition": KM.format(1)}, {"sql_condition": "ELSE"}]}
    tags = {"output_column_name": "tags", "comparison_levels": [
        {"sql_condition": 'array_length(list_intersect("tags_l", "tags_r")) >= 1', "m_probability": 0.9, "u_probability": 0.01},
        {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.99}]}  # fmt: skip
    names = {"output_column_name": "names", "comparison_levels": [
        {"sql_condition": '("surname_l" = "surname_r") AND ("first_l" = "first_r")'},
        {"sql_condition": '"surname_l" = "first_r" AND "surname_r" = "first_l"'}, {"sql_condition": "ELSE"}]}  # fmt: skip
    _, model = _turn(tmp_path, place, tags, names)
    assert model.fields["place"].columns == ("lat", "lon")
    assert model.comparisons["tags"].weights
    assert (model.comparisons["first"].swapped_with, model.comparisons["surname"].swapped_with) == ("surname", "first")
    assert model.fields["surname"].kind == "family_name"


@pytest.mark.parametrize(
    ("rule", "agree_on", "told"),
    [
        ("l.first_name = r.surname", None, "asks for no agreement on one expression"),
        ("levenshtein(l.x, r.x) < 2", None, "asks for no agreement on one expression"),
        ({"blocking_rule": 'l."x" = r."x"', "arrays_to_explode": ["x"]}, None, "takes arrays apart"),
        ("l.x = r.x AND l.n <= r.n", ("x",), "without l.n <= r.n, so it proposes more pairs"),
        ("l.`x` = r.`x` and concat(l.town, ' and ', l.x) = concat(r.town, ' and ', r.x)", ("x", "concat(town, ' and ', x)"), None),
    ],
)
def test_rules(tmp_path: Path, rule: Any, agree_on: tuple[str, ...] | None, told: str | None) -> None:
    turned, model = _turn(tmp_path, _comparison("x"), rules=[rule])
    assert model.pairing[0].agree_on == (agree_on or ("x",))
    assert any(told in what for what in turned.left) if told else turned.left == []
    assert (agree_on is None) == any("the model pairs rows that agree on any one field" in what for what in turned.left)


def test_what_has_no_place_in_a_model_is_told(tmp_path: Path) -> None:
    more = {"probability_two_random_records_match": 0.001, "link_type": "link_only", "sql_dialect": "spark"}
    turned, model = _turn(tmp_path, _comparison("x"), _comparison("x"), **more)
    assert model.link_only is True
    told = "\n".join(turned.left)
    assert all(what in told for what in ("the prior is learned", "spark", "'x': x is compared already"))


def test_conjunctions_leave_brackets_and_texts_whole() -> None:
    parts = ["l.a = r.a", "f(l.b and 1, 'x and y') = 2", "l.c = r.c"]
    assert conjunction(f"({parts[0]}) AND {parts[1]} and ({parts[2]})") == parts


def _import(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["model", "import-splink", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_writes_a_new_file_and_tells_what_is_missing(tmp_path: Path) -> None:
    settings, out = tmp_path / "settings.json", str(tmp_path / "model.yaml")
    settings.write_text(json.dumps({"comparisons": [_comparison("x"), _comparison("x")]}))
    told = _import(str(settings), "--out", out)
    assert "not carried over: comparison 'x': x is compared already" in told
    assert "1 comparisons (0 with their weights) and 1 pairing rules written" in told
    with pytest.raises(UsageError, match="already there"):
        _import(str(settings), "--out", out)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{\n", r"settings.json:2: the settings are not JSON"),
        ("[]", "no settings of Splink"),
        ('{"comparisons": []}', "no settings of Splink"),
        ('{"comparisons": [{"comparison_levels": [{"m_probability": 1}]}]}', "no settings of Splink"),
        ('{"comparisons": [{"comparison_levels": [{"sql_condition": "ELSE"}]}]}', "no comparison of these settings carries over"),
    ],
)
def test_what_is_no_settings_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        _import(str(tmp_path / "settings.json"), "--out", str(tmp_path / "model.yaml"))
    with pytest.raises(UsageError, match="cannot be read"):
        _import(str(tmp_path / "nowhere.json"), "--out", str(tmp_path / "model.yaml"))
    assert not (tmp_path / "model.yaml").exists()

"""`hub dedupe`, `hub evaluate` and `hub compare`: any two tables, no home, and bad input named without its values."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from cli.main import app
from schemas.errors import HubError, UsageError
from tests.link.world import PEOPLE, people

CLUSTERS = "record_id,entity_id\n1,a\n2,a\n3,b\n4,b\n"
TRUTH = "id,person\n1,p\n2,p\n3,p\n4,q\n"
Write = Callable[[str, str | bytes], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "no_home"))

    def write(name: str, content: str | bytes) -> str:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(tmp_path / name)

    return write


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def _evaluate(write: Write, clusters: str = CLUSTERS, truth: str | bytes = TRUTH, *options: str) -> str:
    columns = ("--record-id", "id", "--truth-id", "person")
    return _run("evaluate", write("c.csv", clusters), "--truth", write("t.csv", truth), *columns, *options)


def test_evaluate_prints_a_table_or_json(write: Write) -> None:
    assert "B-cubed" in _evaluate(write)
    found = json.loads(_evaluate(write, CLUSTERS, TRUTH, "--json"))
    assert found["pairs"] == {"precision": 0.5, "recall": pytest.approx(1 / 3), "f1": pytest.approx(0.4)}
    assert found["records"] == 4


def test_ids_of_other_types_and_formats_are_the_same_ids(write: Write, tmp_path: Path) -> None:
    truth = str(tmp_path / "t.parquet")
    duckdb.sql("SELECT range + 1 AS id, 'p' AS entity_id FROM range(4)").write_parquet(truth)
    text = _run("evaluate", write("c.csv", CLUSTERS), "--truth", truth, "--record-id", "id", "--json")
    assert json.loads(text)["pairs"]["precision"] == 1.0


def test_compare_tells_what_changed(write: Write) -> None:
    a, b = write("a.csv", CLUSTERS), write("b.csv", "record_id,entity_id\n1,x\n2,y\n3,z\n4,z\n")
    assert "split" in _run("compare", a, b)
    found = json.loads(_run("compare", a, b, "--json"))
    assert (found["unchanged"], found["split"], found["clusters_b"]) == (1, 1, 3)


@pytest.mark.parametrize(
    ("truth", "options", "complaint"),
    [
        (TRUTH + "5,q\n", (), r"does not cover .* 0 of 4 records .* 1 of its 5 .*--common"),
        ("id,person\n8,p\n", ("--common",), "No record is in both"),
        (TRUTH + "1,p\n", (), "1 of 5 rows repeat a 'id'"),
        (TRUTH + "5,\n", (), "1 of 5 rows lack"),
        ("id,person\n", (), "no rows"),
        ("id,who\n1,p\n", (), "no column 'person'.*id, who"),
        (TRUTH.encode() + "9,王\n".encode("gb18030"), (), r"t.csv:6: the file is not UTF-8"),
        ("id,person\n1,p\n2,p,Zhang\n3,q\n", (), r"t.csv:3: the file cannot be read as a table"),
    ],
)
def test_a_truth_that_will_not_do_is_named(write: Write, truth: str | bytes, options: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(HubError, match=complaint) as caught:
        _evaluate(write, CLUSTERS, truth, *options)
    assert "Zhang" not in str(caught.value)


def test_a_file_that_is_no_table_or_not_there(write: Write) -> None:
    with pytest.raises(UsageError, match="neither CSV nor Parquet"):
        _run("compare", write("a.doc", "x"), write("b.csv", CLUSTERS))
    with pytest.raises(UsageError, match="no such file"):
        _run("compare", write("a.csv", CLUSTERS), "nowhere.csv")


def _write_people(write: Write) -> list[str]:
    """Two files of the same people's rows and a model; answers the arguments of `hub dedupe` that name them."""
    rows = people(60)
    lines = [",".join(row[name] or "" for name in rows[0]) for row in rows]
    half = len(lines) // 2
    parts = {"shop.csv": lines[:half], "club.csv": lines[half:]}
    files = [write(name, "\n".join([",".join(rows[0]), *part]) + "\n") for name, part in parts.items()]
    return [*files, "--model", write("model.yaml", json.dumps(PEOPLE))]


def test_dedupe_links_several_files_and_says_what_it_learned(write: Write, tmp_path: Path) -> None:
    told = _run("dedupe", *_write_people(write), "--out", str(tmp_path / "out"))
    assert "swapped" in told
    assert f"Written to {tmp_path / 'out'}" in told
    ids = duckdb.sql(f"SELECT DISTINCT split_part(record_id, ':', 1) FROM '{tmp_path}/out/clusters.parquet' ORDER BY ALL").fetchall()
    assert ids == [("club",), ("shop",)]
    assert "关联报告" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_sources_without_duplicates_are_only_linked(write: Write, tmp_path: Path) -> None:
    arguments = _write_people(write)
    only = write("only.yaml", json.dumps(PEOPLE | {"link_only": True}))
    _run("dedupe", *arguments[:2], "--model", only, "--out", str(tmp_path / "out"))
    sql = f"""SELECT max(n) FROM (SELECT count(*) AS n FROM '{tmp_path}/out/clusters.parquet'
        GROUP BY entity_id, split_part(record_id, ':', 1))"""
    assert duckdb.sql(sql).fetchall() == [(1,)]
    with pytest.raises(UsageError, match="only one file"):
        _run("dedupe", arguments[0], "--model", only, "--out", str(tmp_path / "out"))


def test_a_sweep_tells_how_stable_the_result_is(write: Write, tmp_path: Path) -> None:
    arguments = [*_write_people(write), "--out", str(tmp_path / "out")]
    told = _run("dedupe", *arguments, "--sweep", "threshold=0.999,0.5")
    same, other = (line.split("│")[1:-1] for line in told.splitlines() if line.strip(" │").startswith(("0.5", "0.999")))
    assert (same[3].strip(), same[6].strip()) == ("0", "1.0000")
    assert float(other[6]) < 1
    with pytest.raises(UsageError, match="between 0 and 1"):
        _run("dedupe", *arguments, "--sweep", "threshold=high")


def test_dedupe_with_a_wrong_model_writes_nothing(write: Write, tmp_path: Path) -> None:
    arguments = _write_people(write)
    wrong = write("wrong.yaml", json.dumps(PEOPLE | {"record_id": "key"}))
    with pytest.raises(UsageError, match=r"shop.csv: there is no column 'key'. It has id, person"):
        _run("dedupe", *arguments[:2], "--model", wrong, "--out", str(tmp_path / "out"))
    with pytest.raises(UsageError, match="two files have the same name"):
        _run("dedupe", arguments[0], arguments[0], "--model", arguments[3], "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_model_is_proposed_on_standard_output_or_in_a_new_file(write: Write, tmp_path: Path) -> None:
    files, path = _write_people(write)[:2], str(tmp_path / "proposed.yaml")
    told = _run("dedupe", "--suggest-model", *files)
    assert "record_id: id" in told
    assert "# link_only: true" in told
    assert f"Written to {path}" in _run("dedupe", "--suggest-model", *files, "--out", path)
    assert Path(path).read_text("utf-8") == told
    assert "rows" in _run("dedupe", *files, "--model", path, "--out", str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--suggest-model", "--model", "m.yaml"), "--suggest-model and --model do not go together"),
        (("--suggest-model", "--sweep", "threshold=0.5"), "--suggest-model and --sweep do not go together"),
        (("--suggest-model", "--out", "shop.csv"), "the model is already there"),
        (("--suggest-model", "--out", "no/such/folder/m.yaml"), "the model cannot be written: No such file"),
        (("--out", "out"), "--model and --out are needed.*--suggest-model"),
    ],
)
def test_options_that_do_not_go_together_are_named(write: Write, tmp_path: Path, options: tuple[str, ...], complaint: str) -> None:
    files = _write_people(write)[:2]
    with pytest.raises(HubError, match=complaint):
        _run(
            "dedupe", *files, *(str(tmp_path / option) if option in ("shop.csv", "no/such/folder/m.yaml") else option for option in options)
        )


def test_an_empty_table_gets_no_model(write: Write) -> None:
    with pytest.raises(HubError, match=r"empty\.csv: the table has no rows"):
        _run("dedupe", "--suggest-model", write("empty.csv", "id,name\n"))


def test_records_in_both_are_judged_when_asked(write: Write) -> None:
    found = json.loads(_evaluate(write, CLUSTERS, TRUTH + "5,q\n", "--common", "--json"))
    assert found["records"] == 4

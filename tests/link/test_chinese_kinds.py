"""Each level of each kind of Chinese values, by an example a person would agree with."""

from __future__ import annotations

import duckdb
import pytest

from benchmarks.chinese_people import make_people
from benchmarks.person_sets import MODELS
from pipelines.link.link import link_rows
from pipelines.match.chinese_kinds import CHINESE_LEVELS
from quality.linkage import evaluate
from schemas.table_model import load_table_model
from tests.link.world import level_reached, without_example

CASES = [
    ("zh_name", "王伟", "王伟先生", "exact"),
    ("zh_name", "張曉明", "张晓明(收)", "exact"),
    ("zh_name", "萧红", "肖红", "exact"),
    ("zh_name", "王伟", "王玮", "homophone"),
    ("zh_name", "曾黎", "曾丽", "homophone"),
    ("zh_name", "王晓明", "王*明", "masked_given"),
    ("zh_name", "*晓明", "王晓明", "masked_given"),
    ("zh_name", "王晓明", "王**", "masked_surname"),
    ("zh_name", "王晓明", "王某某", "masked_surname"),
    ("zh_name", "王晓明", "王先生", "masked_surname"),
    ("zh_name", "王女士", "王先生", "masked_surname"),
    ("zh_name", "欧阳先生", "欧阳娜娜", "masked_surname"),
    ("zh_name", "王晓明", "李**", "masked_different"),
    ("zh_name", "王晓明", "王*红", "masked_different"),
    ("zh_name", "王晓明", "李女士", "masked_different"),
    ("zh_name", "王晓明", "Wang Xiaoming", "romanised"),
    ("zh_name", "王晓明", "Xiaoming Wang", "romanised"),
    ("zh_name", "欧阳娜娜", "Ouyang Nana", "romanised"),
    ("zh_name", "单雄信", "Shan Xiongxin", "romanised"),
    ("zh_name", "李娜", "Li Na", "romanised"),
    ("zh_name", "王金海", "王京海", "similar_char"),
    ("zh_name", "王晓明", "王晓红", "one_char"),
    ("zh_name", "王晓明", "王建国", "same_surname"),
    ("zh_name", "王伟", "李强", "different"),
    ("zh_name", "王伟", None, None),
    ("zh_name", "王伟", "匿名用户", None),
    ("phone", "+86 138 1234 5679", "13812345679", "exact"),
    ("phone", "13812345679", "13812345678", "slip"),
    ("phone", "13812345679", "13812346579", "slip"),
    ("phone", "13812345679", "1381234579", "slip"),
    ("phone", "13812345679", "138****5679", "masked_7"),
    ("phone", "13812345679", "*******5679", "masked_4"),
    ("phone", "138****5679", "138****5679", "masked_7"),
    ("phone", "13812345679", "139****5679", "masked_different"),
    ("phone", "13812345679", "1**********", None),
    ("phone", "13812345679", "13998765432", "different"),
    ("phone", "13812345679", "13812345679-123", None),
    ("phone", "13800138000", "13812345679", None),
    ("id_number", "11010519491231002X", "11010519491231002x", "exact"),
    ("id_number", "110105491231002", "11010519491231002X", "exact"),
    ("id_number", "11010519491231002X", "11010519491231003X", "slip"),
    ("id_number", "11010519491231002X", "11015019491231002X", "slip"),
    ("id_number", "11010519491231002X", "110105********002X", "masked"),
    ("id_number", "11010519491231002X", "1****************X", None),
    ("id_number", "11010519491231002X", "110105********1234", "masked_different"),
    ("id_number", "11010519491231002X", "440524188001010014", "different"),
    ("id_number", "11010519491231002X", "E12345678", None),
]


@pytest.mark.parametrize(("kind", "left", "right", "level"), CASES)
def test_two_values_reach_the_level_a_person_would_say(kind: str, left: str | None, right: str | None, level: str | None) -> None:
    assert level_reached(kind, left, right) == level
    assert level_reached(kind, right, left) == level


def test_every_level_has_an_example() -> None:
    assert not without_example(CHINESE_LEVELS, CASES)


def test_chinese_evidence_finds_more_of_the_same_people() -> None:
    """Masked, misheard, romanised and misspelt values that are no evidence, or are against, where values are plain texts."""
    con, truth = duckdb.connect(), "SELECT record_id, entity_id FROM file_rows"
    con.register("people", make_people(4_000).to_arrow())
    con.execute("CREATE TEMP TABLE file_rows AS FROM people")
    columns = [row[0] for row in con.execute("DESCRIBE file_rows").fetchall()]
    found = []
    for name in ("chinese_people", "chinese_people_plain"):
        model = load_table_model(MODELS / f"{name}.yaml").model_copy(update={"random_pairs": 100_000})
        link_rows(con, model, "file_rows", columns)
        found.append(evaluate(con, "entities", truth).pairs)
    chinese, plain = found
    assert min(chinese.precision, plain.precision) >= 0.99
    assert 1 - chinese.f1 < 0.8 * (1 - plain.f1)

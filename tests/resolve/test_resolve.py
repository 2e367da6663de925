"""A new record is told what the match and cluster stages would say if it arrived."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.publish.keyring import Key, Keyring
from pipelines.resolve import index
from pipelines.resolve.fill import NODES_AT_MOST
from pipelines.resolve.resolve import Candidate, Resolution
from tests.publish.world import KEYS
from tests.resolve.hub import MODEL, Hub

OTHER_KEYS = Keyring(Key("k1", b"t" * 32), Key("k1", b"F" * 32), Key("k1", b"a" * 32))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    yield made
    made.world.con.close()


WANG = {"name": "王小明", "phone": "13812345679", "birth_on": "1980-02-03", "address": "浙江省杭州市西湖区文三路86号3栋2单元301室"}
LI = {"name": "李建国", "phone": "13987654321", "birth_on": "1975-08-09", "address": "浙江省杭州市西湖区文三路86号3栋2单元302室"}


def test_a_known_phone_and_name_is_a_match(hub: Hub) -> None:
    hub.put(a=WANG, b=LI)
    hub.run()
    hub.publish()
    found = hub.resolve(name="王晓明", phone="+86 138-1234-5679")
    assert found.decision == "match"
    assert [(c.customer_id, c.joins) for c in found.candidates] == [(hub.customer("a"), True)]
    assert {of.comparison: of.level.level for of in found.candidates[0].evidence} == {"name": "homophone", "phone": "sole"}


def test_nobody_known_is_new(hub: Hub) -> None:
    hub.put(a=WANG)
    hub.run()
    hub.publish()
    assert hub.resolve(name="赵敏", phone="13711112222") == Resolution("new", (), False)


def test_a_name_and_a_birth_date_alone_are_for_review_or_more_by_the_bits(hub: Hub) -> None:
    hub.put(a=WANG, b=LI)
    hub.run()
    hub.publish()
    found = hub.resolve(name="王小明", birth_on="1980-02-03")
    (candidate,) = found.candidates
    assert found.decision == ("match" if candidate.bits >= MODEL.merge_bits else "review")


def test_another_name_on_the_same_phone_joins_nobody(hub: Hub) -> None:
    hub.put(a=WANG)
    hub.run()
    hub.publish()
    found = hub.resolve(name="赵敏", phone="13812345679", birth_on="1999-01-01")
    assert found.decision != "match"


def test_two_valid_documents_never_are_one(hub: Hub) -> None:
    hub.put(a=WANG | {"id_type": "resident", "id_number": "11010519491231002X"})
    hub.run()
    hub.publish()
    same = WANG | {"id_type": "resident"}
    assert hub.resolve(**same, id_number="11010519491231002X").decision == "match"
    assert hub.resolve(**same, id_number="440524188001010014").decision != "match"


def test_two_companies_of_one_name_and_phone_are_two_by_their_credit_codes(hub: Hub) -> None:
    shared = {"name": "明月科技有限公司", "phone": "13812345679", "address": WANG["address"]}
    hub.put(a=shared | {"uscc": "91350100M000100Y43"}, b=shared | {"uscc": "91110000600037341L"})
    hub.run()
    assert hub.customer("a") != hub.customer("b")
    hub.publish()
    found = hub.resolve(name="杭州明月科技(集团)有限公司", uscc="9111 0000-600037341L")
    assert [(c.customer_id, c.joins) for c in found.candidates if c.joins] == [(hub.customer("b"), True)]


def test_a_phone_of_a_whole_village_proposes_nobody(hub: Hub) -> None:
    surnames = "赵钱孙李周吴郑王冯陈"
    hub.put(**{f"v{n}": {"name": f"{surname}大山", "phone": "13812345679"} for n, surname in enumerate(surnames)})
    hub.run()
    hub.publish()
    assert hub.resolve(name="赵大山", phone="13812345679").decision == "new"


def test_somebody_with_more_evidence_than_the_index_holds_is_found_by_their_phone(hub: Hub) -> None:
    hub.put(**{f"w{n}": {"name": "王小明", "phone": "13812345679", "email": f"w{n}@x.cn"} for n in range(NODES_AT_MOST + 5)})
    hub.run()
    hub.publish()
    found = hub.resolve(name="王小明", phone="13812345679", email="new@x.cn")
    assert (found.decision, [c.customer_id for c in found.candidates]) == ("match", [hub.customer("w0")])


def test_the_ninth_name_makes_a_phone_nobodys(hub: Hub) -> None:
    hub.put(**{f"v{n}": {"name": f"{surname}大山", "phone": "13812345679"} for n, surname in enumerate("赵钱孙李周吴郑王")})
    hub.run()
    hub.publish()
    assert hub.resolve(name="赵大山", phone="13812345679").candidates
    assert not hub.resolve(name="冯大山", phone="13812345679").candidates


def test_evidence_lies_encrypted_and_bound_to_its_customer(hub: Hub) -> None:
    hub.put(a=WANG)
    hub.run()
    hub.publish()
    assert "王小明".encode() not in (hub.base / "data.mdb").read_bytes()
    hub.keys = OTHER_KEYS
    with pytest.raises(InvalidTag):
        hub.resolve(name="王小明", phone="13812345679")
    key = KEYS.field
    sealed = index.seal(key, b"a" * 8, b"evidence")
    assert index.unseal(key, b"a" * 8, sealed) == b"evidence"
    with pytest.raises(InvalidTag):
        index.unseal(key, b"b" * 8, sealed)


_ROWS = st.fixed_dictionaries({
    "name": st.sampled_from(["王小明", "王晓明", "王明", "李建国", "李健国", "王**", "阿卜杜拉·买买提", "明月科技有限公司", None]),
    "phone": st.sampled_from(["13812345679", "13812345678", "138****5679", "13987654321", "18877771111-12", None, None]),
    "phone_alt": st.sampled_from(["13987654321", None, None]),
    "email": st.sampled_from(["a.b@x.com", "c@y.cn", None, None]),
    "birth_on": st.sampled_from(["1980-02-03", "1980-03-02", "1975-08-09", None, None]),
    "gender": st.sampled_from(["male", "female", None]),
    "id_number": st.sampled_from(["11010519491231002X", None, None, None]),
    "address": st.sampled_from([WANG["address"], LI["address"], "杭州西湖文三路86号3-2-301", "浙江杭州市滨江区", "菜鸟驿站", None]),
})  # fmt: skip


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(_ROWS, min_size=1, max_size=14), _ROWS)
def test_scores_are_those_of_the_match_stage(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], new: dict[str, Any]
) -> None:
    hub = Hub(tmp_path_factory.mktemp("hub"))
    hub.put(**{f"r{n}": row for n, row in enumerate(rows)})
    hub.run()
    hub.publish()
    found = hub.resolve(**new)
    hub.world.con.execute("CREATE TABLE before AS SELECT record_id, customer_id FROM cluster.members")
    hub.put(new=new)
    hub.run()
    assert {c.customer_id: round(c.bits, 6) for c in found.candidates} == hub.bits_of("new")
    hub.world.con.close()


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(_ROWS, min_size=3, max_size=10), st.lists(st.tuples(st.integers(0, 12), st.none() | _ROWS), min_size=1, max_size=6), _ROWS)
def test_a_delta_answers_as_a_full_build(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], edits: list[tuple[int, dict[str, Any] | None]],
    new: dict[str, Any],
) -> None:
    hub = Hub(tmp_path_factory.mktemp("hub"))
    hub.put(**{f"r{n}": row for n, row in enumerate(rows)})
    hub.run()
    hub.publish()
    before = _customers(hub)
    for n, row in edits:
        if row is not None:
            hub.put(**{f"r{n}": row})
        elif n < len(rows):
            hub.drop(f"r{n}")
    hub.run()
    hub.publish(changed=before | _customers(hub))
    by_delta = hub.resolve(**new)
    hub.publish()
    assert _plainly(by_delta) == _plainly(hub.resolve(**new))
    hub.world.con.close()


def _customers(hub: Hub) -> set[str]:
    return {customer for (customer,) in hub.world.con.execute("SELECT DISTINCT customer_id FROM cluster.members").fetchall()}


def _plainly(found: Resolution) -> tuple[str, list[Candidate]]:
    return found.decision, sorted(found.candidates)

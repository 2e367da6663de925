"""The law of the stage: whatever the order and the batches, the tables are those of one full run, and every change is marked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables import std
from tests.standardise.world import World

_NAMES = st.sampled_from(["张三", "李四先生", "王**", "蕭紅", "明月有限公司", "匿名", None])
_PHONES = st.sampled_from(["13812345679", "138****5679", "+86 139 1111 2223", "18877771111-12", "bad 1", None])
_PLACES = st.sampled_from(["浙江省杭州市西湖区文三路86号3栋301", "文三路86号***", "菜鸟驿站", None])
_TIMES = st.sampled_from([datetime(2026, 1, 1), datetime(2026, 1, 2), None])
_ORDERS = st.sampled_from(["1", "2", "3"])
_REFS = st.sampled_from(["tmall:1", "tmall:2", "tmall:n", None])
_ROW = {
    "customers": {"name": _NAMES, "phone": _PHONES, "phone_alt": _PHONES, "address": _PLACES, "updated_at": _TIMES},
    "members": {"name": _NAMES, "phone": _PHONES, "customer_ref": st.sampled_from(["crm:1", None])},
    "orders": {
        "order_no": st.sampled_from(["1", "2", "n"]),
        "buyer_name": _NAMES,
        "recipient_name": _NAMES,
        "recipient_phone": _PHONES,
        "recipient_address": _PLACES,
        "updated_at": _TIMES,
        "amount_cny": st.sampled_from([None, 5]),
        "lines": st.lists(st.fixed_dictionaries({"line_key": st.sampled_from([None, "a"]), "amount_cny": st.just(2)}), max_size=2),
    },
    "returns": {"order_ref": _REFS},
    "shipments": {
        "order_ref": _REFS,
        "recipient_name": _NAMES,
        "recipient_phone": _PHONES,
        "updated_at": _TIMES,
        "parcels": st.lists(st.fixed_dictionaries({"waybill": st.sampled_from(["w1", "w2"])}), max_size=2),
    },
    "tickets": {"order_ref": _REFS, "requester_name": _NAMES, "requester_phone": _PHONES, "updated_at": _TIMES},
    "interactions": {"order_ref": _REFS, "caller_phone": _PHONES},
}
# (entity, row key, fact key, values or None for a withdrawn row)
_STEP = st.sampled_from(sorted(_ROW)).flatmap(
    lambda entity: st.tuples(st.just(entity), _ORDERS, _ORDERS, st.none() | st.fixed_dictionaries(_ROW[entity]))
)
Step = tuple[str, str, str, dict[str, Any] | None]


def _apply(world: World, steps: list[Step]) -> None:
    for entity, row_key, key, values in steps:
        if values is None:
            world.drop(entity, row_key)
        else:
            world.put(entity, row_key if entity in ("customers", "members") else key, row_key=row_key, **values)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.lists(_STEP, min_size=4, max_size=16), min_size=2, max_size=3))
def test_incremental_equals_full(batches: list[list[Step]]) -> None:
    world = World()
    for steps in batches:
        before = {m["record_id"]: m for m in world.rows("mentions")}
        _apply(world, steps)
        world.run()
        after = {m["record_id"]: m for m in world.rows("mentions")}
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert changed <= world.marked("mentions")
    incremental = world.everything()
    world.run(full=True)
    assert world.everything() == incremental
    for table in std.TABLES:
        keys = [tuple(row[column] for column in table.key) for row in incremental[table.noun]]
        assert len(keys) == len(set(keys)), table.name


@settings(max_examples=2, deadline=None)
@given(st.lists(_STEP, min_size=6, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_show(steps: list[Step], random: Any) -> None:
    last = {(entity, row_key): (entity, row_key, key, values) for entity, row_key, key, values in steps if values is not None}
    final = list(last.values())
    one, other = World(), World()
    _apply(one, final)
    one.run()
    random.shuffle(final)
    half = len(final) // 2
    for part in (final[:half], final[half:]):
        _apply(other, part)
        other.run()
    assert one.everything() == other.everything()

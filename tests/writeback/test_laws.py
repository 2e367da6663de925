"""Laws: whatever the order in which rows came and people decided, what is proposed is what a full look would propose."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.writeback.world import Desk

PHONES = ("13812345678", "13812345679", "13987654321")
NAMES = ("张三丰", "张三峰", "李四")
CUSTOMERS = ("c1", "c2")
Step = tuple[str, Any]

_rows = st.tuples(
    st.sampled_from(["crm:1", "crm:2", "crm:3", "members:M1"]), st.sampled_from(CUSTOMERS), st.sampled_from(PHONES), st.sampled_from(NAMES),
    st.sampled_from([None, "active", "closed", "merged"]),
)  # fmt: skip
_steps = st.one_of(
    st.tuples(st.just("row"), _rows),
    st.tuples(st.just("order"), st.tuples(st.integers(1, 6), st.sampled_from(CUSTOMERS), st.sampled_from(PHONES), st.sampled_from(NAMES))),
    st.tuples(st.just("forget"), st.sampled_from(["crm:1", "crm:2", "members:M1"])),
    st.tuples(st.just("decide"), st.tuples(st.integers(0, 5), st.sampled_from(["released", "open", "refused", "withdrawn"]))),
)


def take(desk: Desk, step: Step) -> None:
    kind, what = step
    if kind == "row":
        record_id, customer_id, phone, name, status = what
        desk.row_of(record_id, customer_id, phone=phone, name=name, status=status)
    elif kind == "order":
        number, customer_id, phone, name = what
        desk.ordered(number, customer_id, phone_norm=phone, name=name)
    elif kind == "forget":
        desk.forget(what)
    elif found := desk.proposed():
        row = found[what[0] % len(found)]
        desk.decide(what[1], order_id=row["order_id"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(_steps, min_size=1, max_size=5), min_size=2, max_size=4))
def test_step_by_step_is_as_good_as_all_at_once(batches: list[list[Step]]) -> None:
    desk = Desk()
    desk.row_of("crm:0", "c1", phone=PHONES[0], name=NAMES[0])
    for batch in batches:
        for step in batch:
            take(desk, step)
        desk.propose()
    step_by_step = desk.proposed()
    desk.propose(full=True)
    assert step_by_step == desk.proposed()
    _no_row_goes_twice(desk)
    desk.con.close()


def _no_row_goes_twice(desk: Desk) -> None:
    """A row goes into one other, that stays; and nobody is told two things of one value."""
    rows = desk.proposed()
    merges = [row for row in rows if row["kind"] == "merge"]
    assert len({row["record_id"] for row in merges}) == len(merges)
    assert not {row["record_id"] for row in merges} & {row["other_record_id"] for row in merges}
    fields = [(row["record_id"], row["field"]) for row in rows if row["kind"] != "merge"]
    assert len(set(fields)) == len(fields)

"""What was decided of change orders is kept for ever; the last act tells where an order stands, and which acts may follow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from ledger.change_orders import FOLLOWS, Act, ChangeOrder, acts_of, enter, exported_files, standing_orders
from ledger.store import Ledger
from schemas.errors import UsageError


def order(n: int, kind: str = "merge") -> ChangeOrder:
    other, field = (f"crm:{n + 1}", None) if kind == "merge" else (None, "phone")
    return ChangeOrder(f"{n:016x}", kind, "crm", f"crm:{n}", other, field, "same_party", 0.99)


def states(ledger: Ledger) -> dict[str, str]:
    return {standing.order.record_id: standing.state for standing in standing_orders(ledger)}


def test_an_order_goes_from_release_by_way_of_its_file_to_done(ledger: Ledger) -> None:
    assert enter(ledger, "released", [order(1), order(3, "correct")], by="wang") == 2
    enter(ledger, "exported", [order(1)], by="wang", file_name="crm_changes_1.csv")
    assert states(ledger) == {"crm:1": "open", "crm:3": "released"}
    enter(ledger, "done", [order(1)], by="hub")
    assert [(act.act, act.acted_by, act.file_name) for act in acts_of(ledger, order(1).order_id)] == [
        ("released", "wang", None), ("exported", "wang", "crm_changes_1.csv"), ("done", "hub", None),
    ]  # fmt: skip
    assert exported_files(ledger) == {"crm_changes_1.csv"}
    assert {standing.order for standing in standing_orders(ledger)} == {order(1), order(3, "correct")}


@pytest.mark.parametrize(
    ("before", "act", "says"),
    [
        (["released"], "released", "is released and cannot be released: by wang"),
        (["refused"], "released", "takes a refusal back"),
        (["released", "exported"], "withdrawn", "is open"),
        (["released", "exported", "done"], "exported", "is done"),
        ([], "exported", "is proposed and cannot be exported"),
    ],
)
def test_an_act_that_does_not_follow_is_refused_and_nothing_is_entered(ledger: Ledger, before: list[Act], act: Act, says: str) -> None:
    for one in before:
        enter(ledger, one, [order(1)], by="wang", because="no")
    with pytest.raises(UsageError, match=says):
        enter(ledger, act, [order(1)], by="li")
    assert [done.act for done in acts_of(ledger, order(1).order_id)] == before


def test_what_was_taken_back_can_be_decided_again(ledger: Ledger) -> None:
    enter(ledger, "refused", [order(1)], by="wang", because="brothers")
    enter(ledger, "withdrawn", [order(1)], by="wang")
    enter(ledger, "released", [order(1)], by="li")
    assert states(ledger) == {"crm:1": "released"}


@pytest.mark.parametrize(("by", "because", "says"), [(" ", "no", "somebody"), ("wang", " ", "needs its reason"), ("wang", None, "reason")])
def test_a_refusal_needs_somebody_and_a_reason(ledger: Ledger, by: str, because: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        enter(ledger, "refused", [order(1)], by=by, because=because)


def test_of_two_stewards_at_once_one_releases_and_the_other_is_told(ledger: Ledger) -> None:
    orders = [order(n) for n in range(200)]

    def attempt(by: str) -> str:
        try:
            enter(ledger, "released", orders if by == "wang" else orders[::-1], by=by)
        except UsageError as error:
            return str(error)
        return "entered"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(attempt, ["wang", "li"]))
    assert "is released and cannot be released" in said[0] and said[1] == "entered"
    with ledger.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM change_order_acts")).scalar_one() == len(orders)


def test_many_orders_are_one_act(ledger: Ledger) -> None:
    assert enter(ledger, "released", [order(n) for n in range(4_500)], by="wang") == 4_500
    with pytest.raises(UsageError):
        enter(ledger, "exported", [*(order(n) for n in range(4_500)), order(9_999)], by="wang", file_name="f")
    assert set(states(ledger).values()) == {"released"}


def test_every_act_has_states_it_may_follow() -> None:
    assert all(FOLLOWS.values())

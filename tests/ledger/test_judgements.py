"""Judgements are kept for ever; the newest of a pair is in force."""

from __future__ import annotations

import pytest

from ledger.judgements import judge, judgements_in_force, last_judgement_id, recent_judgements
from ledger.store import Ledger
from schemas.errors import UsageError


def _in_force(ledger: Ledger) -> list[tuple[str, str, str]]:
    return [(of.record_a, of.record_b, of.verdict) for of in judgements_in_force(ledger)]


def test_the_newest_judgement_of_a_pair_is_in_force_whichever_way_round_it_is_named(ledger: Ledger) -> None:
    assert judge(ledger, [("crm:2", "crm:1", "same"), ("crm:1", "crm:3", "different")], by="wang") == 2
    judge(ledger, [("crm:1", "crm:2", "different")], by="li", cause="two brothers")
    assert _in_force(ledger) == [("crm:1", "crm:3", "different"), ("crm:1", "crm:2", "different")]


def test_withdrawing_takes_a_pair_out_of_force_and_out_of_nothing_else(ledger: Ledger) -> None:
    judge(ledger, [("crm:1", "crm:2", "same"), ("crm:1", "crm:3", "same")], by="wang")
    judge(ledger, [("crm:2", "crm:1", "withdrawn")], by="wang")
    assert _in_force(ledger) == [("crm:1", "crm:3", "same")]
    assert [of.verdict for of in recent_judgements(ledger)] == ["withdrawn", "same", "same"]
    assert last_judgement_id(ledger) == recent_judgements(ledger)[0].judgement_id == 3


@pytest.mark.parametrize(
    ("pair", "by", "says"),
    [
        (("crm:1", "crm:1", "same"), "wang", "against itself"),
        (("crm:1", "crm:2", "perhaps"), "wang", "no verdict"),
        (("crm:1", "crm:2", "same"), " ", "somebody"),
    ],
)
def test_what_is_no_judgement_is_refused_and_nothing_of_the_act_is_entered(
    ledger: Ledger, pair: tuple[str, str, str], by: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        judge(ledger, [("crm:7", "crm:8", "same"), pair], by=by)
    assert recent_judgements(ledger) == []

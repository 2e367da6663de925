"""Clustering by the evidence between whole groups.

Pairs are taken strongest first. Two groups join when their strongest support, less the mean contradiction over all pairs across
them that can be compared, still reaches the merge line, and no pair across is forbidden. So one shared phone never chains
strangers (their names contradict across the groups), while one misspelt record among five does not break a customer.

A group that a steward holds together although its nodes contradict consists of several parts; whoever joins it has to agree with one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORBIDDEN = float("-inf")


@dataclass(frozen=True)
class Contradiction:
    """Bits against one party per compared field, between two signatures; a field that cannot be compared is absent. `judged`: a steward
    keeps them apart, also where only a part of a group is concerned."""

    bits: Mapping[str, float]
    forbidden: bool = False
    judged: bool = False


Part = dict[int, int]  # how many nodes of each signature
Contradictions = Mapping[tuple[int, int], Contradiction]
Edge = tuple[float, int, int]
NONE = Contradiction({})


def agglomerate(
    edges: Sequence[Edge], signature: Mapping[int, int], contradictions: Contradictions, merge_bits: float,
    together: Sequence[tuple[int, int]] = (),
) -> dict[int, int]:  # fmt: skip
    """Label every node of one component with the least node of its cluster.

    `edges` are (negated support, node, node), the support being the bits of the pair less the pair's own contradiction, without pairs
    that are forbidden; `signature` maps each node to what is compared of it; `contradictions` has an entry per ordered pair (low, high)
    of signatures; `together` are pairs that are held to be one whatever contradicts. A pure function of its arguments, whatever their
    order.
    """
    group_of = {node: node for node in signature}
    members = {node: [node] for node in signature}
    parts: dict[int, list[Part]] = {node: [{key: 1}] for node, key in signature.items()}
    held = [(FORBIDDEN, a, b) for a, b in together]
    for cost, a, b in sorted([*held, *edges]):
        one, two = group_of[a], group_of[b]
        if one == two:
            continue
        against, left, right = _least_across(parts[one], parts[two], contradictions)
        if cost != FORBIDDEN and against - cost < merge_bits:
            continue
        keep, lose = (one, two) if one < two else (two, one)
        for node in members[lose]:
            group_of[node] = keep
        members[keep] += members.pop(lose)
        joined = parts.pop(one) + parts.pop(two)
        if cost != FORBIDDEN or against == 0:
            joined = [part for part in joined if part is not left and part is not right] + [_sum(left, right)]
        parts[keep] = joined
    return group_of


def _sum(one: Part, two: Part) -> Part:
    return {key: one.get(key, 0) + two.get(key, 0) for key in (*one, *two)}


def _least_across(one: list[Part], two: list[Part], contradictions: Contradictions) -> tuple[float, Part, Part]:
    """How little two groups contradict, and by which of their parts; `FORBIDDEN` when all do, or a steward keeps any apart."""
    found = [(_across(left, right, contradictions), left, right) for left in one for right in two]
    least = max(found, key=lambda of: of[0])
    if len(found) > 1 and any(_between(contradictions, a, b).judged for _, left, right in found for a in left for b in right):
        return FORBIDDEN, least[1], least[2]
    return least


def _between(contradictions: Contradictions, one: int, two: int) -> Contradiction:
    return contradictions.get((one, two) if one <= two else (two, one), NONE)


def _across(one: Mapping[int, int], two: Mapping[int, int], contradictions: Contradictions) -> float:
    """Mean contradiction per field over the comparable pairs across two groups, summed over fields."""
    sums: dict[str, float] = {}
    weights: dict[str, int] = {}
    for left, n in one.items():
        for right, k in two.items():
            found = _between(contradictions, left, right)
            if found.forbidden or found.judged:
                return FORBIDDEN
            for field, bits in found.bits.items():
                sums[field] = sums.get(field, 0.0) + bits * n * k
                weights[field] = weights.get(field, 0) + n * k
    return sum(sums[field] / weights[field] for field in sorted(sums))

"""Clustering by the evidence between whole groups.

Pairs are taken strongest first. Two groups join when their strongest support, less the mean contradiction over all pairs across
them that can be compared, still reaches the merge line, and no pair across is forbidden. So one shared phone never chains
strangers (their names contradict across the groups), while one misspelt record among five does not break a customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORBIDDEN = float("-inf")


@dataclass(frozen=True)
class Contradiction:
    """Bits against one party per compared field, between two signatures; a field that cannot be compared is absent."""

    bits: Mapping[str, float]
    forbidden: bool = False


Contradictions = Mapping[tuple[int, int], Contradiction]
Edge = tuple[float, int, int]
NONE = Contradiction({})


def agglomerate(
    edges: Sequence[Edge], signature: Mapping[int, int], contradictions: Contradictions, merge_bits: float
) -> dict[int, int]:
    """Label every node of one component with the least node of its cluster.

    `edges` are (negated support, node, node), the support being the bits of the pair less the pair's own contradiction, without pairs
    that are forbidden; `signature` maps each node to what is compared of it; `contradictions` has an entry per ordered pair (low, high)
    of signatures. A pure function of its arguments, whatever their order.
    """
    group_of = {node: node for node in signature}
    members = {node: [node] for node in signature}
    weights = {node: {key: 1} for node, key in signature.items()}
    for cost, a, b in sorted(edges):
        one, two = group_of[a], group_of[b]
        if one == two or _across(weights[one], weights[two], contradictions) - cost < merge_bits:
            continue
        keep, lose = (one, two) if one < two else (two, one)
        for node in members[lose]:
            group_of[node] = keep
        members[keep] += members.pop(lose)
        for key, n in weights.pop(lose).items():
            weights[keep][key] = weights[keep].get(key, 0) + n
    return group_of


def _between(contradictions: Contradictions, one: int, two: int) -> Contradiction:
    return contradictions.get((one, two) if one <= two else (two, one), NONE)


def _across(one: Mapping[int, int], two: Mapping[int, int], contradictions: Contradictions) -> float:
    """Mean contradiction per field over the comparable pairs across two groups, summed over fields."""
    sums: dict[str, float] = {}
    weights: dict[str, int] = {}
    for left, n in one.items():
        for right, k in two.items():
            found = _between(contradictions, left, right)
            if found.forbidden:
                return FORBIDDEN
            for field, bits in found.bits.items():
                sums[field] = sums.get(field, 0.0) + bits * n * k
                weights[field] = weights.get(field, 0) + n * k
    return sum(sums[field] / weights[field] for field in sorted(sums))

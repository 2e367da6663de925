"""Bridges of a graph: the pairs without which two parts of it would no longer hang together (Tarjan 1974)."""

from __future__ import annotations

from collections import defaultdict

from pipelines.cluster.average import Ints


def bridges(a: Ints, b: Ints) -> list[tuple[int, int, int]]:
    """Of the distinct pairs (a[k], b[k]), those that are bridges: k, and how many rows would be on either side of it, the fewer first."""
    beside: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for k, (one, two) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        beside[one].append((two, k))
        beside[two].append((one, k))
    found: list[tuple[int, int, int]] = []
    entered: dict[int, int] = {}
    for root in beside:
        if root not in entered:
            found += _of_component(root, beside, entered)
    return sorted(found)


def _of_component(root: int, beside: dict[int, list[tuple[int, int]]], entered: dict[int, int]) -> list[tuple[int, int, int]]:
    """The bridges of what hangs together with `root`, by one walk in depth; `entered` tells when each row was first met."""
    lowest, rows = {root: len(entered)}, {root: 1}
    entered[root] = len(entered)
    cut: list[tuple[int, int]] = []
    path = [(root, -1, iter(beside[root]))]
    while path:
        row, came_by, others = path[-1]
        for other, k in others:
            if k == came_by:
                continue
            if other in entered:
                lowest[row] = min(lowest[row], entered[other])
                continue
            entered[other] = lowest[other] = len(entered)
            rows[other] = 1
            path.append((other, k, iter(beside[other])))
            break
        else:
            path.pop()
            if path:
                before = path[-1][0]
                lowest[before] = min(lowest[before], lowest[row])
                rows[before] += rows[row]
                if lowest[row] > entered[before]:
                    cut.append((came_by, rows[row]))
    return [(k, min(part, rows[root] - part), max(part, rows[root] - part)) for k, part in cut]

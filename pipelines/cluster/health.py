"""How sound the linkage looks, without labels; and how right it is, as far as stewards have judged.

Judged pairs are few and were not drawn at random (people judge what looks doubtful), so what they say holds for doubtful pairs; the
interval tells how far (Wilson 1927, 95 %).
"""

from __future__ import annotations

import math

import duckdb

from schemas.match_model import MatchModel

_SIZES = {
    "1": "n = 1", "2": "n = 2", "3-5": "n BETWEEN 3 AND 5", "6-20": "n BETWEEN 6 AND 20", "21-100": "n BETWEEN 21 AND 100",
    "101+": "n > 100",
}  # fmt: skip
WEAK = 0.99  # of the confidence of a customer: its weakest join is less certain than that
Z_95 = 1.959964  # standard errors of a 95 % interval on either side


def linkage_health(con: duckdb.DuckDBPyConnection, model: MatchModel) -> dict[str, object]:
    """Facts of the whole: `sizes` (customers by number of mentions), `largest`, `weak` (customers held together by a weak join), `pairs`
    (above the line), `review_pairs` (in the band below), `bits` (pairs by bands of eight bits), and what judgements say: `precision` and
    `recall` of the line among judged pairs, each {share, low, high, of}, where there are any."""
    counts = ", ".join(f"count(*) FILTER ({where})" for where in _SIZES.values())
    *sizes, largest, weak = con.execute(
        f"""SELECT {counts}, coalesce(max(n), 0), count(*) FILTER (confidence < {WEAK})
        FROM (SELECT record_n AS n, confidence FROM cluster.customers WHERE status = 'active')"""
    ).fetchall()[0]
    above, review = con.execute(
        "SELECT count(*) FILTER (bits >= $line), count(*) FILTER (bits < $line) FROM match.pairs", {"line": model.merge_bits}
    ).fetchall()[0]
    bands = con.execute("SELECT (8 * floor(bits / 8))::INTEGER AS band, count(*) FROM match.pairs GROUP BY band ORDER BY band").fetchall()
    return {
        "sizes": dict(zip(_SIZES, sizes, strict=True)), "largest": largest, "weak": weak, "pairs": above, "review_pairs": review,
        "bits": {str(band): n for band, n in bands}, **_judged(con, model),
    }  # fmt: skip


def _judged(con: duckdb.DuckDBPyConnection, model: MatchModel) -> dict[str, object]:
    """What the line would have said of the judged pairs by their values alone."""
    rows = con.execute(
        """WITH judged AS (
            SELECT verdict = 'same' AS same, least(a.node_id, b.node_id) AS node_a, greatest(a.node_id, b.node_id) AS node_b
            FROM raw.judgements JOIN match.node_records a ON a.record_id = record_a JOIN match.node_records b ON b.record_id = record_b)
        SELECT same, node_a = node_b OR coalesce(bits >= ?, false) AS merged, count(*)
        FROM judged LEFT JOIN match.pairs USING (node_a, node_b) GROUP BY ALL""",
        [model.merge_bits],
    ).fetchall()
    of = {(bool(same), bool(merged)): int(n) for same, merged, n in rows}
    right, wrong, missed = of.get((True, True), 0), of.get((False, True), 0), of.get((True, False), 0)
    found = {"precision": (right, right + wrong), "recall": (right, right + missed)}
    return {name: interval(hits, n) for name, (hits, n) in found.items() if n}


def interval(hits: int, n: int) -> dict[str, float]:
    """The share `hits` of `n` with its 95 % interval by Wilson.

    >>> interval(9, 10)["low"] < 0.9 < interval(9, 10)["high"]
    True
    """
    share, wide = hits / n, Z_95 * Z_95 / n
    middle = (share + wide / 2) / (1 + wide)
    half = Z_95 * math.sqrt(share * (1 - share) / n + wide / (4 * n)) / (1 + wide)
    return {"share": round(share, 4), "low": round(max(middle - half, 0.0), 4), "high": round(min(middle + half, 1.0), 4), "of": n}

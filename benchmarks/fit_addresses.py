"""Fit the weights of the address comparator: `python -m benchmarks.fit_addresses` writes schemas/match/addresses.yaml and
address_characters.csv. Logistic regression over the three labels; the score is "same" against "different".

Pairs that share an address, also through others, stay in one half, so no address is on both sides of a measurement.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import yaml
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.address_pairs import read_pairs
from pipelines.match.address_parts import read_addresses
from pipelines.match.addresses import features

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas" / "match"
SEEN_AT_LEAST = 30  # addresses that have a character of its own weight
STRENGTH = 0.03  # of the evidence against the prior that no weight is needed (C of the regression)


@dataclass(frozen=True)
class Pairs:
    """Of each pair its features, which of `characters` are in both, the first, the second only, and its label."""

    names: tuple[str, ...]
    characters: tuple[str, ...]
    dense: np.ndarray
    sparse: sparse.csr_matrix
    labels: np.ndarray
    part: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """Bits: the constant, of each feature, and of each character in both, in the first only, in the second only."""

    constant: float
    of_features: np.ndarray
    of_characters: np.ndarray

    def scores(self, pairs: Pairs) -> np.ndarray:
        return self.constant + pairs.dense @ self.of_features + pairs.sparse @ self.of_characters


def load(con: duckdb.DuckDBPyConnection) -> Pairs:
    read_pairs(con)
    read_addresses(con, "texts", "parts")
    made = features("l", "r")
    selected = ", ".join(f"({sql})::DOUBLE" for sql in made.values())
    found = con.execute(
        f"SELECT a, b, label, {selected} FROM pairs JOIN parts l ON l.address = a JOIN parts r ON r.address = b ORDER BY n"
    ).fetchall()
    texts = [(row[0], row[1]) for row in found]
    seen = con.execute(
        """SELECT character FROM (SELECT unnest(list_distinct(string_split(address, ''))) AS character FROM texts)
        GROUP BY character HAVING count(*) >= ? ORDER BY character""",
        [SEEN_AT_LEAST],
    ).fetchall()
    characters = tuple(row[0] for row in seen)
    dense, labels = np.array([row[3:] for row in found]), np.array([row[2] for row in found])
    return Pairs(tuple(made), characters, dense, _characters(texts, characters), labels, _parts(texts))


def _characters(texts: list[tuple[str, str]], characters: tuple[str, ...]) -> sparse.csr_matrix:
    place = {character: n for n, character in enumerate(characters)}
    at = [
        (row, place[character] + len(place) * (0 if character in first and character in second else 1 if character in first else 2))
        for row, (first, second) in enumerate((set(a), set(b)) for a, b in texts)
        for character in first | second
        if character in place
    ]
    rows, columns = zip(*at, strict=True)
    return sparse.csr_matrix((np.ones(len(at)), (rows, columns)), shape=(len(texts), 3 * len(place)))


def _parts(texts: list[tuple[str, str]]) -> np.ndarray:
    """0 or 1: pairs with an address in common are of one half."""
    ids: dict[str, int] = {}
    ends = np.array([[ids.setdefault(text, len(ids)) for text in pair] for pair in texts])
    shape = (len(ids), len(ids))
    _, component = connected_components(sparse.coo_matrix((np.ones(len(ends)), ends.T), shape=shape), directed=False)
    half: np.ndarray = np.random.default_rng(1).integers(0, 2, component.max() + 1)[component[ends[:, 0]]]
    return half


def fit(pairs: Pairs, chosen: np.ndarray) -> Fitted:
    mean, spread = pairs.dense[chosen].mean(axis=0), pairs.dense[chosen].std(axis=0) + 1e-9
    scaled = sparse.hstack([sparse.csr_matrix((pairs.dense[chosen] - mean) / spread), pairs.sparse[chosen]]).tocsr()
    model = LogisticRegression(C=STRENGTH, max_iter=2000, tol=1e-4).fit(scaled, pairs.labels[chosen])
    told = (model.coef_[2] - model.coef_[0]) / np.log(2)
    slopes = told[: len(mean)] / spread
    constant = float((model.intercept_[2] - model.intercept_[0]) / np.log(2) - slopes @ mean)
    return Fitted(constant, slopes, told[len(mean) :])


def write(pairs: Pairs, fitted: Fitted) -> None:
    rounded = {name: round(float(weight), 4) for name, weight in zip(pairs.names, fitted.of_features, strict=True)}
    head = "# What each feature of a pair of Chinese addresses adds, in bits. Written by benchmarks/fit_addresses.py from real pairs.\n"
    body = yaml.safe_dump({"weights": {"constant": round(fitted.constant, 4), **rounded}}, sort_keys=False)
    (SCHEMAS / "addresses.yaml").write_text(head + body, "utf-8")
    with (SCHEMAS / "address_characters.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("character", "both", "only_first", "only_second"))
        for character, told in zip(pairs.characters, fitted.of_characters.reshape(3, -1).T, strict=True):
            rows.writerow((character, *(f"{bits:.4f}" for bits in told)))


def right(pairs: Pairs, scores: np.ndarray, chosen: np.ndarray) -> tuple[float, float]:
    """ROC AUC and average precision of "same" against "different"."""
    told = chosen & (pairs.labels != 1)
    same = pairs.labels[told] == 2
    return float(roc_auc_score(same, scores[told])), float(average_precision_score(same, scores[told]))


def held_out(pairs: Pairs) -> list[tuple[float, float]]:
    """Each half by the weights of the other."""
    return [right(pairs, fit(pairs, pairs.part != half).scores(pairs), pairs.part == half) for half in (0, 1)]


def main() -> None:
    pairs = load(duckdb.connect())
    for half, (auc, precision) in enumerate(held_out(pairs)):
        print(f"half {half}, by the weights of the other: ROC AUC {auc:.4f}, average precision {precision:.4f}", flush=True)
    everything = np.ones(len(pairs.labels), dtype=bool)
    fitted = fit(pairs, everything)
    write(pairs, fitted)
    auc, precision = right(pairs, fitted.scores(pairs), everything)
    print(f"all pairs, by their own weights: ROC AUC {auc:.4f}, average precision {precision:.4f}")


if __name__ == "__main__":
    main()

"""recordlinkage on one job, in the peers' own virtual environment: `python benchmarks/peers/by_recordlinkage.py JOB OUT`.

As its guide classifies without labels: fields that are alike or not (at a similarity of 0.92), ECM, connected components of the pairs it
calls matches.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import recordlinkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

OWN_THRESHOLD = 0.5  # where ECMClassifier.predict says match
TOLD_FROM = 0.01
SIMILAR = {
    **dict.fromkeys(("given_name", "family_name", "full_name", "text", "address", "email"), "jarowinkler"),
    **dict.fromkeys(("code", "postcode", "uk_postcode", "date"), "damerau_levenshtein"),
}


def compare(people: pd.DataFrame, job: dict[str, Any]) -> pd.DataFrame:
    index = recordlinkage.Index()
    for rule in job["rules"]:
        index.block(rule)
    comparing = recordlinkage.Compare()
    for field, kind in job["compared"]:
        if kind in SIMILAR:
            comparing.string(field, field, method=SIMILAR[kind], threshold=0.92, label=field)
        else:
            comparing.exact(field, field, label=field)
    return comparing.compute(index.index(people), people)


def link(job: dict[str, Any], out: Path) -> None:
    people = pd.read_parquet(job["rows"], columns=["record_id", *job["rules"], *(field for field, _ in job["compared"])])
    compared = compare(people, job)
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(compared)
    probability = classifier.prob(compared).to_numpy()
    a, b = (compared.index.get_level_values(side).to_numpy() for side in (0, 1))
    merged = probability >= OWN_THRESHOLD
    edges = coo_matrix((np.ones(merged.sum()), (a[merged], b[merged])), shape=(len(people), len(people)))
    ids = people["record_id"].to_numpy()
    clusters = pd.DataFrame({"record_id": ids, "entity_id": connected_components(edges, directed=False)[1].astype(str)})
    told = probability >= TOLD_FROM
    pairs = pd.DataFrame({"record_a": ids[a[told]], "record_b": ids[b[told]], "probability": probability[told]})
    clusters.to_parquet(out / "clusters.parquet")
    pairs.to_parquet(out / "pairs.parquet")


if __name__ == "__main__":
    link(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))

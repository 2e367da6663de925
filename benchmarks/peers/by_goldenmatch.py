"""GoldenMatch on one job, in the peers' own virtual environment: `python benchmarks/peers/by_goldenmatch.py JOB OUT`.

Configured by itself, from the file as it is, for that is what it is made for; it remembers no earlier run.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

os.environ["GOLDENMATCH_AUTOCONFIG_MEMORY"] = "0"


def link(job: dict[str, Any], out: Path) -> None:
    import goldenmatch

    rows = pq.read_table(job["raw"])
    ids = rows["record_id"].to_numpy(zero_copy_only=False)
    found = goldenmatch.dedupe_df(rows.drop_columns(["record_id"]), confidence_required=False)
    members = [(row, str(entity)) for entity, cluster in found.clusters.items() for row in cluster["members"]]
    pairs = [(a, b, float(score)) for a, b, score in (*found.scored_pairs, *found.review_pairs)]
    rows_n, entities = zip(*members, strict=True)
    left, right, scores = zip(*pairs, strict=True) if pairs else ((), (), ())
    clusters = pa.table({"record_id": ids[list(rows_n)], "entity_id": list(entities)})
    told = pa.table({"record_a": ids[list(left)], "record_b": ids[list(right)], "probability": pa.array(scores, pa.float64())})
    pq.write_table(clusters, out / "clusters.parquet")
    pq.write_table(told, out / "pairs.parquet")


if __name__ == "__main__":
    link(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))

"""Splink on one job, in the peers' own virtual environment: `python benchmarks/peers/by_splink.py JOB OUT`.

As its guides recommend: its ready comparisons by kind of value with term frequencies, u from random pairs, the prior from deterministic
rules, m by expectation maximisation in sessions that block on different fields, connected components at probability 0.95.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

OWN_THRESHOLD = 0.95
TOLD_FROM = 0.01


def comparison(field: str, kind: str) -> Any:
    """Splink's comparison for a kind of the hub's table models."""
    if kind in ("given_name", "family_name", "full_name"):
        return comparisons.NameComparison(field)
    if kind == "date":
        return comparisons.DateOfBirthComparison(field, input_is_string=True)
    if kind == "uk_postcode":
        return comparisons.PostcodeComparison(field)
    if kind == "email":
        return comparisons.EmailComparison(field)
    if kind in ("code", "postcode"):
        return comparisons.DamerauLevenshteinAtThresholds(field, [1, 2])
    if kind in ("text", "address"):
        return comparisons.JaroWinklerAtThresholds(field, [0.9, 0.7]).configure(term_frequency_adjustments=True)
    return comparisons.ExactMatch(field).configure(term_frequency_adjustments=True)


def train(linker: Linker, job: dict[str, Any]) -> None:
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on(*rule) for rule in job["sure"]], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in job["sessions"]:
        training.estimate_parameters_using_expectation_maximisation(block_on(*rule))


def link(job: dict[str, Any], out: Path) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE people AS FROM read_parquet(?)", [job["rows"]])
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="record_id", retain_matching_columns=False, max_iterations=job["iterations"],
        comparisons=[comparison(field, kind) for field, kind in job["compared"]],
        blocking_rules_to_generate_predictions=[block_on(rule) for rule in job["rules"]],
    )  # fmt: skip
    linker = Linker(DuckDBAPI(con).register("people"), settings, log_level=40)
    train(linker, job)
    pairs = linker.inference.predict(threshold_match_probability=TOLD_FROM)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=OWN_THRESHOLD)
    for table, columns, name in (
        (pairs, "record_id_l AS record_a, record_id_r AS record_b, match_probability AS probability", "pairs"),
        (clusters, "record_id, cluster_id AS entity_id", "clusters"),
    ):
        con.execute(f"COPY (SELECT {columns} FROM {table.physical_name}) TO '{out}/{name}.parquet'")


if __name__ == "__main__":
    link(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))

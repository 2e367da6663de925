"""`gold.addresses`: each place of a customer once, ranked; and the first one.

Within one customer and town two texts are the same place when they hold the same house, building and room numbers, in any order and
whatever the street is called (`云栖苑4-1-2604湖滨大街368号`), or when one says only a part of the other (a waybill without the room).
Small numbers alone prove nothing: one of at least three digits must be among them.
"""

from __future__ import annotations

import duckdb

from pipelines.golden.candidates import keep_candidates
from pipelines.golden.chain import Voices, best_record, different_sources, in_order, survivors
from schemas.survivorship import Chain, Survivorship

# Beyond this many places nobody lives there all: an office or a station, where comparing each with each would not end.
MOST_COMPARED = 200
_REGION = ("province", "city", "district")
_DISTINCTIVE = "len(numbers) >= {least} AND len(list_filter(numbers, lambda n: length(n) >= 3)) > 0"
IS_DISTINCTIVE = _DISTINCTIVE.format(least=3)  # over `numbers`: of a room or a house, not only of a street
SPOT = f"CASE WHEN {IS_DISTINCTIVE} THEN array_to_string(numbers, '-') ELSE address END"
_PARTS = "(({0}.province IS NOT NULL)::INT + ({0}.city IS NOT NULL)::INT + ({0}.district IS NOT NULL)::INT)"
# Region and street are told apart by what stands in neither.
_SHOWN = "concat_ws(' / ', concat_ws(' ', value.province, value.city, value.district), value.address)"
_TABLES = ("golden_said", "golden_places", "golden_inside", "golden_joined", "golden_values", "golden_ranked")


def decide_addresses(con: duckdb.DuckDBPyConnection, policy: Survivorship, voices: Voices) -> None:
    """Fill gold.addresses for `golden_customers`; temp `golden_won_address` whose value is a struct of the parts."""
    chain = policy.fields["address"]
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_said AS {_said(chain, voices)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_places AS {_PLACES}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_inside AS {_INSIDE}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_joined AS {_joined(voices.sources)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_values AS {_VALUES}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_ranked AS {in_order('golden_values', chain)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_won_address AS {survivors('golden_ranked', chain)}")
    keep_candidates(con, "address", chain, shown=_SHOWN)
    con.execute(
        """INSERT INTO gold.addresses BY NAME
        SELECT customer_id, rank, value.province, value.city, value.district, value.address,
               NOT is_valid AS is_place, record_n, first_seen_at, last_seen_at
        FROM golden_ranked JOIN golden_customers USING (customer_n)"""
    )
    for table in _TABLES:
        con.execute(f"DROP TABLE {table}")


def _said(chain: Chain, voices: Voices) -> str:
    """SQL: what each source says of places. A part of the region that one text leaves out is taken from the others of the same spot where
    these agree. `spot` is null for a mere region; `place_key` tells the places of one customer apart."""
    agreed = ", ".join(f"CASE WHEN min({part}) = max({part}) THEN min({part}) END AS {part}" for part in _REGION)
    best = best_record(chain, at="event_at", trust=voices.trust_in("address", at="event_at"))
    gaps = " OR ".join(f"count({part}) BETWEEN 1 AND count(*) - 1" for part in _REGION)
    filled = ", ".join(f"coalesce(s.{part}, g.{part}) AS {part}" for part in _REGION)
    return f"""
        WITH texts AS (
            SELECT customer_n, province, city, district, address_norm AS address, source_n,
                   {best} AS best, bool_or(coalesce(address_is_place, false)) AS is_place,
                   count(*) AS record_n, min(event_at) AS first_seen_at, max(event_at) AS last_seen_at
            FROM golden_mentions JOIN golden_voices USING (voice_n)
            WHERE address_norm IS NOT NULL OR city IS NOT NULL
            GROUP BY ALL),
        numbered AS (SELECT *, list_sort(regexp_extract_all(address, '[0-9]+')) AS numbers FROM texts),
        spots AS (SELECT *, {SPOT} AS spot FROM numbered),
        gaps AS (SELECT customer_n, spot, {agreed} FROM spots WHERE spot IS NOT NULL GROUP BY customer_n, spot HAVING {gaps}),
        filled AS (SELECT s.* REPLACE ({filled}) FROM spots s LEFT JOIN gaps g ON g.customer_n = s.customer_n AND g.spot = s.spot)
        SELECT *, hash(province, city, district, spot) AS place_key FROM filled"""


_PLACES = """
    SELECT customer_n, place_key, any_value(province) AS province, any_value(city) AS city, any_value(district) AS district,
           min({'longest': -length(address), 'text': address, 'numbers': numbers}) AS shown, bool_or(is_place) AS is_place
    FROM golden_said GROUP BY customer_n, place_key"""

# Which place says only a part of which other; of several the fullest.
_INSIDE = f"""
    WITH compared AS (
        SELECT *, shown.text AS address, shown.numbers AS numbers FROM golden_places WHERE shown.text IS NOT NULL
        QUALIFY count(*) OVER (PARTITION BY customer_n) BETWEEN 2 AND {MOST_COMPARED})
    SELECT p.customer_n, p.place_key,
           max({{'n': len(f.numbers), 'length': length(f.address), 'text': f.address, 'key': f.place_key}}).key AS into_key
    FROM (SELECT *, {_DISTINCTIVE.format(least=2)} AS is_distinctive FROM compared) p
    JOIN compared f ON f.customer_n = p.customer_n AND f.place_key <> p.place_key AND f.is_place = p.is_place
     AND f.city IS NOT DISTINCT FROM p.city AND coalesce(f.district = p.district, true)
     AND list_has_all(f.numbers, p.numbers)
     AND (length(f.address) > length(p.address) AND contains(f.address, p.address) OR p.is_distinctive AND len(f.numbers) > len(p.numbers))
    GROUP BY p.customer_n, p.place_key"""


def _joined(sources: int) -> str:
    """SQL: one row a place or mere region; what is inside another place counts as that one (also over one step between)."""
    return f"""
        WITH aims AS (
            SELECT i.customer_n, i.place_key, coalesce(n.into_key, i.into_key) AS into_key
            FROM golden_inside i LEFT JOIN golden_inside n ON n.customer_n = i.customer_n AND n.place_key = i.into_key),
        meant AS (
            SELECT s.*, coalesce(a.into_key, s.place_key) AS meant_key
            FROM golden_said s LEFT JOIN aims a ON a.customer_n = s.customer_n AND a.place_key = s.place_key),
        counted AS (
            SELECT customer_n, meant_key AS place_key, min(best) AS best, bool_or(is_place) AS is_place,
                   {different_sources(sources)} AS source_n, sum(record_n)::BIGINT AS record_n, min(first_seen_at) AS first_seen_at,
                   max(last_seen_at) AS last_seen_at
            FROM meant GROUP BY customer_n, meant_key)
        SELECT c.*, p.province, p.city, p.district, p.shown.text AS address
        FROM counted c JOIN golden_places p ON p.customer_n = c.customer_n AND p.place_key = c.place_key"""


# A mere region (what a masked waybill leaves) is no further place where the customer has a fuller one in it.
_VALUES = f"""
    SELECT r.customer_n, concat_ws(' ', r.province, r.city, r.district, r.address) AS value_key,
           r.best, false AS is_verified, {{'province': r.province, 'city': r.city, 'district': r.district, 'address': r.address}} AS value,
           r.address IS NOT NULL AS is_clear, NOT r.is_place AS is_valid,
           {_PARTS.format("r")} + (r.address IS NOT NULL)::INT AS part_n, r.source_n, r.record_n, r.first_seen_at, r.last_seen_at
    FROM golden_joined r ANTI JOIN golden_joined f
      ON f.customer_n = r.customer_n AND r.address IS NULL
     AND (r.province IS NULL OR r.province = f.province) AND (r.city IS NULL OR r.city = f.city)
     AND (r.district IS NULL OR r.district = f.district)
     AND (f.address IS NOT NULL OR {_PARTS.format("f")} > {_PARTS.format("r")})"""

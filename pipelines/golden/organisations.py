"""Organisations as parties of their own: who is named as company, invoice title or credit code, whichever person or account names it.

A unified social credit code (GB 32100) identifies an organisation. A name belongs to the code it stands beside: on the same customer, else
anywhere if nowhere beside another; a name without any code is an organisation by itself. Two firms of one name and two codes stay two.

Ids persist as customers' do: each key (code or name) keeps the id it was given, of several the oldest survives, and an old id is found
through its keys (`gold.organisation_keys`).
"""

from __future__ import annotations

import duckdb

from pipelines.differing import write_differing
from pipelines.warehouse import count
from schemas.tables import gold

_TEMPORARY = ("roots", "keys", "ids", "members", "values", "now", "spoken_for")


def derive_organisations(con: duckdb.DuckDBPyConnection, seq: int) -> dict[str, object]:
    """Bring gold.organisation_members, gold.organisation_values, gold.organisation_keys and gold.organisations up to date; leaves temp
    `organisation_said(record_id, customer_id, organisation_id, role, party_kind, event_at)` and `organisation_now_differing`. Answers the
    facts."""
    _gather(con)
    _give_ids(con, seq)
    _derive(con)
    for table, now in (
        (gold.ORGANISATION_MEMBERS, "organisation_members"),
        (gold.ORGANISATION_VALUES, "organisation_values"),
        (gold.ORGANISATIONS, "organisation_now"),
    ):
        write_differing(con, table, now)
    con.execute("DROP TABLE organisation_members_differing; DROP TABLE organisation_values_differing")
    for name in _TEMPORARY:
        con.execute(f"DROP TABLE IF EXISTS organisation_{name}")
    return {"organisations": count(con, "SELECT count(*) FROM gold.organisations")}


def _gather(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `organisation_roots`: each mention that names an organisation, with the key of the organisation meant (`root`)."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_said AS
        SELECT m.record_id, c.customer_id, m.company AS name, m.uscc, m.role, m.party_kind, m.event_at, m.province, m.city, m.district,
               CASE WHEN m.party_kind = 'organisation' AND NOT coalesce(m.address_is_place, false) THEN m.address_norm END AS address
        FROM std.mentions m JOIN cluster.members c USING (record_id) WHERE m.company IS NOT NULL OR m.uscc IS NOT NULL"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_roots AS
        WITH beside AS (SELECT DISTINCT customer_id, name, uscc FROM organisation_said WHERE name IS NOT NULL AND uscc IS NOT NULL),
        here AS (SELECT customer_id, name, any_value(uscc) AS uscc FROM beside GROUP BY customer_id, name HAVING count(*) = 1),
        anywhere AS (SELECT name, any_value(uscc) AS uscc FROM beside GROUP BY name HAVING count(DISTINCT uscc) = 1)
        SELECT s.*, coalesce('uscc:' || coalesce(s.uscc, h.uscc, a.uscc), 'name:' || s.name) AS root,
               CASE WHEN a.uscc IS NOT NULL THEN 'name:' || s.name END AS name_key
        FROM organisation_said s
        LEFT JOIN here h ON h.customer_id = s.customer_id AND h.name = s.name
        LEFT JOIN anywhere a ON a.name = s.name"""
    )


def _give_ids(con: duckdb.DuckDBPyConnection, seq: int) -> None:
    """Temp `organisation_ids(root, organisation_id)`; new keys are entered into the registry."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_keys AS
        SELECT root, root AS key FROM organisation_roots UNION SELECT root, name_key FROM organisation_roots WHERE name_key IS NOT NULL"""
    )
    # each id goes to one of those that lay claim to it, codes before names; of its ids each root keeps the oldest
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_spoken_for AS
        WITH claims AS (
            SELECT k.root, g.organisation_id, min(g.created_seq) AS created_seq
            FROM organisation_keys k JOIN gold.organisation_keys g USING (key) GROUP BY ALL)
        FROM claims QUALIFY row_number() OVER (PARTITION BY organisation_id ORDER BY starts_with(root, 'name:'), root) = 1"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_ids AS
        WITH kept AS (
            SELECT root, organisation_id FROM organisation_spoken_for
            QUALIFY row_number() OVER (PARTITION BY root ORDER BY created_seq, organisation_id) = 1),
        fresh AS (
            SELECT root, 'o' || left(sha256(root), 15) AS plain, 'o' || left(sha256(root || '#' || $seq), 15) AS other
            FROM (SELECT DISTINCT root FROM organisation_keys) ANTI JOIN kept USING (root))
        FROM kept
        UNION ALL
        SELECT root, CASE WHEN plain IN (SELECT organisation_id FROM gold.organisation_keys) THEN other ELSE plain END FROM fresh""",
        {"seq": seq},
    )
    con.execute(
        """INSERT INTO gold.organisation_keys BY NAME
        SELECT k.key, i.organisation_id, $seq AS created_seq FROM organisation_keys k JOIN organisation_ids i USING (root)
        ANTI JOIN gold.organisation_keys g ON g.key = k.key AND g.organisation_id = i.organisation_id""",
        {"seq": seq},
    )


def _derive(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_said AS
        SELECT r.* EXCLUDE (root, name_key), i.organisation_id FROM organisation_roots r JOIN organisation_ids i USING (root)"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE organisation_members AS SELECT record_id, organisation_id FROM organisation_said")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_values AS
        WITH said AS (
            SELECT organisation_id, 'name' AS kind, name AS value, NULL AS province, NULL AS city, NULL AS district, event_at
            FROM organisation_said WHERE name IS NOT NULL
            UNION ALL SELECT organisation_id, 'uscc', uscc, NULL, NULL, NULL, event_at FROM organisation_said WHERE uscc IS NOT NULL
            UNION ALL SELECT organisation_id, 'address', address, province, city, district, event_at
            FROM organisation_said WHERE address IS NOT NULL),
        counted AS (
            SELECT * EXCLUDE (event_at), count(*) AS record_n, min(event_at) AS first_seen_at, max(event_at) AS last_seen_at
            FROM said GROUP BY ALL)
        SELECT *, row_number() OVER (PARTITION BY organisation_id, kind ORDER BY record_n DESC, last_seen_at DESC NULLS LAST, value, city,
               district, province) AS rank
        FROM counted"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE organisation_now AS
        WITH first AS (FROM organisation_values WHERE rank = 1),
        seen AS (
            SELECT organisation_id, count(*) AS record_n, count(DISTINCT customer_id) AS customer_n,
                   min(event_at) AS first_seen_at, max(event_at) AS last_seen_at
            FROM organisation_said GROUP BY organisation_id)
        SELECT s.organisation_id, n.value AS name, u.value AS uscc, a.province, a.city, a.district, a.value AS address,
               s.record_n, s.customer_n, s.first_seen_at, s.last_seen_at
        FROM seen s
        LEFT JOIN first n ON n.organisation_id = s.organisation_id AND n.kind = 'name'
        LEFT JOIN first u ON u.organisation_id = s.organisation_id AND u.kind = 'uscc'
        LEFT JOIN first a ON a.organisation_id = s.organisation_id AND a.kind = 'address'"""
    )

"""`gold.relations`: who has to do with whom, as relations and never as merges.

- `contact_of`: a person acts for an organisation, in the role in which the mention stands (buyer, CRM customer …).
- `shared_phone`, `shared_account`: two people use one number or one platform account, member number or WeChat id.
- `household`: two people have one home, and one surname, number or account besides. A home that ten share is a place (`gold.places`).

What more than `CIRCLE` people share makes no pairs: it is a reception desk's, a shop's or a school's.
"""

from __future__ import annotations

import duckdb

from pipelines.differing import write_differing
from pipelines.profile.masking import SURNAMES_OF_TWO
from pipelines.warehouse import count
from schemas.tables import gold

CIRCLE = 6
_ACCOUNTS = ("account", "member", "unionid", "openid", "wechat_id")
_SURNAME = f"CASE WHEN length(name) > 2 AND name[1:2] IN ({SURNAMES_OF_TWO}) THEN name[1:2] ELSE name[1] END"
_PEOPLE = f"SELECT customer_id, {_SURNAME} AS surname FROM gold.customers WHERE party_kind = 'person' AND name NOT LIKE '%*%'"


def derive_relations(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Bring gold.relations up to date from gold.contacts, temp `place_homes` and temp `organisation_said`; leaves temp
    `relation_now_differing`. Answers the facts."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE relation_shared AS
        WITH carried AS (
            SELECT CASE kind WHEN 'phone' THEN 'shared_phone' ELSE 'shared_account' END AS kind, kind || ':' || value AS value, customer_id,
                   record_n, first_seen_at, last_seen_at
            FROM gold.contacts
            WHERE kind IN ('phone', {", ".join(f"'{kind}'" for kind in _ACCOUNTS)}) AND is_valid AND is_personal),
        few AS (SELECT value FROM carried GROUP BY value HAVING count(*) BETWEEN 2 AND {CIRCLE})
        {_pairs("carried", "value", "few")}"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE relation_homes AS
        WITH carried AS (SELECT 'household' AS kind, home, customer_id, record_n, first_seen_at, last_seen_at FROM place_homes),
        few AS (SELECT home FROM carried GROUP BY home HAVING count(*) BETWEEN 2 AND {CIRCLE})
        {_pairs("carried", "home", "few")}"""
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE relation_now AS {_RELATIONS}")
    write_differing(con, gold.RELATIONS, "relation_now")
    con.execute("DROP TABLE relation_shared; DROP TABLE relation_homes; DROP TABLE relation_now; DROP TABLE place_homes; "
                "DROP TABLE organisation_said")  # fmt: skip
    return {"relations": count(con, "SELECT count(*) FROM gold.relations")}


def note_names(con: duckdb.DuckDBPyConnection, *, everything: bool) -> None:
    """Temp `golden_named(customer_id, name)`: how the affected customers were called before; with `everything` nobody, for then all get a
    new document anyhow."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE golden_named AS
        SELECT customer_id, name FROM gold.customers SEMI JOIN golden_affected USING (customer_id) {"LIMIT 0" if everything else ""}"""
    )


# Customers whose relations differ from before, or those to whom they have them: the other's name, or the organisation.
RELATED_ANEW = """
    WITH renamed AS (
        SELECT customer_id FROM golden_named b JOIN gold.customers g USING (customer_id) WHERE g.name IS DISTINCT FROM b.name)
    SELECT party_id FROM relation_now_differing
    UNION SELECT other_id FROM relation_now_differing WHERE kind <> 'contact_of'
    UNION SELECT party_id FROM gold.relations
    WHERE kind = 'contact_of' AND other_id IN (SELECT organisation_id FROM organisation_now_differing)
    UNION SELECT party_id FROM gold.relations WHERE other_id IN (FROM renamed)
    UNION SELECT other_id FROM gold.relations WHERE kind <> 'contact_of' AND party_id IN (FROM renamed)"""


def _pairs(carried: str, shared: str, few: str) -> str:
    """SQL: the pairs of customers who share a value in `few`, the lesser id first: how many records say so, and over which time both."""
    return f"""
        SELECT a.kind, a.customer_id AS party_id, b.customer_id AS other_id, sum(least(a.record_n, b.record_n))::BIGINT AS evidence_n,
               min(greatest(a.first_seen_at, b.first_seen_at)) AS since_at, max(least(a.last_seen_at, b.last_seen_at)) AS until_at
        FROM {carried} a SEMI JOIN {few} USING ({shared}) JOIN {carried} b ON b.{shared} = a.{shared} AND b.customer_id > a.customer_id
        GROUP BY ALL"""


# Recipients are not profiled: that a firm had something sent to somebody makes nobody its contact.
_RELATIONS = f"""
    WITH people AS ({_PEOPLE})
    SELECT s.party_id, s.other_id, s.kind, '' AS role, s.evidence_n, s.since_at, s.until_at
    FROM relation_shared s SEMI JOIN people p ON p.customer_id = s.party_id SEMI JOIN people o ON o.customer_id = s.other_id
    UNION ALL
    SELECT h.party_id, h.other_id, h.kind, '', h.evidence_n, h.since_at, h.until_at
    FROM relation_homes h JOIN people p ON p.customer_id = h.party_id JOIN people o ON o.customer_id = h.other_id
    WHERE p.surname = o.surname OR (h.party_id, h.other_id) IN (SELECT (party_id, other_id) FROM relation_shared)
    UNION ALL
    SELECT customer_id, organisation_id, 'contact_of', role, count(*), min(event_at), max(event_at)
    FROM organisation_said SEMI JOIN people USING (customer_id)
    WHERE party_kind = 'person' AND role NOT IN ('recipient', 'shipment_recipient')
    GROUP BY ALL"""

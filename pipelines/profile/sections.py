"""The sections of the document as SQL: each answers JSON texts, one row a customer of temp `profile_part(customer_id, customer_n)`.

Values of persons leave these statements masked (`masking.py`). An item is made JSON by itself, behind a key that sorts it (`_listed` takes
the key off again): texts cost a fraction of lists of structs.
"""

from __future__ import annotations

from pipelines.golden.why import MASKED
from schemas.profile import CONTACTS, LATEST, LOST, LOST_A_FIELD, PREFERENCES, RELATIONS, TIER_MEANING, TIMELINE

_PART = "JOIN profile_part USING (customer_id)"
_TIERS = " ".join(f"WHEN '{tier}' THEN '{meaning}'" for tier, meaning in TIER_MEANING.items())
_RANK = "chr(32 + rank::INT)"
_RANK_WIDTH = 1
_MOMENT = "coalesce(iso({0}), '0000-00-00T00:00:00Z')"
_MOMENT_WIDTH = 20


def _gathered(item: str, where: str = "true", *, newest_first: bool = False) -> str:
    """SQL aggregate: the sorted list of the texts `item`. Joined and split at line feeds, which JSON texts never hold (three times as fast
    as list()), and sorted, so that it never depends on the order of rows."""
    filtered = "" if where == "true" else f" FILTER ({where})"
    sort = "list_reverse_sort" if newest_first else "list_sort"
    return f"{sort}(string_split(string_agg({item}, chr(10)){filtered}, chr(10)))"


def _listed(width: int, most: int = 0, *, newest_first: bool = False, where: str = "true") -> str:
    """SQL: the JSON array of the column `item`, in the order of its first `width` characters, which are taken off (0: the item sorts by
    itself); null without any."""
    gathered = _gathered("item", where, newest_first=newest_first)
    chosen = f"{gathered}[1:{most}]" if most else gathered
    bare = f"list_transform({chosen}, lambda item: item[{width + 1}:])" if width else chosen
    return f"'[' || array_to_string({bare}, ',') || ']'"


def _json(members: dict[str, str]) -> str:
    """SQL: a JSON object of its first member and those others that are not null: concatenation passes over nulls, so that none need be
    taken out of the text afterwards."""
    first, *others = ((name, f"to_json({value})::VARCHAR") for name, value in members.items())
    parts = [f"""'{{"{first[0]}":', coalesce({first[1]}, 'null')""", *(f"""',"{name}":' || {value}""" for name, value in others)]
    return f"concat({', '.join(parts)}, '}}')"


def _open_and_recent(name: str, table: str, moment: str, item: dict[str, str]) -> str:
    """SQL for a section of open and other facts, the latest of each."""
    lists = [
        f"""',"{part}":' || {_listed(_MOMENT_WIDTH, LATEST, newest_first=True, where=condition)}"""
        for part, condition in (("open", "is_open"), ("recent", "NOT is_open"))
    ]
    return f"""
        SELECT customer_n, concat('{{"total_n":', count(*), {", ".join(lists)}, '}}') AS {name}
        FROM (SELECT customer_n, is_open, {_MOMENT.format(moment)} || {_json(item)} AS item FROM {table})
        GROUP BY customer_n"""


def _latest(name: str, table: str, moment: str, item: dict[str, str]) -> str:
    """SQL for a section of the latest facts."""
    return f"""
        SELECT customer_n,
               concat('{{"total_n":', count(*), ',"latest":', {_listed(_MOMENT_WIDTH, LATEST, newest_first=True)}, '}}') AS {name}
        FROM (SELECT customer_n, {_MOMENT.format(moment)} || {_json(item)} AS item FROM {table})
        GROUP BY customer_n"""


_IDENTITY = {
    "party_kind": "coalesce(party_kind, 'person')",
    "name": "CASE WHEN party_kind = 'organisation' THEN name ELSE mask_name(name) END",
    "gender": "gender",
    "age_band": "age_band(birth_on, $today::DATE)",
    "phone": "mask_phone(phone)",
    "email": "mask_email(email)",
    "province": "province",
    "city": "city",
    "district": "district",
    "company": "company",
    "uscc": "uscc",
    "customer_level": "customer_level",
    "record_n": "record_n",
    "source_n": "source_n",
    "confidence": "round(confidence, 6)",
    "first_seen_at": "iso(first_seen_at)",
    "last_seen_at": "iso(last_seen_at)",
}
_CONSENTS = {
    "marketing": "marketing_consent",
    "do_not_contact": "do_not_contact",
    "marketing_stated_at": "iso(consent_at)",
}
IDENTITY = f"""
    SELECT customer_n, customer_id,
           {_json(_IDENTITY)} AS identity,
           {_json(_CONSENTS)} AS consents,
           last_agent AS crm_agent
    FROM gold.customers {_PART}"""

# The value first: the list sorts by itself.
_PREFERENCE = {
    "kind": "kind",
    "value": "CASE kind WHEN 'delivery_note' THEN mask_text(value) ELSE value END",
    "purpose": "purpose",
    "source": "source",
    "stated_at": "iso(stated_at)",
}
PREFERENCE_LIST = f"""
    SELECT customer_n, {_listed(0, PREFERENCES)} AS preferences
    FROM (
        SELECT customer_n, {_json(_PREFERENCE)} AS item
        FROM (SELECT customer_n, kind, value, purpose, source, stated_at FROM gold.preferences {_PART}
              UNION ALL SELECT customer_n, kind, value, purpose, 'hub', NULL FROM mart.customer_tags {_PART}))
    GROUP BY customer_n"""

# Of another customer only the masked name is shown; an organisation's name is clear.
_RELATION = {
    "kind": "kind",
    "role": "nullif(role, '')",
    "customer_id": "CASE WHEN organisation_id IS NULL THEN other_id END",
    "organisation_id": "organisation_id",
    "name": "CASE WHEN organisation_id IS NULL THEN mask_name(other_name) ELSE organisation_name END",
    "uscc": "uscc",
    "evidence_n": "evidence_n",
    "since_at": "iso(since_at)",
    "until_at": "iso(until_at)",
}
RELATION_LIST = f"""
    SELECT customer_n, {_listed(0, RELATIONS)} AS relations
    FROM (
        SELECT customer_n, {_json(_RELATION)} AS item
        FROM (
            SELECT p.customer_n, r.kind, r.role, r.other_id, r.evidence_n, r.since_at, r.until_at
            FROM gold.relations r JOIN profile_part p ON p.customer_id = r.party_id
            UNION ALL
            SELECT p.customer_n, r.kind, r.role, r.party_id, r.evidence_n, r.since_at, r.until_at
            FROM gold.relations r JOIN profile_part p ON p.customer_id = r.other_id WHERE r.kind <> 'contact_of')
        LEFT JOIN (SELECT organisation_id, name AS organisation_name, uscc FROM gold.organisations) ON organisation_id = other_id
        LEFT JOIN (SELECT customer_id AS person_id, name AS other_name FROM gold.customers) ON person_id = other_id)
    GROUP BY customer_n"""

_ATTRIBUTE = {
    "attribute": "attribute",
    "value": "mask_text(value)",
    "source": "source",
}
ATTRIBUTE_LIST = f"""
    SELECT customer_n, {_listed(0)} AS attributes
    FROM (SELECT customer_n, {_json(_ATTRIBUTE)} AS item FROM gold.attributes {_PART} WHERE rank = 1)
    GROUP BY customer_n"""

_CONTACT = {
    "value": "CASE kind WHEN 'phone' THEN mask_phone(value) ELSE mask_email(value) END",
    "is_valid": "is_valid",
    "is_personal": "is_personal",
    "record_n": "record_n",
    "last_seen_at": "iso(last_seen_at)",
}
_PHONES = _listed(_RANK_WIDTH, where="kind = 'phone'")
_EMAILS = _listed(_RANK_WIDTH, where="kind = 'email'")
CONTACT_LISTS = f"""
    SELECT customer_n,
           CASE WHEN bool_or(kind = 'phone') THEN concat('{{"phones":', {_PHONES}, ',"emails":' || {_EMAILS}, '}}')
                ELSE concat('{{"emails":', {_EMAILS}, '}}') END AS contacts
    FROM (SELECT customer_n, kind, {_RANK} || {_json(_CONTACT)} AS item
          FROM gold.contacts {_PART} WHERE kind IN ('phone', 'email') AND rank <= {CONTACTS})
    GROUP BY customer_n"""

_IDENTIFIER = {
    "kind": "kind",
    "namespace": "space",
    "value": "CASE WHEN kind = 'id_number' THEN mask_id_number(bare) WHEN kind = 'uscc' THEN bare "
    "WHEN kind IN ('member', 'customer') THEN mask_key(bare, secrets) ELSE mask_hidden(bare) END",
    "is_valid": "is_valid",
    "last_seen_at": "iso(last_seen_at)",
}
IDENTIFIER_LIST = f"""
    SELECT customer_n, {_listed(_RANK_WIDTH)} AS identifiers
    FROM (
        SELECT customer_n, {_RANK} || {_json(_IDENTIFIER)} AS item
        FROM (
            SELECT *, CASE WHEN kind <> 'wechat_id' AND contains(value, ':') THEN split_part(value, ':', 1) END AS space,
                   CASE WHEN kind <> 'wechat_id' AND contains(value, ':') THEN value[1 + instr(value, ':') :] ELSE value END AS bare
            FROM gold.contacts {_PART} WHERE kind NOT IN ('phone', 'email') AND rank <= {CONTACTS})
        LEFT JOIN profile_secrets USING (customer_n))
    GROUP BY customer_n"""

_ADDRESS = {
    "is_place": "is_place",
    "province": "province",
    "city": "city",
    "district": "district",
    "record_n": "record_n",
    "last_seen_at": "iso(last_seen_at)",
}
ADDRESS_LIST = f"""
    SELECT customer_n, {_listed(_RANK_WIDTH)} AS addresses
    FROM (SELECT customer_n, {_RANK} || {_json(_ADDRESS)} AS item FROM gold.addresses {_PART} WHERE rank <= {CONTACTS})
    GROUP BY customer_n"""

_VALUE = {
    "tier": "tier",
    "tier_meaning": f"CASE tier {_TIERS} END",
    "order_n": "order_n",
    "gross_cny": "gross_cny",
    "refund_cny": "refund_cny",
    "net_cny": "net_cny",
    "average_basket_cny": "average_basket_cny",
    "return_n": "return_n",
    "first_order_on": "first_order_at::DATE",
    "last_order_on": "last_order_at::DATE",
    "recency_score": "r_score",
    "frequency_score": "f_score",
    "monetary_score": "m_score",
}
VALUE = f"""
    SELECT customer_n,
           {_json(_VALUE)} AS value
    FROM mart.customer_values {_PART}"""

ORDER_LIST = _latest("orders", "profile_part_orders", "ordered_at", {
    "role": "role",
    "order_no": "order_no",
    "platform": "platform",
    "shop": "shop",
    "status": "order_status",
    "ordered_at": "iso(ordered_at)",
    "amount_cny": "CASE role WHEN 'buyer' THEN amount_cny END",
    "line_n": "line_n",
    "returned": "returned",
})  # fmt: skip

SHIPMENT_LISTS = _open_and_recent("shipments", "profile_part_shipments", "shipped_at", {
    "role": "role",
    "order_no": "order_no",
    "carrier": "carrier",
    "waybills": "waybills",
    "status": "ship_status",
    "shipped_at": "iso(shipped_at)",
    "promised_at": "iso(promised_at)",
    "delivered_at": "iso(delivered_at)",
    "is_late": "is_late",
    "delay_days": "CASE WHEN delivered_at IS NOT NULL THEN delay_days END",
})  # fmt: skip

TICKET_LISTS = _open_and_recent("tickets", "profile_part_tickets", "created_at", {
    "ticket_no": "ticket_no",
    "order_no": "order_no",
    "subject": "subject",
    "channel": "channel",
    "category": "category",
    "priority": "priority",
    "status": "ticket_status",
    "agent": "agent",
    "created_at": "iso(created_at)",
    "resolved_at": "iso(resolved_at)",
    "satisfaction": "satisfaction",
})  # fmt: skip

INTERACTION_LIST = _latest("interactions", "profile_part_interactions", "happened_at", {
    "kind": "coalesce(kind, 'other')",
    "channel": "channel",
    "happened_at": "iso(happened_at)",
    "agent": "agent",
    "seconds": "seconds",
})  # fmt: skip

# Who served last: of tickets and interactions the newest, else whom the CRM names.
_SERVED = _MOMENT.format("happened_at") + " || " + _json({
    "agent": "agent",
    "via": "via",
    "at": "iso(happened_at)",
})
AGENT = f"""
    SELECT customer_n, max({_SERVED})[{_MOMENT_WIDTH + 1}:] AS served
    FROM (
        SELECT customer_n, agent, 'ticket' AS via, created_at AS happened_at FROM profile_part_tickets
        UNION ALL SELECT customer_n, agent, 'interaction', happened_at FROM profile_part_interactions)
    WHERE agent IS NOT NULL GROUP BY customer_n"""

# Begins with its time, so it sorts by itself.
_EVENT = {
    "at": "iso(happened_at)",
    "kind": "kind",
    "ref": "ref",
    "status": "status",
    "detail": "detail",
}
TIMELINE_LIST = f"""
    SELECT customer_n, {_listed(0, TIMELINE, newest_first=True)} AS timeline
    FROM (
        SELECT customer_n, {_json(_EVENT)} AS item
        FROM (
            SELECT customer_n, ordered_at AS happened_at, 'order' AS kind, order_no AS ref, order_status AS status,
                   coalesce(shop, platform) AS detail FROM profile_part_orders
            UNION ALL SELECT customer_n, shipped_at, 'shipment', waybills[1], ship_status, carrier FROM profile_part_shipments
            UNION ALL SELECT o.customer_n, r.returned_at, 'return', o.order_no, NULL, mask_text(r.reason)
            FROM std.returns r JOIN profile_part_orders o USING (order_id) WHERE r.link = 'linked' AND o.role = 'buyer'
            UNION ALL SELECT customer_n, created_at, 'ticket', ticket_no, ticket_status, category FROM profile_part_tickets
            UNION ALL SELECT customer_n, happened_at, 'interaction', NULL, kind, channel FROM profile_part_interactions)
        WHERE happened_at IS NOT NULL)
    GROUP BY customer_n"""

# By record: the fields it gave and the rule that decided each.
_DECIDED = """'"' || field || '":"' || rule || '"'"""
PROVENANCE_LIST = f"""
    WITH given AS (
        SELECT customer_n, record_id, source, file_id, line_n, event_at, {_gathered(_DECIDED)} AS fields
        FROM gold.provenance {_PART}
        GROUP BY customer_n, record_id, source, file_id, line_n, event_at)
    SELECT customer_n, {_listed(0)} AS provenance
    FROM (
        SELECT customer_n,
               concat('{{"source":', to_json(source)::VARCHAR, ',"record_id":', to_json(mask_key(record_id, secrets))::VARCHAR,
                      ',"file":' || to_json(file_name)::VARCHAR, ',"line":' || line_n,
                      ',"event_at":"' || iso(event_at) || '"', ',"fields":{{', array_to_string(fields, ','), '}}}}') AS item
        FROM given LEFT JOIN profile_secrets USING (customer_n) LEFT JOIN (SELECT file_id, file_name FROM raw.files) USING (file_id))
    GROUP BY customer_n"""

# Behind its field and rank, which sort it.
_LOST = "field || chr(32 + rank::INT) || " + _json({
    "field": "field",
    "value": MASKED,
    "lost_by": "rule",
    "source": "split_part(record_id, ':', 1)",
    "record_id": "mask_key(record_id, secrets)",
    "event_at": "iso(event_at)",
})
LOST_LIST = f"""
    SELECT customer_n, '[' || array_to_string(list_transform({_gathered("item")}[1:{LOST}],
           lambda item: item[instr(item, '{{') :]), ',') || ']' AS lost
    FROM (SELECT customer_n, {_LOST} AS item
          FROM gold.candidates {_PART} LEFT JOIN profile_secrets USING (customer_n) WHERE rank BETWEEN 2 AND {LOST_A_FIELD})
    GROUP BY customer_n"""

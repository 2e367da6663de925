"""`gold.preferences`: what a customer prefers or asks for, each with its purpose, its source and its age."""

from __future__ import annotations

import duckdb

from schemas.preferences import Preferences

_NEWEST = "arg_max({0}, (coalesce(event_at, '-infinity'::TIMESTAMP), -record_key))"


def decide_preferences(con: duckdb.DuckDBPyConnection, preferences: Preferences) -> None:
    """Fill gold.preferences for `golden_customers`: the channel and language that survived, who asks not to be contacted, tags, and the
    notes to the courier; of several records that say the same the newest stands for it."""
    con.execute(
        f"""INSERT INTO gold.preferences BY NAME
        WITH said AS (
            SELECT customer_n, 'channel' AS kind, value, record_key, event_at FROM golden_won_preferred_channel
            UNION ALL SELECT customer_n, 'language', value, record_key, event_at FROM golden_won_language
            UNION ALL SELECT customer_n, 'do_not_contact', 'true', record_key, event_at FROM golden_claims WHERE do_not_contact
            UNION ALL SELECT customer_n, 'tag', unnest(tags), record_key, event_at FROM golden_claims WHERE len(tags) > 0
            UNION ALL SELECT customer_n, 'delivery_note', delivery_note, record_key, event_at FROM golden_mentions
            WHERE delivery_note IS NOT NULL),
        newest AS (
            SELECT customer_n, kind, value, {_NEWEST.format("record_key")} AS record_key, max(event_at) AS stated_at
            FROM said GROUP BY customer_n, kind, value)
        SELECT customer_id, kind, value,
               coalesce(map($kinds, $purposes)[kind], map($tags, $tag_purposes)[value], $default) AS purpose, record_id, source, stated_at
        FROM newest
        JOIN golden_customers USING (customer_n)
        JOIN (SELECT record_key, record_id, voice_n FROM golden_mentions) USING (record_key)
        JOIN (SELECT voice_n, source FROM golden_voices) USING (voice_n)""",
        {
            "kinds": list(preferences.purposes), "purposes": list(preferences.purposes.values()), "tags": list(preferences.tags.of) or [""],
            "tag_purposes": list(preferences.tags.of.values()) or [None], "default": preferences.tags.default,
        },
    )  # fmt: skip

"""`cluster.*`: who is who, and how that came to be."""

from schemas.contract import FLOAT, INT, TEXT, TIME, col, table

MEMBERS = table(
    "cluster.members",
    "Which mention belongs to which customer, now.",
    "record_id",
    col("record_id", TEXT, "Mention."),
    col("customer_id", TEXT, "Customer.", "customer_id"),
    col("since_at", TIME, "Since when it belongs to this customer."),
)
FORMER_MEMBERS = table(
    "cluster.former_members",
    "Which mention belonged to which customer before, append-only.",
    ("record_id", "until_at"),
    col("record_id", TEXT, "Mention."),
    col("customer_id", TEXT, "Customer it belonged to.", "customer_id"),
    col("since_at", TIME, "From when."),
    col("until_at", TIME, "Until when: the time of the events that moved it (cluster.events)."),
)
CUSTOMERS = table(
    "cluster.customers",
    "Registry of customer ids ever given; ids persist over runs, merges and splits.",
    "customer_id",
    col("customer_id", TEXT, "`c` + 15 characters.", "customer_id"),
    col("status", TEXT, "active | merged (see merged_into) | gone (no records left)."),
    col("merged_into", TEXT, "Surviving id after a merge.", "customer_id"),
    col("origin_record_id", TEXT, "Least mention of the cluster that received the id; the id is made from it."),
    col("record_n", INT, "Mentions now."),
    col("confidence", FLOAT, "Probability of the weakest join that holds the cluster together; 1 for a single node."),
    col("created_seq", INT, "Stage transaction that gave the id."),
    col("created_at", TIME, "When."),
)
EVENTS = table(
    "cluster.events",
    "Every change of who is who, append-only.",
    ("seq", "event_n"),
    col("seq", INT, "Stage transaction."),
    col("event_n", INT, "Ordinal in it."),
    col("at", TIME, "When."),
    col("kind", TEXT, "created | merged | split | restored (an id that had merged, split off again) | gone."),
    col("customer_id", TEXT, "Customer the event is about.", "customer_id"),
    col("other_id", TEXT, "merged: surviving id; split, restored: id it was split from.", "customer_id"),
    col("cause", TEXT, "judgements (a steward's) | merges (a source's) | model (another one) | records (they came, went or changed)."),
)
TABLES = (MEMBERS, FORMER_MEMBERS, CUSTOMERS, EVENTS)

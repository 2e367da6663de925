"""`cluster.*`: who is who, and how that came to be."""

from schemas.contract import FLOAT, INT, TEXT, TIME, col, table

MEMBERS = table(
    "cluster.members",
    "Which mention belongs to which customer, now.",
    "record_id",
    col("record_id", TEXT, "Mention."),
    col("customer_id", TEXT, "Customer.", "customer_id"),
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
    col("kind", TEXT, "created | merged | split | gone."),
    col("customer_id", TEXT, "Customer the event is about.", "customer_id"),
    col("other_id", TEXT, "merged: surviving id; split: id it was split from.", "customer_id"),
)
TABLES = (MEMBERS, CUSTOMERS, EVENTS)

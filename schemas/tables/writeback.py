"""`writeback.*`: repairs proposed to the sources, what became of them, and how many duplicates each source still has."""

from schemas.contract import FLOAT, INT, TEXT, TIME, col, table

_WHAT = (  # an order is about, without its values
    col("kind", TEXT, "merge | correct | ask.", nullable=False),
    col("source", TEXT, "Source mapping of the row.", nullable=False),
    col("record_id", TEXT, "Row to change; of a merge the duplicate.", nullable=False),
    col("other_record_id", TEXT, "Row to merge it into."),
    col("field", TEXT, "Contract column of the value; null for a merge."),
)

CHANGE_ORDERS = table(
    "writeback.change_orders",
    "Repairs that the hub proposes now: rows of a source to merge, values to correct, invalid values to ask the customer for.",
    "order_id",
    col("order_id", TEXT, "16 hex digits, keyed, of kind, rows, field and target value: the same proposal keeps its id."),
    *_WHAT,
    col("reason", TEXT, "Why (`schemas/writeback.yaml`).", nullable=False),
    col("confidence", FLOAT, "How surely it is right, 0 to 1.", nullable=False),
    col("old_value", TEXT, "The value as sent.", "free_text"),
    col("new_value", TEXT, "The value it should be, in standard form.", "free_text"),
    col("customer_id", TEXT, "Customer.", "customer_id", nullable=False),
    col("tier", TEXT, "Tier of the customer by revenue: who is worth most comes first."),
)
STANDING = table(
    "writeback.standing",
    "What people decided of change orders and what came of it: a copy of the ledger's, made when a run begins.",
    "order_id",
    col("order_id", TEXT, "Change order."),
    *_WHAT,
    col("state", TEXT, "released | withdrawn | refused | open (exported) | done | void.", nullable=False),
    col("decided_seq", INT, "Stage transaction that found it done or void, while the ledger does not say so yet."),
)
PROGRESS = table(
    "writeback.progress",
    "Change orders by source, kind and state.",
    ("source", "kind"),
    col("source", TEXT, "Source mapping."),
    col("kind", TEXT, "merge | correct | ask."),
    col("proposed_n", INT, "Proposed and not decided."),
    col("released_n", INT, "Released, not exported yet."),
    col("open_n", INT, "Exported, not seen in the source yet."),
    col("done_n", INT, "Seen in the source."),
    col("refused_n", INT, "Refused by a steward."),
    col("void_n", INT, "No longer holds."),
)
SOURCE_DUPLICATES = table(
    "writeback.source_duplicates",
    "How many rows of a source repeat a customer, over time; one row whenever that changed.",
    ("source", "seq"),
    col("source", TEXT, "Source mapping."),
    col("seq", INT, "Stage transaction that counted."),
    col("at", TIME, "When."),
    col("row_n", INT, "Rows, those merged left out."),
    col("customer_n", INT, "Customers they are of."),
    col("duplicate_rate", FLOAT, "1 - customer_n / row_n."),
)
TABLES = (CHANGE_ORDERS, STANDING, PROGRESS, SOURCE_DUPLICATES)

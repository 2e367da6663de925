"""`mart.*`: the 360° profile, as tables for analysts and as one document a customer for serving."""

from schemas.contract import BOOL, FLOAT, INT, JSON, MONEY, NODE, TEXT, TEXTS, TIME, Column, col, table


def _value_columns(party: str) -> tuple[Column, ...]:
    """What a party is worth; shares, scores and tiers are among parties of its kind."""
    return (
        col("order_n", INT, "Orders that count (not closed or refunded)."),
        col("gross_cny", MONEY, "Lifetime value before returns."),
        col("refund_cny", MONEY, "Refunds known."),
        col("net_cny", MONEY, "Lifetime value after returns."),
        col("average_basket_cny", MONEY, "gross_cny / order_n."),
        col("return_n", INT, "Returns that are linked."),
        col("first_order_at", TIME, "First order."),
        col("last_order_at", TIME, "Last order."),
        col("recency_days", INT, f"Days from the last order to the newest order of any {party}."),
        col("r_score", INT, "Recency quintile, 5 best."),
        col("f_score", INT, "Frequency quintile, 5 best."),
        col("m_score", INT, "Money quintile, 5 best."),
        col("revenue_share", FLOAT, f"Share of the net revenue of all {party}s."),
        col("tier", TEXT, f"A: the {party}s who together make the first 80 % of that revenue; B: the next 15 %; C: the rest."),
    )


CUSTOMER_VALUES = table(
    "mart.customer_values",
    "Order statistics and value of each customer with orders.",
    "customer_id",
    col("customer_id", TEXT, "Customer.", "customer_id"),
    *_value_columns("customer"),
)
ORGANISATION_VALUES = table(
    "mart.organisation_values",
    "Order statistics and value of each organisation: orders whose buyer names it.",
    "organisation_id",
    col("organisation_id", TEXT, "Organisation."),
    *_value_columns("organisation"),
)
CUSTOMER_TAGS = table(
    "mart.customer_tags",
    "Tags and service needs that the hub works out (schemas/preferences.yaml), as of the day of the run.",
    ("customer_id", "kind", "value"),
    col("customer_id", TEXT, "Customer.", "customer_id"),
    col("kind", TEXT, "tag | service_need."),
    col("value", TEXT, "The tag.", "tag"),
    col("purpose", TEXT, "What it may be used for."),
)
ORDERS = table(
    "mart.orders",
    "Orders with their customer.",
    "order_id",
    col("order_id", TEXT, "Order."),
    col("customer_id", TEXT, "Buyer; the recipient when no buyer is known.", "customer_id"),
    col("recipient_customer_id", TEXT, "Recipient.", "customer_id"),
    col("order_no", TEXT, "Order number.", "order_no"),
    col("platform", TEXT, "Platform."),
    col("shop", TEXT, "Shop."),
    col("order_status", TEXT, "Status."),
    col("ordered_at", TIME, "Ordered."),
    col("amount_cny", MONEY, "Amount."),
    col("line_n", INT, "Lines."),
    col("returned", BOOL, "A return is linked."),
)
SHIPMENTS = table(
    "mart.shipments",
    "Shipments with their customer.",
    "shipment_id",
    col("shipment_id", TEXT, "Shipment."),
    col("customer_id", TEXT, "Recipient; the buyer of the order when the recipient is not known.", "customer_id"),
    col("order_id", TEXT, "Order."),
    col("link", TEXT, "linked | ambiguous | orphan."),
    col("carrier", TEXT, "Carrier."),
    col("waybills", TEXTS, "Waybills.", "waybill"),
    col("ship_status", TEXT, "Status."),
    col("shipped_at", TIME, "Shipped."),
    col("promised_at", TIME, "Promised."),
    col("delivered_at", TIME, "Delivered."),
    col("is_late", BOOL, "Delivered late, or open and beyond its promise."),
    col("delay_days", FLOAT, "Days after the promise, 0 when in time; open ones up to the newest shipment event of the hub."),
)
TICKETS = table(
    "mart.tickets",
    "Tickets with their customer.",
    "ticket_id",
    col("ticket_id", TEXT, "Ticket."),
    col("customer_id", TEXT, "Requester; the buyer of the order when the requester is not known.", "customer_id"),
    col("ticket_no", TEXT, "Ticket number.", "ticket_no"),
    col("order_id", TEXT, "Order."),
    col("channel", TEXT, "Channel."),
    col("category", TEXT, "Category."),
    col("priority", TEXT, "Priority."),
    col("ticket_status", TEXT, "Status."),
    col("agent", TEXT, "Agent."),
    col("created_at", TIME, "Opened."),
    col("resolved_at", TIME, "Resolved."),
    col("satisfaction", FLOAT, "1..5."),
)
PROFILES = table(
    "mart.profiles",
    "The 360° document of each customer as served: masked, one JSON.",
    "customer_id",
    col("customer_id", TEXT, "Customer.", "customer_id"),
    col("document", JSON, "Masked profile (`schemas/profile.py`).", "profile"),
    col("document_hash", NODE, "64-bit hash of the document; only compared between states of it.", nullable=False),
)
LOOKUPS = table(
    "mart.lookups",
    "What a customer can be found by: clear normalised value here, keyed token when published.",
    ("kind", "value", "customer_id"),
    col("kind", TEXT, "phone | email | order | waybill | ticket | member | id_number | wechat | customer (a former id of another system)."),
    col("value", TEXT, "Standardised value without namespace.", "identifier"),
    col("customer_id", TEXT, "Customer.", "customer_id"),
)
SECTION_AGES = table(
    "mart.section_ages",
    "How fresh each section is: the newest event time the hub has of its inputs.",
    "section",
    col("section", TEXT, "customers | orders | shipments | tickets | members | interactions."),
    col("as_of", TIME, "Newest event time."),
    col("loaded_at", TIME, "When the newest file of it was read."),
)
TABLES = (CUSTOMER_VALUES, CUSTOMER_TAGS, ORGANISATION_VALUES, ORDERS, SHIPMENTS, TICKETS, PROFILES, LOOKUPS, SECTION_AGES)

"""`raw.*`: the current state of every source row, typed, as sent, plus where it came from. One table a canonical input.

Every raw table starts with the lineage columns. `row_id` = `<source>:<native key>`; a nested row (order line, parcel,
message) carries the `row_id` of the source row it came in with and its own ordinal.
References between inputs are namespaced (`<namespace>:<key>`) by the source mapping.
"""

from schemas.contract import BOOL, DATE, FLOAT, INT, JSON, MONEY, TEXT, TEXTS, TIME, Column, Table, col, table

LINEAGE = (
    col("row_id", TEXT, "`<source>:<native key>` of the source row."),
    col("source", TEXT, "Name of the source mapping.", nullable=False),
    col("file_id", TEXT, "File that brought the current state of the row (`raw.files`).", nullable=False),
    col("line_n", INT, "Line (text formats) or row number (Parquet, XLSX) in that file, 1-based.", nullable=False),
)
ORDINAL = col("item_n", INT, "Ordinal of the nested item in its source row, 0-based; 0 in flat files.")
PLACE = (
    col("province", TEXT, "Province as sent.", "region"),
    col("city", TEXT, "City as sent.", "region"),
    col("district", TEXT, "District or county as sent.", "region"),
    col("address", TEXT, "Address as sent, with or without region.", "address"),
)


def _recipient() -> tuple[Column, ...]:
    return (
        col("recipient_name", TEXT, "Recipient as sent, possibly masked or with a courier note.", "name"),
        col("recipient_phone", TEXT, "Recipient's phone as sent, possibly masked or a relay number.", "phone"),
        col("recipient_province", TEXT, "Province as sent.", "region"),
        col("recipient_city", TEXT, "City as sent.", "region"),
        col("recipient_district", TEXT, "District as sent.", "region"),
        col("recipient_address", TEXT, "Address as sent.", "address"),
    )


FILES = table(
    "raw.files",
    "Manifest: one row a landing file the hub has looked at. rows_read_n = loaded + unchanged + superseded + suppressed + quarantined.",
    "file_id",
    col("file_id", TEXT, "First 16 hex digits of SHA-256 over source name and content."),
    col("source", TEXT, "Source mapping that claimed the file."),
    col("entity", TEXT, "Canonical input of that mapping."),
    col("file_name", TEXT, "Path below the landing folder."),
    col("sha256", TEXT, "SHA-256 of the bytes as sent."),
    col("size_bytes", INT, "Size in bytes as sent."),
    col("file_modified_at", TIME, "Modification time when read."),
    col("loaded_at", TIME, "When the hub read it."),
    col("outcome", TEXT, "loaded | set_aside (not readable as a whole)."),
    col("reason", TEXT, "Reason code when set aside."),
    col("message", TEXT, "What is wrong, where, and what to do; never a personal value."),
    col("rows_read_n", INT, "Source rows in the file."),
    col("rows_loaded_n", INT, "Rows that are new or changed."),
    col("rows_unchanged_n", INT, "Rows equal to the current state."),
    col("rows_superseded_n", INT, "Rows older than the current state, or repeated in the file."),
    col("rows_suppressed_n", INT, "Rows of erased persons."),
    col("rows_quarantined_n", INT, "Rows set aside."),
    col("rows_withdrawn_n", INT, "Rows of the source that a full snapshot no longer holds (not part of rows read)."),
    col("seconds", FLOAT, "Time taken."),
)

QUARANTINE = table(
    "raw.quarantine",
    "Index of quarantined rows; the rows themselves lie in `quarantine/` as they were sent.",
    ("file_id", "line_n"),
    col("file_id", TEXT, "File."),
    col("line_n", INT, "First line or row number of the row, 1-based."),
    col("source", TEXT, "Source mapping."),
    col("file_name", TEXT, "Path below the landing folder."),
    col("reason", TEXT, "Reason code (`schemas/reasons.yaml`)."),
    col("column_name", TEXT, "Column header at fault, when one is."),
    col("column_n", INT, "Column number, 1-based, when one is at fault."),
    col("message", TEXT, "What, where, why and what to do; never a personal value."),
)

READINGS = table(
    "raw.readings",
    "Under which mapping each file was read last; when its mapping changes, a file that still lies in landing/ is read again.",
    "file_id",
    col("file_id", TEXT, "File."),
    col("mapping_id", TEXT, "Fingerprint of the mapping.", nullable=False),
)

SUPERSEDED = table(
    "raw.superseded",
    "Rows that were stored before a later line of their file turned out to count instead; empty except while files are read.",
    ("file_id", "line_n"),
    *LINEAGE[1:],
)

JUDGEMENTS = table(
    "raw.judgements",
    "What stewards judged of pairs of mentions, as far as it is in force: a copy of the ledger's, made when a run begins.",
    ("record_a", "record_b"),
    col("record_a", TEXT, "Lesser mention."),
    col("record_b", TEXT, "Greater mention."),
    col("verdict", TEXT, "same | different.", nullable=False),
    col("judgement_id", INT, "Number of the judgement in the ledger; the greater the newer.", nullable=False),
)

OVERRIDES = table(
    "raw.overrides",
    "Values that stewards entered, as far as they are in force: a copy of the ledger's, opened, made when a run begins.",
    "override_id",
    col("override_id", INT, "Number in the ledger; the greater the newer."),
    col("record_id", TEXT, "Mention it was entered for: it holds for the customer who has it.", nullable=False),
    col("field", TEXT, "Field of the survivorship policy; `attribute:<name>` for a custom attribute.", nullable=False),
    col("value", TEXT, "Standardised value.", "candidate"),
    col("entered_at", TIME, "When.", nullable=False),
)

ROWS = table(
    "raw.rows",
    "Registry of current source rows, all inputs together.",
    "row_id",
    *LINEAGE,
    col("entity", TEXT, "Canonical input."),
    col("row_hash", TEXT, "Hash over the mapped values; only compared between states of the same row."),
    col("version_at", TIME, "The row's own time of change when the source has one, else the file's modification time."),
)

CUSTOMERS = table(
    "raw.customers",
    "CRM customers.",
    "row_id",
    *LINEAGE,
    col("customer_key", TEXT, "Native key.", "record_key"),
    col("party_kind", TEXT, "person | organisation, where the source says."),
    col("name", TEXT, "Name as sent.", "name"),
    col("former_name", TEXT, "Former name.", "name"),
    col("gender", TEXT, "male | female | other.", "gender"),
    col("birth_on", DATE, "Date of birth.", "birth_date"),
    col("phone", TEXT, "First phone as sent.", "phone"),
    col("phone_alt", TEXT, "Second phone as sent.", "phone"),
    col("email", TEXT, "E-mail as sent.", "email"),
    col("wechat_id", TEXT, "WeChat id (微信号).", "social_id"),
    col("wechat_openid", TEXT, "`<app>:<openid>`.", "social_id"),
    col("wechat_unionid", TEXT, "`<open platform account>:<unionid>`.", "social_id"),
    col("id_type", TEXT, "resident | hk_macau_permit | taiwan_permit | foreigner_permit | passport.", "id_type"),
    col("id_number", TEXT, "Document number as sent.", "id_number"),
    *PLACE,
    col("postcode", TEXT, "Postcode.", "region"),
    col("company", TEXT, "Company named on the record.", "organisation"),
    col("uscc", TEXT, "Unified social credit code.", "organisation"),
    col("customer_level", TEXT, "Level given by the CRM."),
    col("preferred_channel", TEXT, "phone | sms | email | wechat | app.", "preference"),
    col("language", TEXT, "BCP 47 tag.", "preference"),
    col("marketing_consent", BOOL, "Consent to marketing.", "consent"),
    col("consent_at", TIME, "When consent was given or withdrawn.", "consent"),
    col("do_not_contact", BOOL, "Asked not to be contacted.", "consent"),
    col("tags", TEXTS, "Tags of the source.", "tag"),
    col("remark", TEXT, "Free text.", "free_text"),
    col("last_agent", TEXT, "Agent who last served."),
    col("verified", TEXTS, "Fields whose values the source has verified: name | phone | email | id_number | birth_on."),
    col("status", TEXT, "active | closed | merged."),
    col("created_at", TIME, "Created in the source."),
    col("updated_at", TIME, "Changed in the source."),
    col("attributes", JSON, "Extra attributes carried along by the mapping.", "attribute"),
)

MEMBERS = table(
    "raw.members",
    "Loyalty accounts.",
    "row_id",
    *LINEAGE,
    col("member_no", TEXT, "Member number.", "record_key"),
    col("customer_ref", TEXT, "`<source>:<customer key>` when the programme knows the CRM key.", "record_key"),
    col("name", TEXT, "Name as sent.", "name"),
    col("gender", TEXT, "male | female | other.", "gender"),
    col("birth_on", DATE, "Date of birth.", "birth_date"),
    col("phone", TEXT, "Phone as sent.", "phone"),
    col("email", TEXT, "E-mail as sent.", "email"),
    col("wechat_openid", TEXT, "`<app>:<openid>`.", "social_id"),
    col("wechat_unionid", TEXT, "`<open platform account>:<unionid>`.", "social_id"),
    col("level", TEXT, "Member level."),
    col("points", INT, "Points balance."),
    col("verified", TEXTS, "Fields whose values the programme has verified: name | phone | email | id_number | birth_on."),
    col("status", TEXT, "active | closed | merged."),
    col("joined_at", TIME, "Joined."),
    col("updated_at", TIME, "Changed in the source."),
    col("attributes", JSON, "Extra attributes.", "attribute"),
)

ORDERS = table(
    "raw.orders",
    "Order headers; several source rows may repeat one header (flat files), `std.orders` joins them.",
    "row_id",
    *LINEAGE,
    col("order_key", TEXT, "Native key of the order within the source (one or several columns joined by `/`)."),
    col("order_no", TEXT, "Order number people quote.", "order_no"),
    col("platform", TEXT, "Platform (tmall, jd, wechat, own …)."),
    col("shop", TEXT, "Shop on the platform."),
    col("order_status", TEXT, "created | paid | shipped | completed | closed | refunded | other."),
    col("ordered_at", TIME, "Ordered."),
    col("paid_at", TIME, "Paid."),
    col("closed_at", TIME, "Closed."),
    col("customer_ref", TEXT, "`<source>:<customer key>` of the buyer in the CRM.", "record_key"),
    col("member_ref", TEXT, "`<source>:<member no>` of the buyer.", "record_key"),
    col("buyer_account", TEXT, "`<platform>:<account>` of the buyer.", "account"),
    col("buyer_kind", TEXT, "person | organisation | person_for_organisation."),
    col("buyer_name", TEXT, "Buyer as sent.", "name"),
    col("buyer_phone", TEXT, "Buyer's phone as sent.", "phone"),
    col("buyer_email", TEXT, "Buyer's e-mail as sent.", "email"),
    *(col(f"buyer_{c.name}", c.type, c.doc.replace("as sent", "of the buyer as sent"), c.field_class) for c in PLACE),
    col("buyer_openid", TEXT, "`<app>:<openid>`.", "social_id"),
    col("buyer_unionid", TEXT, "`<open platform account>:<unionid>`.", "social_id"),
    *_recipient(),
    col("invoice_title", TEXT, "Invoice title 发票抬头.", "organisation"),
    col("invoice_uscc", TEXT, "USCC on the invoice.", "organisation"),
    col("amount_cny", MONEY, "Amount paid; null when the source gives it by line only."),
    col("shipping_cny", MONEY, "Shipping fee."),
    col("discount_cny", MONEY, "Discount."),
    col("ship_mode", TEXT, "Shipping mode."),
    col("remark", TEXT, "Buyer's note.", "free_text"),
    col("updated_at", TIME, "Changed in the source."),
    col("attributes", JSON, "Extra attributes.", "attribute"),
)

ORDER_LINES = table(
    "raw.order_lines",
    "Order lines.",
    ("row_id", "item_n"),
    *LINEAGE,
    ORDINAL,
    col("order_key", TEXT, "Native key of the order."),
    col("line_key", TEXT, "Native key of the line."),
    col("product_id", TEXT, "Product id."),
    col("product_name", TEXT, "Product name.", "purchase"),
    col("category", TEXT, "Category.", "purchase"),
    col("subcategory", TEXT, "Sub-category.", "purchase"),
    col("quantity", FLOAT, "Quantity."),
    col("unit_price_cny", MONEY, "Unit price."),
    col("amount_cny", MONEY, "Line amount."),
    col("discount_rate", FLOAT, "Discount rate 0..1."),
    col("attributes", JSON, "Extra attributes.", "attribute"),
)

RETURNS = table(
    "raw.returns",
    "Returns and refunds.",
    "row_id",
    *LINEAGE,
    col("return_key", TEXT, "Native key."),
    col("order_ref", TEXT, "`<order source>:<order number>`.", "order_no"),
    col("line_key", TEXT, "Order line, when known."),
    col("returned_at", TIME, "Returned."),
    col("refund_cny", MONEY, "Refund; null when the source does not say."),
    col("reason", TEXT, "Reason.", "purchase"),
    col("attributes", JSON, "Extra attributes.", "attribute"),
)

SHIPMENTS = table(
    "raw.shipments",
    "Shipments; several source rows may repeat one shipment (flat files).",
    "row_id",
    *LINEAGE,
    col("shipment_key", TEXT, "Native key of the shipment."),
    col("order_ref", TEXT, "`<order source>:<order number>`.", "order_no"),
    *_recipient(),
    col("ship_status", TEXT, "created | in_transit | delivered | returned | lost | other."),
    col("shipped_at", TIME, "Shipped."),
    col("promised_at", TIME, "Promised delivery."),
    col("delivered_at", TIME, "Delivered."),
    col("is_late", BOOL, "Late, where the source says so itself."),
    col("amount_cny", MONEY, "Declared value."),
    col("updated_at", TIME, "Changed in the source."),
    col("attributes", JSON, "Extra attributes.", "attribute"),
)

PARCELS = table(
    "raw.parcels",
    "Parcels: a waybill is carrier + number, several to a shipment.",
    ("row_id", "item_n"),
    *LINEAGE,
    ORDINAL,
    col("shipment_key", TEXT, "Native key of the shipment."),
    col("carrier", TEXT, "Carrier."),
    col("waybill", TEXT, "Waybill number.", "waybill"),
)

SHIPMENT_EVENTS = table(
    "raw.shipment_events",
    "Status events of shipments.",
    ("row_id", "item_n"),
    *LINEAGE,
    ORDINAL,
    col("shipment_key", TEXT, "Native key of the shipment."),
    col("waybill", TEXT, "Waybill number, when the event is of one parcel.", "waybill"),
    col("event_at", TIME, "When."),
    col("status", TEXT, "Status as sent."),
    col("location", TEXT, "Where.", "region"),
)

TICKETS = table(
    "raw.tickets",
    "Service tickets.",
    "row_id",
    *LINEAGE,
    col("ticket_key", TEXT, "Ticket number.", "ticket_no"),
    col("order_ref", TEXT, "`<order source>:<order number>`.", "order_no"),
    col("customer_ref", TEXT, "`<source>:<customer key>`.", "record_key"),
    col("requester_name", TEXT, "Requester as sent.", "name"),
    col("requester_phone", TEXT, "Phone as sent.", "phone"),
    col("requester_email", TEXT, "E-mail as sent.", "email"),
    col("requester_openid", TEXT, "`<app>:<openid>`.", "social_id"),
    col("requester_gender", TEXT, "male | female | other.", "gender"),
    col("channel", TEXT, "phone | email | chat | social | app | other."),
    col("category", TEXT, "Category as sent."),
    col("subject", TEXT, "Subject.", "free_text"),
    col("description", TEXT, "Description.", "free_text"),
    col("priority", TEXT, "low | normal | high | critical."),
    col("ticket_status", TEXT, "open | pending | closed."),
    col("resolution", TEXT, "Resolution.", "free_text"),
    col("agent", TEXT, "Agent in charge."),
    col("created_at", TIME, "Opened."),
    col("first_response_at", TIME, "First response."),
    col("resolved_at", TIME, "Resolved."),
    col("satisfaction", FLOAT, "1..5."),
    col("updated_at", TIME, "Changed in the source."),
    col("attributes", JSON, "Extra attributes.", "attribute"),
)

TICKET_MESSAGES = table(
    "raw.ticket_messages",
    "Messages of tickets.",
    ("row_id", "item_n"),
    *LINEAGE,
    ORDINAL,
    col("ticket_key", TEXT, "Ticket number.", "ticket_no"),
    col("sent_at", TIME, "Sent."),
    col("author", TEXT, "customer | agent | system."),
    col("body", TEXT, "Text.", "free_text"),
)

INTERACTIONS = table(
    "raw.interactions",
    "Calls and chats.",
    "row_id",
    *LINEAGE,
    col("interaction_key", TEXT, "Native key."),
    col("kind", TEXT, "call | chat | visit | other."),
    col("channel", TEXT, "phone | chat | wechat | app | shop | other."),
    col("happened_at", TIME, "When."),
    col("customer_ref", TEXT, "`<source>:<customer key>`.", "record_key"),
    col("order_ref", TEXT, "`<order source>:<order number>`.", "order_no"),
    col("ticket_ref", TEXT, "`<ticket source>:<ticket number>`.", "ticket_no"),
    col("caller_name", TEXT, "Name as sent.", "name"),
    col("caller_phone", TEXT, "Phone as sent.", "phone"),
    col("caller_email", TEXT, "E-mail as sent.", "email"),
    col("caller_openid", TEXT, "`<app>:<openid>`.", "social_id"),
    col("agent", TEXT, "Agent."),
    col("seconds", FLOAT, "Duration in seconds."),
    col("summary", TEXT, "Summary.", "free_text"),
    col("attributes", JSON, "Extra attributes.", "attribute"),
)

# entity of a source mapping -> its header table and the tables of its nested parts
MERGES = table(
    "raw.merges",
    "What a source merged before the hub was there: pairs of its own records that it says are one.",
    "row_id",
    *LINEAGE,
    col("merge_key", TEXT, "Native key of the merge."),
    col("surviving_ref", TEXT, "`<source>:<key>` of the record that was kept.", "record_key"),
    col("merged_ref", TEXT, "`<source>:<key>` of the record that went into it.", "record_key"),
    col("merged_at", TIME, "When it was merged; of merges that cannot all hold the oldest do."),
    col("reason", TEXT, "Why, as the source says.", "free_text"),
)

GOLDEN_IDS = table(
    "raw.golden_ids",
    "Ids that another system gave to customers before the hub was there, and the records it gave them to.",
    "row_id",
    *LINEAGE,
    col("golden_key", TEXT, "Native key of the row."),
    col("golden_id", TEXT, "The former id.", "customer_id"),
    col("record_ref", TEXT, "`<source>:<key>` of a record it stood for.", "record_key"),
)

ENTITIES: dict[str, tuple[Table, dict[str, Table]]] = {
    "customers": (CUSTOMERS, {}),
    "members": (MEMBERS, {}),
    "orders": (ORDERS, {"lines": ORDER_LINES}),
    "returns": (RETURNS, {}),
    "shipments": (SHIPMENTS, {"parcels": PARCELS, "events": SHIPMENT_EVENTS}),
    "tickets": (TICKETS, {"messages": TICKET_MESSAGES}),
    "interactions": (INTERACTIONS, {}),
    "merges": (MERGES, {}),
    "golden_ids": (GOLDEN_IDS, {}),
}
_INPUTS = (t for header, parts in ENTITIES.values() for t in (header, *parts.values()))
TABLES = (FILES, READINGS, QUARANTINE, SUPERSEDED, JUDGEMENTS, OVERRIDES, ROWS, *_INPUTS)

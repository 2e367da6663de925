"""Roles: which rows name a party, and which of their columns say what about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """What a mention of this role takes from the rows `r`: SQL by column; a column left out is null."""

    name: str
    entity: str
    rows: str
    columns: dict[str, str]
    is_always_made: bool = False
    names_order: bool = False

    def of(self, column: str) -> str:
        return self.columns.get(column, "NULL::VARCHAR")


def _same(*names: str, prefix: str = "") -> dict[str, str]:
    return {name: f"r.{prefix}{name}" for name in names}


def _note(text: str) -> str:
    """SQL: where to leave a parcel, as far as `text` says so."""
    return f"nullif(regexp_extract({text}, '(?:放|请放|请送|送到|送至|勿放)[^)）\\]】,，。;；|/]{{1,14}}'), '')"


# A name of up to four characters has no room for a note: most are not looked at.
NOTE_BEHIND_NAME = f"CASE WHEN length(r.recipient_name) > 4 THEN {_note('substr(r.recipient_name, 3)')} END"
REGION = ("province", "city", "district", "address")
ROLES = (
    Role(
        "crm_customer", "customers", "rows_customers",
        {"record_id": "r.row_id", "declared": "r.party_kind", "self_customer": "r.source || ':' || r.customer_key",
         "name": "coalesce(r.name, CASE WHEN r.party_kind = 'organisation' THEN r.company END)",
         "unionid": "r.wechat_unionid", "openid": "r.wechat_openid",
         **_same("former_name", "gender", "birth_on", "phone", "phone_alt", "email", "wechat_id", "id_type", "id_number"),
         **_same("company", "uscc", *REGION)},
        is_always_made=True,
    ),
    Role(
        "member", "members", "rows_members",
        {"record_id": "r.row_id", "self_member": "r.source || ':' || r.member_no",
         "unionid": "r.wechat_unionid", "openid": "r.wechat_openid",
         **_same("name", "gender", "birth_on", "phone", "email", "customer_ref")},
        is_always_made=True,
    ),
    Role(
        "buyer", "orders", "headers_orders",
        {"record_id": "r.fact_id || '#buyer'", "order_id": "r.fact_id", "declared": "r.buyer_kind", "account": "r.buyer_account",
         "name": "coalesce(r.buyer_name, CASE WHEN r.buyer_kind = 'organisation' THEN r.invoice_title END)", "title": "r.invoice_title",
         "uscc": "r.invoice_uscc", **_same("phone", "email", "openid", "unionid", *REGION, prefix="buyer_"),
         **_same("customer_ref", "member_ref")},
    ),
    Role(
        "recipient", "orders", "headers_orders",
        {"record_id": "r.fact_id || '#recipient'", "order_id": "r.fact_id",
         "delivery_note": f"coalesce({NOTE_BEHIND_NAME}, {_note('r.remark')})",
         **_same("name", "phone", *REGION, prefix="recipient_")},
    ),
    Role(
        "shipment_recipient", "shipments", "headers_shipments",
        {"record_id": "r.fact_id || '#recipient'", "order_id": "k.order_id", "delivery_note": NOTE_BEHIND_NAME,
         **_same("name", "phone", *REGION, prefix="recipient_")},
        names_order=True,
    ),
    Role(
        "requester", "tickets", "rows_tickets",
        {"record_id": "r.row_id", "order_id": "k.order_id", **_same("name", "phone", "email", "openid", "gender", prefix="requester_"),
         **_same("customer_ref")},
        names_order=True,
    ),
    Role(
        "caller", "interactions", "rows_interactions",
        {"record_id": "r.row_id", "order_id": "k.order_id", **_same("name", "phone", "email", "openid", prefix="caller_"),
         **_same("customer_ref")},
        names_order=True,
    ),
)  # fmt: skip

"""The standard form of one value, as the standardise stage writes it. Light: an API worker imports it.

| kind | standard form, where it stands |
| --- | --- |
| phone | `std.mentions.phone_norm`, `std.identifiers` kind phone |
| email | `std.mentions.email_norm`, kind email |
| id_number | `std.mentions.id_number_norm`; kind id_number holds it behind `<id_type>:` |
| wechat | kind wechat_id; an openid or unionid as it is |
| order, waybill, ticket | `std.orders.order_no`, `std.shipments.waybills`, `std.tickets.ticket_no` |
| member, customer | the key as sent without blanks around it; `std.identifiers` holds it behind `<source>:` |
"""

from __future__ import annotations

from collections.abc import Callable

from pipelines.standardise import documents, emails, phones
from pipelines.standardise.keys import normal_key, normal_wechat, trimmed

_FORMS: dict[str, Callable[[str], str | None]] = {
    "phone": phones.normalise,
    "email": emails.normalise,
    "id_number": documents.normalise,
    "wechat": normal_wechat,
    "order": normal_key,
    "waybill": normal_key,
    "ticket": normal_key,
    "member": trimmed,
    "customer": trimmed,
}
KINDS = tuple(_FORMS)


def normalise_identifier(kind: str, value: str) -> str | None:
    """`value` in the form the hub stores it; None when it cannot be a value of that kind.

    >>> normalise_identifier("phone", "+86 138-1234-5679")
    '13812345679'

    Raises:
        KeyError: `kind` is none of `KINDS`.
    """
    return _FORMS[kind](value)

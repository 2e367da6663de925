"""Identifiers: every number, address and account a mention carries, one a row, with what it is good for.

What the mention itself holds (its best phone, its valid e-mail, document, code) is read from there; the rest (second phones, broken and
masked values, WeChat ids, a record's own key) from the rows.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from pipelines.standardise.emails import NOBODYS
from pipelines.standardise.keys import WECHAT_ID, normal_wechat_sql, trim_sql
from pipelines.standardise.roles import Role

# a relay reaches one order, a service line everybody; a landline says something of a person, nothing of a company's staff
_PERSONAL_PHONE = """(phone_kind IN ('mobile', 'foreign')
    OR (phone_kind = 'landline' AND left(phone_norm, 1) = '0' AND party_kind = 'person'))"""
_OF_MENTIONS = (
    # kind, value, is_masked, is_personal; valid by construction
    ("phone", "phone_norm", "phone_kind = 'masked'", _PERSONAL_PHONE),
    ("email", "email_norm", "false", f"NOT regexp_full_match(email_norm, '{NOBODYS}')"),
    ("id_number", "id_type || ':' || id_number_norm", "false", "true"),
    ("account", "account", "false", "true"),
    ("unionid", "unionid", "false", "true"),
    ("openid", "openid", "false", "true"),
    ("customer", "customer_ref", "false", "true"),
    ("member", "member_ref", "false", "true"),
    ("uscc", "uscc", "false", "party_kind = 'organisation'"),
)


def insert_identifiers(con: duckdb.DuckDBPyConnection, roles: list[Role], kinds: Collection[str], mentions: str, into: str) -> None:
    """Insert the identifiers of the mentions in the table `mentions` into the table `into`; `kinds` as in `insert_mentions`."""
    parts = [
        f"SELECT record_id, '{kind}', {value}, true, {is_masked}, {is_personal} FROM {mentions} WHERE {value} IS NOT NULL"
        for kind, value, is_masked, is_personal in _OF_MENTIONS
    ]
    beside = " UNION ALL ".join(part for role in roles for part in _beside_mention(role, kinds))
    if beside:
        parts.append(
            f"""SELECT i.record_id, i.kind, i.value, i.is_valid, i.is_masked,
                i.is_personal AND NOT (i.kind = 'phone' AND left(i.value, 1) = '0' AND m.party_kind = 'organisation')
            FROM (SELECT DISTINCT * FROM ({beside})) i JOIN {mentions} m USING (record_id)
            WHERE i.kind <> 'phone' OR i.value IS DISTINCT FROM m.phone_norm"""
        )
    # one statement: the few rows of each kind would leave row groups for one thread to compress at commit
    con.execute(f"INSERT INTO {into} {' UNION ALL '.join(parts)}")


def _beside_mention(role: Role, kinds: Collection[str]) -> list[str]:
    """`SELECT record_id, kind, value, is_valid, is_masked, is_personal` of what the rows of a role say beyond their mentions."""
    value = role.columns
    parts = []
    for column, (kind, table, more) in _LOOKED_UP.items():
        if column in value and table in kinds:
            more = f"{more} OR r.phone_alt IS NOT NULL" if column == "phone" and "phone_alt" in value else more
            parts.append(_part(role, kind, _VALUE[kind], _FLAGS[kind], f"JOIN value_{table} x ON x.raw = {value[column]} WHERE {more}"))
    if "account" in value:
        account = trim_sql(value["account"])
        parts.append(_part(role, "account", account, ("true", "true", "false"), f"WHERE contains({value['account']}, '*')"))
    if "wechat_id" in value:
        wechat_id = normal_wechat_sql(value["wechat_id"])
        is_valid = f"regexp_full_match({wechat_id}, '{WECHAT_ID}')"
        flags = (is_valid, f"contains({wechat_id}, '*')", is_valid)
        parts.append(_part(role, "wechat_id", wechat_id, flags, f"WHERE {wechat_id} IS NOT NULL"))
    for kind in ("customer", "member"):
        if own := value.get(f"self_{kind}"):
            parts.append(_part(role, kind, own, ("true", "false", "true"), f"WHERE {own} IS NOT NULL"))
    return parts


# column -> kind, table of standardised values, which of its values the mention does not hold
_LOOKED_UP = {
    "phone": ("phone", "phones", "x.n > 0 OR NOT x.is_valid"),
    "phone_alt": ("phone", "phones", "true"),
    "email": ("email", "emails", "NOT x.is_valid"),
    "id_number": ("id_number", "documents", "NOT x.is_valid AND x.id_type_raw IS NOT DISTINCT FROM r.id_type"),
    "uscc": ("uscc", "codes", "NOT x.is_valid"),
}
_VALUE = {"phone": "x.value", "email": "x.value", "uscc": "x.value", "id_number": "coalesce(x.id_type, 'unknown') || ':' || x.number"}
_FLAGS = {
    "phone": ("x.is_valid", "x.is_masked", "x.is_personal"),
    "email": ("false", "x.is_masked", "false"),
    "uscc": ("false", "x.is_masked", "false"),
    "id_number": ("false", "x.is_masked", "false"),
}


def _part(role: Role, kind: str, value: str, flags: tuple[str, str, str], rest: str) -> str:
    is_valid, is_masked, is_personal = flags
    return f"""SELECT {role.of("record_id")} AS record_id, '{kind}' AS kind, {value} AS value, {is_valid} AS is_valid,
            {is_masked} AS is_masked, {is_personal} AS is_personal FROM {role.rows} r {rest}"""

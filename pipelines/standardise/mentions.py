"""Mentions: every row that names a party, in one shape, with its values standardised.

Each role says which columns it takes from which rows. Distinct values of all roles are standardised once, then joined back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import duckdb

from pipelines.standardise.addresses import standardise_addresses
from pipelines.standardise.credit_codes import standardise_codes
from pipelines.standardise.documents import standardise_documents
from pipelines.standardise.emails import standardise_emails
from pipelines.standardise.headers import event_at
from pipelines.standardise.keys import reference_sql, trim_sql
from pipelines.standardise.names import read_names
from pipelines.standardise.organisation_parts import standardise_organisations
from pipelines.standardise.phones import standardise_phones
from pipelines.standardise.readings import add_readings, lay_out_readings
from pipelines.standardise.roles import REGION, Role
from pipelines.warehouse import count
from schemas.tables import std


def _trimmed(role: Role, column: str) -> str:
    return trim_sql(role.columns[column]) if column in role.columns else "NULL"


def _address_key(parts: Iterable[str]) -> str:
    """SQL: one text for the four parts of an address; null when there is none."""
    texts = ", ".join(f"coalesce({part}, '')" for part in parts)
    return f"nullif(concat_ws(chr(31), {texts}), repeat(chr(31), 3))"


def standardise_values(con: duckdb.DuckDBPyConnection, roles: list[Role]) -> dict[str, int]:
    """Temp `value_<kind>`: the distinct values of all roles, standardised, for the kinds of value they have any of. Answers these kinds,
    and how many distinct values of each were odd and went through Python."""
    odd = {}
    for kind, columns in _KINDS.items():
        parts = [_values(role, kind, columns) for role in roles if set(columns) & set(role.columns)]
        if parts:
            con.execute(f"CREATE OR REPLACE TEMP TABLE raw_values AS SELECT DISTINCT * FROM ({' UNION ALL '.join(parts)})")
            if count(con, "SELECT count(*) FROM raw_values"):
                odd[kind] = standardise_kind(con, kind, "raw_values", f"value_{kind}")
    con.execute("DROP TABLE IF EXISTS raw_values")
    return odd


# kind of value -> the columns of a role that hold some
_KINDS: dict[str, tuple[str, ...]] = {
    "names": ("name", "former_name", "company", "title"),
    "phones": ("phone", "phone_alt"),
    "emails": ("email",),
    "codes": ("uscc",),
    "documents": ("id_number",),
    "addresses": REGION,
}


def _values(role: Role, kind: str, columns: tuple[str, ...]) -> str:
    """`SELECT` of the values of a kind, one column for each part they have."""
    if kind == "addresses":
        parts = ", ".join(f"{role.of(column)} AS {column}" for column in columns)
        return f"SELECT {parts} FROM {role.rows} r WHERE {_address_key(map(role.of, columns))} IS NOT NULL"
    if kind == "documents":
        return f"SELECT r.id_type AS id_type_raw, r.id_number AS raw FROM {role.rows} r WHERE r.id_number IS NOT NULL"
    found = [column for column in columns if column in role.columns]
    return " UNION ALL ".join(f"SELECT {role.of(c)} AS raw FROM {role.rows} r WHERE {role.of(c)} IS NOT NULL" for c in found)


def _standardise_names(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    lay_out_readings(con)
    odd_n = read_names(con, raw, "names_read")
    add_readings(con, "names_read", into)
    con.execute("DROP TABLE names_read; DROP TABLE syllables; DROP TABLE surnames; DROP TABLE compound_surnames")
    return odd_n


def _standardise_addresses(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    con.execute(f"CREATE OR REPLACE TEMP TABLE raw_addresses AS SELECT {_address_key(REGION)} AS key, * FROM {raw}")
    odd_n = standardise_addresses(con, "raw_addresses", into)
    con.execute("DROP TABLE raw_addresses")
    return odd_n


_STANDARDISE: dict[str, Callable[[duckdb.DuckDBPyConnection, str, str], int]] = {
    "names": _standardise_names,
    "phones": standardise_phones,
    "emails": standardise_emails,
    "codes": standardise_codes,
    "organisations": standardise_organisations,
    "documents": standardise_documents,
    "addresses": _standardise_addresses,
}


def standardise_kind(con: duckdb.DuckDBPyConnection, kind: str, raw: str, into: str) -> int:
    """Temp `into` of the distinct values of one kind in the temp table `raw`, shaped as that kind's module says. Answers how many odd ones
    went through Python."""
    return _STANDARDISE[kind](con, raw, into)


def drop_values(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `standardise_values` made."""
    for kind in _KINDS:
        con.execute(f"DROP TABLE IF EXISTS value_{kind}")


def insert_mentions(con: duckdb.DuckDBPyConnection, roles: list[Role], kinds: Collection[str], into: str) -> None:
    """Insert the mentions of all gathered rows into the table `into`; `kinds` are the kinds of value there are any of."""
    for role in roles:
        made = "true" if role.is_always_made else _IS_SOMEBODY
        columns = ", ".join(std.MENTIONS.column_names)
        con.execute(f"INSERT INTO {into} SELECT {columns} FROM ({mention_sql(role, kinds)}) WHERE {made}")


_IS_SOMEBODY = """(name IS NOT NULL OR phone_norm IS NOT NULL OR email_norm IS NOT NULL OR account IS NOT NULL OR unionid IS NOT NULL
    OR openid IS NOT NULL OR customer_ref IS NOT NULL OR member_ref IS NOT NULL OR uscc IS NOT NULL OR address_norm IS NOT NULL)"""
# dates that forms and databases fill in by themselves
_BIRTH = "CASE WHEN {0} > DATE '1900-01-01' AND {0} <> DATE '1970-01-01' THEN {0} END"


def mention_sql(role: Role, kinds: Collection[str]) -> str:
    """`SELECT` of all columns of `std.mentions` for the rows of a role."""
    joins = [f"LEFT JOIN untimed_{role.entity} u USING (row_id)"]
    if role.names_order:
        joins.append(f"LEFT JOIN links k ON k.order_ref = {reference_sql('r.order_ref')}")
    known = {alias: (kind, column) for alias, kind, column in _LOOKUPS if column in role.columns and kind in kinds}
    joins += [f"LEFT JOIN value_{kind} {alias} ON {_on(alias, role.columns[column], role)}" for alias, (kind, column) in known.items()]
    columns = ", ".join(f"{sql} AS {name}" for name, sql in _columns(role, set(known)).items())
    return f"SELECT {columns} FROM {role.rows} r {' '.join(joins)}"


_LOOKUPS = (
    ("n", "names", "name"), ("f", "names", "former_name"), ("c", "names", "company"), ("t", "names", "title"), ("p", "phones", "phone"),
    ("q", "phones", "phone_alt"), ("e", "emails", "email"), ("d", "documents", "id_number"), ("s", "codes", "uscc"),
    ("a", "addresses", "address"),
)  # fmt: skip


def _on(alias: str, column: str, role: Role) -> str:
    if alias in "pq":
        return f"{alias}.raw = {column} AND {alias}.n = 0"
    if alias == "d":
        return f"d.raw = {column} AND d.id_type_raw IS NOT DISTINCT FROM r.id_type"
    return f"a.key = {_address_key(map(role.of, REGION))}" if alias == "a" else f"{alias}.raw = {column}"


_NULL = dict.fromkeys(("is_organisation", "has_organisation_word", "is_masked", "is_place"), "NULL::BOOLEAN") | {"birth_on": "NULL::DATE"}


def _columns(role: Role, known: set[str]) -> dict[str, str]:
    """SQL by column of `std.mentions`; `known` are the joined aliases."""

    def of(alias: str, field: str) -> str:
        return f"{alias}.{field}" if alias in known else _NULL.get(field, "NULL::VARCHAR")

    declared = f"coalesce({role.of('declared')} = 'organisation', false)"
    has_code = f"{of('s', 'norm')} IS NOT NULL"
    is_org = f"({declared} OR coalesce({of('n', 'is_organisation')} OR ({of('n', 'has_organisation_word')} AND {has_code}), false))"
    # a title is a company's only if it looks so or comes with its code
    title = f"CASE WHEN t.is_organisation OR {has_code} OR {declared} THEN t.organisation END" if "t" in known else "NULL"
    second = f"{of('q', 'rank')} < coalesce({of('p', 'rank')}, 99)" if "q" in known else "false"
    return {
        "record_id": role.of("record_id"), "source": "r.source", "row_id": "r.row_id", "file_id": "r.file_id", "line_n": "r.line_n",
        "role": f"'{role.name}'",
        "party_kind": f"CASE WHEN {is_org} THEN 'organisation' ELSE 'person' END", "event_at": event_at(role.entity),
        "name": of("n", "name"), "name_norm": f"CASE WHEN {is_org} THEN {of('n', 'organisation')} ELSE {of('n', 'name_norm')} END",
        "surname": f"CASE WHEN NOT {is_org} THEN {of('n', 'surname')} END",
        "name_pinyin": f"CASE WHEN NOT {is_org} THEN {of('n', 'name_pinyin')} END",
        "name_is_masked": f"coalesce({of('n', 'is_masked')}, false)", "former_name_norm": of("f", "name_norm"),
        "gender": f"coalesce(CASE WHEN {role.of('gender')} IN ('male', 'female') THEN {role.of('gender')} END, {of('d', 'gender')})",
        "birth_on": f"coalesce({_BIRTH.format(role.columns.get('birth_on', 'NULL::DATE'))}, {of('d', 'birth_on')})",
        "phone_norm": f"CASE WHEN {second} THEN {of('q', 'norm')} ELSE {of('p', 'norm')} END",
        "phone_kind": f"CASE WHEN {second} THEN {of('q', 'kind')} ELSE {of('p', 'kind')} END",
        "email_norm": of("e", "norm"), "id_type": f"CASE WHEN {of('d', 'norm')} IS NOT NULL THEN {of('d', 'id_type')} END",
        "id_number_norm": of("d", "norm"),
        "account": f"CASE WHEN NOT contains({role.of('account')}, '*') THEN {_trimmed(role, 'account')} END",
        "unionid": _trimmed(role, "unionid"), "openid": _trimmed(role, "openid"), "customer_ref": _trimmed(role, "customer_ref"),
        "member_ref": _trimmed(role, "member_ref"), "order_id": role.of("order_id"),
        "province": of("a", "province"), "city": of("a", "city"), "district": of("a", "district"), "address_norm": of("a", "address_norm"),
        "address_key": of("a", "address_key"), "address_is_place": of("a", "is_place"),
        "company": f"coalesce({of('c', 'organisation')}, {title}, CASE WHEN {is_org} THEN {of('n', 'organisation')} END)",
        "uscc": of("s", "norm"), "delivery_note": role.of("delivery_note"),
    }  # fmt: skip

"""E-mail addresses: NFKC, lower case, a simple form of RFC 5321 (dot-atom @ domain with a top level of letters)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.standardise.characters import tidy

if TYPE_CHECKING:
    import duckdb

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{{2,24}}")
_LABEL = re.compile(r"^(?:mailto|e-?mail|邮箱|电子邮箱)\s*:\s*")
_MISTYPED = str.maketrans({"。": ".", "，": ".", ",": ".", "、": ".", "；": ";"})
# Mailboxes of a function and addresses typed to get past a form: valid, but nobody's own.
NOBODYS = (
    r"(?:info|service|services|sales|admin|administrator|support|contact|office|hr|kefu|postmaster|webmaster|noreply|no-reply|mail|test|user|abc|aaa"
    r"|none|null|no|na|xxx|unknown|anonymous|example|123|1234|12345|123456|111111|000000)@.*|.*@(?:test\.com"
    r"|email\.com|none\.com|no\.com|xxx\.com|noemail\.com|a\.com)"
)
_COMMON = r"[a-zA-Z0-9]+(?:[._-][a-zA-Z0-9]+)*@(?:[a-zA-Z0-9]+\.)+[a-zA-Z]{2,24}"
_LONGEST = 254


def read_email(value: str) -> tuple[str, bool, bool] | None:
    """(address, is it valid, is it masked); None when nothing like an address is there."""
    text = _LABEL.sub("", tidy(value).lower().translate(_MISTYPED).replace(" ", ""))
    text = text.strip("<>()[]\"';:.")
    local, at, domain = text.partition("@")
    if not at:
        return None
    is_masked = "**" in text or domain.startswith("*") or bool(re.fullmatch(r"[^@*]*\*[^@*]*", local))
    is_valid = len(text) <= _LONGEST and len(local) <= 64 and not is_masked and _ADDRESS.fullmatch(text) is not None
    return text, is_valid, is_masked


def normalise(value: str) -> str | None:
    """The address in its standard form; None when it is not a valid clear one."""
    found = read_email(value)
    return found[0] if found and found[1] else None


def standardise_emails(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    """Temp `into(raw, norm, value, is_valid, is_masked, is_personal)` of the distinct values in temp `raw(raw)`; `norm` is null unless
    valid. Answers how many odd values went through Python."""
    from pipelines.standardise.odd import flag, read_odd, text

    common = f"length(raw) <= 64 AND regexp_full_match(raw, '{_COMMON}')"
    fields = [text("raw"), text("value"), flag("is_valid"), flag("is_masked")]
    odd_n = read_odd(con, f"SELECT raw FROM {raw} WHERE NOT ({common})", "emails_odd", _rows, fields)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT raw, CASE WHEN is_valid THEN value END AS norm, value, is_valid, is_masked,
               is_valid AND NOT regexp_full_match(value, '{NOBODYS}') AS is_personal
        FROM (SELECT raw, lower(raw) AS value, true AS is_valid, false AS is_masked FROM {raw} WHERE {common}
              UNION ALL SELECT * FROM emails_odd)"""
    )
    con.execute("DROP TABLE emails_odd")
    return odd_n


def _rows(raw: str) -> list[tuple[str, str, bool, bool]]:
    found = read_email(raw)
    return [(raw, *found)] if found else []

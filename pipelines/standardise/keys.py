"""Numbers and names of accounts. Opaque, so only the way of writing them is made one: order, waybill and ticket numbers half-width,
without blanks, in capitals; keys of records and accounts as they are; WeChat ids in small letters.

Python and SQL use the same tables: no character outside them is touched.
"""

from __future__ import annotations

import re

from pipelines.sql import literal

_BLANKS = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u2060\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200E)))
_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_NARROW = "".join(chr(code) for code in range(0x21, 0x7F))
_NEAT = str.maketrans(_WIDE, _NARROW, _BLANKS)
_SMALL, _CAPITAL = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UPPER, _LOWER = str.maketrans(_SMALL, _CAPITAL), str.maketrans(_CAPITAL, _SMALL)
WECHAT_ID = "[a-z][a-z0-9_-]{5,19}"
_PLAIN = "[0-9A-Za-z/_-]+"
_OPEN_ID = "[A-Za-z0-9_-]{28}"


def trimmed(value: str) -> str | None:
    """The key of a record or account: blanks around it off, else as it is; None when nothing is left."""
    return value.strip(_BLANKS) or None


def normal_wechat(value: str) -> str | None:
    """A WeChat id (6 to 20 letters, digits, `_`, `-`, a letter first) in small letters; an openid or unionid, with or without its
    namespace, as it is; None for anything else.

    >>> normal_wechat(" Li-Ming_88 ")
    'li-ming_88'
    """
    text = value.translate(_NEAT)
    if re.fullmatch(rf"(?:[^:]+:)?{_OPEN_ID}", text):
        return text
    text = text.translate(_LOWER)
    return text if re.fullmatch(WECHAT_ID, text) else None


def normal_key(value: str) -> str | None:
    """An order, waybill or ticket number in its standard form.

    >>> normal_key(" us-2017-１３ ")
    'US-2017-13'
    """
    return value.translate(_NEAT).translate(_UPPER) or None


def _neat_sql(column: str) -> str:
    return f"translate(regexp_replace({column}, {literal(f'[{_BLANKS}]')}, '', 'g'), {literal(_WIDE)}, {literal(_NARROW)})"


def key_sql(column: str) -> str:
    """SQL of `normal_key` over `column`; the plain form takes the short way (translate costs a microsecond and more)."""
    odd = f"translate({_neat_sql(column)}, '{_SMALL}', '{_CAPITAL}')"
    return f"CASE WHEN regexp_full_match({column}, '{_PLAIN}') THEN upper({column}) ELSE nullif({odd}, '') END"


def trim_sql(column: str) -> str:
    """SQL of `trimmed` over `column`."""
    blank = f"[{_BLANKS}]"
    odd = f"nullif(regexp_replace({column}, {literal(f'^{blank}+|{blank}+$')}, '', 'g'), '')"
    return f"CASE WHEN regexp_matches({column}, {literal(f'^$|^{blank}|{blank}$')}) THEN {odd} ELSE {column} END"


def normal_wechat_sql(column: str) -> str:
    """SQL of `normal_wechat` over `column`, but ids of another form stay (they are kept and marked as not valid)."""
    odd = f"translate({_neat_sql(column)}, '{_CAPITAL}', '{_SMALL}')"
    return f"CASE WHEN regexp_full_match({column}, '{_PLAIN}') THEN lower({column}) ELSE nullif({odd}, '') END"


def reference_sql(column: str) -> str:
    """SQL: `<namespace>:<number>` with the number in its standard form; null when the number is empty."""
    at = f"strpos({column}, ':')"
    return f"left({column}, {at}) || ({key_sql(f'substr({column}, {at} + 1)')})"

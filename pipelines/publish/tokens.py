"""Lookup tokens: a protected value is found by its keyed hash, never by itself.

`token = HMAC-SHA256(key, kind + 0x1F + value)`, first 16 bytes (RFC 2104; truncation as its section 5 allows, not below half). The same
in Python for one value and in DuckDB SQL for a whole column. Parquet tokens use kinds of their own (`published:…`), so that no token of
an exported file is one the API would answer to.
"""

from __future__ import annotations

import hashlib
import hmac

from pipelines.publish.keyring import Key

TOKEN_BYTES = 16
SEPARATOR = "\x1f"
PUBLISHED_PREFIX = "published:"
_BLOCK = 64  # of SHA-256


def lookup_token(key: Key, kind: str, value: str) -> bytes:
    """The 16 bytes under which `value` of `kind` is found in the serving index."""
    message = f"{kind}{SEPARATOR}{value}".encode()
    return hmac.new(key.secret, message, hashlib.sha256).digest()[:TOKEN_BYTES]


def published_token(key: Key, kind: str, value: str) -> str:
    """The 32 hex digits that stand for `value` of `kind` in published Parquet."""
    return lookup_token(key, f"{PUBLISHED_PREFIX}{kind}", value).hex()


def token_hex_sql(kind: str, value: str) -> str:
    """SQL for the token as 32 hex digits; `kind` and `value` are SQL text expressions, null gives null.

    The statement must be run with `token_parameters(key)`; the key itself is in no SQL text.
    """
    message = f"encode({kind} || chr(31) || {value})"
    return f"left(sha256($token_opad || unhex(sha256($token_ipad || {message}))), {2 * TOKEN_BYTES})"


def token_sql(kind: str, value: str) -> str:
    """As `token_hex_sql`, as a BLOB of 16 bytes."""
    return f"unhex({token_hex_sql(kind, value)})"


def token_parameters(key: Key) -> dict[str, object]:
    """The inner and outer pads of RFC 2104, as named parameters of a statement with `token_sql` in it."""
    padded = key.secret.ljust(_BLOCK, b"\0")  # a key is 32 bytes, so it is never hashed down first
    return {"token_ipad": bytes(b ^ 0x36 for b in padded), "token_opad": bytes(b ^ 0x5C for b in padded)}

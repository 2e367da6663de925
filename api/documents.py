"""Profile documents on their way out: what is spliced in, what is picked out, how a version of one is recognised."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from schemas.api import LookupHit


def with_members(document: bytes, members: dict[str, Any]) -> bytes:
    """`document` (one JSON object) with `members` added at its end, without parsing it. `members` must not be in it already."""
    if not members:
        return document
    body = document.rstrip()
    separator = b"" if body[1:-1].isspace() or body == b"{}" else b","
    return body[:-1] + separator + orjson.dumps(members)[1:]


def narrowed(document: bytes, sections: frozenset[str]) -> bytes:
    """`document` with its id and only these of its members."""
    return orjson.dumps({name: value for name, value in orjson.loads(document).items() if name == "customer_id" or name in sections})


def etag_of(body: bytes) -> str:
    """A strong entity tag (RFC 9110 section 8.8.3) of the bytes."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Whether the client has this version already (RFC 9110 section 13.1.2: weak comparison, `*` is any)."""
    if not if_none_match:
        return False
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return any(tag in ("*", etag) for tag in tags)


def hit_of(customer_id: str, document: bytes | None, matched_type: Any) -> LookupHit:
    """The customer as a hit, with what tells them from others."""
    known: dict[str, Any] = orjson.loads(document) if document else {}
    identity = known.get("identity", {})
    return LookupHit(
        customer_id=customer_id, matched_type=matched_type, name=identity.get("name"), phone=identity.get("phone"),
        city=identity.get("city"), record_n=identity.get("record_n"),
    )

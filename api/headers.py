"""Headers of a request, as ASGI hands them over."""

from __future__ import annotations

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The first header of that lower-case name; empty when there is none. Header bytes are Latin-1 (RFC 9110 section 5.5)."""
    for found, value in scope["headers"]:
        if found == name:
            return str(value, "latin-1")
    return ""

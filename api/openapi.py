"""The OpenAPI document: security schemes and problem documents, said once for all routes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.auth import PROTECTED
from api.problems import KINDS, MEDIA_TYPE, problem_of
from schemas.api import InvalidMember, Problem

ABOUT = """One person, one profile: find a customer by any identifier, then read the whole of them, masked.

**Identifiers are never part of an address.** A lookup is a `POST`; only the hub's own customer ids, which mean nothing outside,
stand in a path.

**Errors** are problem documents (RFC 9457, `application/problem+json`). They never repeat a value of the request. `instance` is
the id of the request, as in the header `X-Request-ID` (send a UUID there to choose it) and in the log.

**Freshness**: `/readyz` and every profile say of which time each section is."""
SAMPLE_REQUEST = "7f0c7c39-3c3f-4a0e-9f0c-6d3b0f6f1a10"
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "hub_<id>_<secret>", "description": "API key as bearer token."},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "API key in a header of its own."},
}
TAGS = [
    {"name": "customers", "description": "Find a customer and read their profile."},
    {"name": "keys", "description": "What a key may do."},
    {"name": "operations", "description": "Is the process alive, can it answer, and how old is what it serves? No key needed."},
]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for these statuses, as problem documents with an example each."""
    return {status: _response(status) for status in statuses}


def install(app: FastAPI) -> None:
    """Let `app.openapi()` answer the whole document."""

    def whole() -> dict[str, Any]:
        if not app.openapi_schema:
            document = get_openapi(
                title=app.title, version=app.version, description=ABOUT, routes=app.routes, tags=TAGS, summary="One person, one profile"
            )
            app.openapi_schema = _completed(document)
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


def _response(status: int) -> dict[str, Any]:
    kind, title, _ = KINDS[status]
    errors = [InvalidMember(pointer="/value", code="missing", detail="is missing")] if status == 422 else []
    example = problem_of(status, SAMPLE_REQUEST, errors=errors).model_dump(exclude_none=True)
    response: dict[str, Any] = {
        "description": f"{title} (`{kind}`).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"description": "How to authenticate (RFC 6750).", "schema": {"type": "string"}}}
    if status == 503:
        response["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
    return response


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {})
    schemas["Problem"] = schema
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path.startswith(PROTECTED):
                operation["security"] = [{name: []} for name in SECURITY_SCHEMES]
            # FastAPI adds a 422 to every route with a parameter, also where no value of it can be wrong
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
    return document

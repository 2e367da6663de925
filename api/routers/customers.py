"""Find a customer, read a customer. Identifiers come in bodies only; what goes out was masked when it was published."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.auth import ScopedRoute, needs
from api.backend import Backend
from api.documents import etag_of, hit_of, matches, narrowed, with_members
from api.headers import header
from api.openapi import problems
from api.problems import ProblemError
from api.scopes import CUSTOMERS_READ
from pipelines.publish.serving_index import Found, Snapshot
from pipelines.publish.tokens import lookup_token
from schemas.api import (
    MAX_HITS,
    SECTIONS,
    BatchAnswer,
    BatchRequest,
    IdentifierType,
    InvalidMember,
    LookupAnswer,
    LookupRequest,
    ProfileAnswer,
)

router = APIRouter(prefix="/v1/customers", tags=["customers"], route_class=ScopedRoute)
READ = needs(CUSTOMERS_READ)
_STRING = {"type": "string"}
IF_NONE_MATCH = {"name": "If-None-Match", "in": "header", "schema": _STRING, "description": "`ETag` of the answer at hand."}


@router.post(
    "/lookup",
    summary="Whom does this identifier lead to?",
    responses=problems(400, 401, 403, 405, 413, 415, 422, 500, 503),
    response_description="The customers found; none is an answer.",
    openapi_extra=READ,
)
async def lookup(asked: LookupRequest, request: Request) -> LookupAnswer:
    """Customers found by one identifier, with masked facts that tell them apart.

    Nobody found is an answer (200, no hits), and so are several: an order number may belong to several customers, a phone to a household.
    """
    backend: Backend = request.app.state.backend
    index = backend.index()
    if asked.type == "customer":
        token = _token_of_id(backend, asked.value)
        return index.read(lambda snapshot: _by_id(snapshot, asked.value.strip(), token))
    standardised = backend.normalise(asked.type, asked.value)
    if standardised is None:
        wrong = InvalidMember(pointer="/value", code=f"not_{asked.type}", detail=f"is not a valid value of type {asked.type}")
        raise ProblemError(422, "The value cannot be what its type says.", errors=[wrong])
    token = lookup_token(backend.keyring().token, asked.type, standardised)
    return index.read(lambda snapshot: _answer(snapshot, asked.type, snapshot.find(token, MAX_HITS)))


@router.post(
    "/batch",
    summary="Several whole customers, masked",
    response_model=BatchAnswer,
    responses=problems(400, 401, 403, 405, 413, 415, 422, 500, 503),
    response_description="The profiles found, in the order of the request.",
    openapi_extra=READ,
)
async def batch(asked: BatchRequest, request: Request) -> Response:
    """The profiles of up to a hundred ids, all of one published version; an id that leads to nobody, or to several, is named as missing."""
    wanted = _sections(",".join(asked.sections) if asked.sections is not None else None, "/sections")
    backend: Backend = request.app.state.backend
    tokens = {customer_id: _token_of_id(backend, customer_id) for customer_id in dict.fromkeys(asked.customer_ids)}
    return Response(backend.index().read(lambda snapshot: _batch(snapshot, tokens, wanted)), media_type="application/json")


@router.get(
    "/{customer_id}",
    summary="The whole customer, masked",
    response_model=ProfileAnswer,
    responses={
        200: {
            "description": "The profile document, with the age of its sections.",
            "headers": {
                "ETag": {"description": "Version of this answer, for `If-None-Match`.", "schema": _STRING},
                "Content-Location": {"description": "Address of the current id when a former one was asked for.", "schema": _STRING},
            },
        },
        304: {"description": "Unchanged since the `ETag` named in `If-None-Match`."},
        **problems(401, 403, 404, 405, 409, 413, 422, 500, 503),
    },
    openapi_extra=READ | {"parameters": [IF_NONE_MATCH]},
)
async def profile(
    customer_id: Annotated[str, Path(description="Current or former id of a customer.", examples=["c4f1d02a9b83e675"])],
    request: Request,
    sections: Annotated[
        str | None, Query(description="Only these sections, separated by commas; default: all.", examples=["identity,orders"])
    ] = None,
) -> Response:
    """The 360° document of a customer as it was published. `sections` says of which time each section is.

    An id that was merged into another answers with the current customer (200): `moved_from` holds the id asked for, and the header
    `Content-Location` the address of the current one. So does an id that another system gave before (mapping entity `golden_ids`), as long
    as one customer holds its records; where several do, the answer is 409, and a lookup of type `customer` tells them.
    """
    backend: Backend = request.app.state.backend
    wanted, token = _sections(sections, "sections"), _token_of_id(backend, customer_id)
    found = backend.index().read(lambda snapshot: _whole(snapshot, customer_id, token, wanted))
    if found is None:
        raise ProblemError(404, "No customer has or had this id.")
    current_id, body = found
    headers = {"etag": etag_of(body), "cache-control": "private, no-cache"}
    if current_id != customer_id:
        headers["content-location"] = f"{router.prefix}/{current_id}"
    if matches(header(request.scope, b"if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _sections(named: str | None, pointer: str) -> frozenset[str] | None:
    """The sections asked for; None for all. A read is only ever narrowed by them."""
    if named is None:
        return None
    wanted = frozenset(name.strip() for name in named.split(",") if name.strip())
    if not wanted or not wanted <= SECTIONS:
        wrong = InvalidMember(pointer=pointer, code="unknown_section", detail=f"names sections out of {', '.join(sorted(SECTIONS))}")
        raise ProblemError(422, "There is no such section.", errors=[wrong])
    return wanted


def _token_of_id(backend: Backend, customer_id: str) -> bytes:
    """What an id of another system is found by."""
    standardised = backend.normalise("customer", customer_id)
    return lookup_token(backend.keyring().token, "customer", standardised) if standardised else b""


def _holders(snapshot: Snapshot, customer_id: str, token: bytes) -> Found:
    """The customers an id stands for now: the hub's own, current or merged, before one that another system gave."""
    current_id = snapshot.resolve(customer_id)
    return Found([current_id], 1) if current_id else snapshot.find(token, MAX_HITS)


def _whole(snapshot: Snapshot, customer_id: str, token: bytes, wanted: frozenset[str] | None = None) -> tuple[str, bytes] | None:
    """The current id and the body of the answer, with the `wanted` sections only."""
    holders = _holders(snapshot, customer_id, token)
    if holders.total > 1:
        raise ProblemError(409)
    return _answer_of(snapshot, customer_id, holders, wanted)


def _answer_of(snapshot: Snapshot, customer_id: str, holders: Found, wanted: frozenset[str] | None) -> tuple[str, bytes] | None:
    """The current id and the body of the answer for the only one of `holders`; None when there is none, or several."""
    current_id = holders.customer_ids[0] if holders.total == 1 else None
    document = snapshot.get(current_id) if current_id else None
    if current_id is None or document is None:
        return None
    members: dict[str, Any] = {"sections": snapshot.meta.get("section_ages", {})}
    if current_id != customer_id:
        members["moved_from"] = customer_id
    return current_id, with_members(document if wanted is None else narrowed(document, wanted), members)


def _batch(snapshot: Snapshot, tokens: dict[str, bytes], wanted: frozenset[str] | None) -> bytes:
    """The body of the answer: documents are put in as they are stored."""
    bodies, missing = [], []
    for customer_id, token in tokens.items():
        found = _answer_of(snapshot, customer_id, _holders(snapshot, customer_id, token), wanted)
        if found:
            bodies.append(found[1])
        else:
            missing.append(customer_id)
    rest = orjson.dumps({"missing": missing, "version": str(snapshot.meta.get("version"))})
    return b'{"customers":[' + b",".join(bodies) + b"]," + rest[1:]


def _by_id(snapshot: Snapshot, customer_id: str, token: bytes) -> LookupAnswer:
    answer = _answer(snapshot, "customer", _holders(snapshot, customer_id, token))
    for hit in answer.hits:
        hit.moved_from = customer_id if hit.customer_id != customer_id else None
    return answer


def _answer(snapshot: Snapshot, matched_type: IdentifierType, found: Found) -> LookupAnswer:
    hits = [hit_of(customer_id, snapshot.get(customer_id), matched_type) for customer_id in found.customer_ids]
    hits.sort(key=lambda hit: (-(hit.record_n or 0), hit.customer_id))
    return LookupAnswer(hits=hits, hit_n=found.total, version=str(snapshot.meta.get("version")))

"""Errors as RFC 9457 problem documents. None repeats a value of the request: not the path, not a member, not a name the client made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.logs import log_hub_error
from schemas.api import InvalidMember, LookupRequest, MatchRequest, Problem
from schemas.errors import HubError
from schemas.new_record import NewRecord

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"

# status -> (type, title, the usual detail)
KINDS: dict[int, tuple[str, str, str]] = {
    400: ("bad-request", "Unreadable request", "The body is not JSON in UTF-8."),
    401: ("unauthenticated", "No valid API key", "Send a valid API key as `Authorization: Bearer hub_…` or `X-API-Key`."),
    403: ("forbidden", "Not allowed for this role", "The role of this API key does not include this operation."),
    404: ("not-found", "Not found", "There is nothing at this address."),
    405: ("method-not-allowed", "Method not allowed", "This address does not answer to this method; see the `Allow` header."),
    409: ("several-customers", "Several customers", "This former id leads to several customers; look it up with type `customer`."),
    413: ("too-large", "Body too large", "A body may have at most 64 kB."),
    415: ("unsupported-media-type", "Unsupported media type", "Send the body as `Content-Type: application/json`."),
    422: ("invalid-input", "Invalid request", "See `errors`."),
    500: ("internal", "Internal error", "The error is in the log under the id in `instance`."),
    503: ("unavailable", "Not available now", "Try again in a few seconds."),
}

# code of a validation error -> what to tell; `{expected}` and numbers come from our own schema, never from the request
_DETAILS = {
    "missing": "is missing",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_unicode": "must be valid Unicode",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "must be one of {expected}",
    "extra_forbidden": "has a member this operation does not know",
    "model_attributes_type": "must be a JSON object",
}
_KNOWN_MEMBERS = frozenset({*LookupRequest.model_fields, *MatchRequest.model_fields, *NewRecord.model_fields})


class ProblemError(Exception):
    """Ends a request with a problem document. `detail` and `errors` must not hold a value of the request."""

    def __init__(
        self, status: int, detail: str | None = None, *, errors: Iterable[InvalidMember] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self.status, self.detail, self.errors, self.headers = status, detail, list(errors), dict(headers or {})
        super().__init__(f"{status} {KINDS[status][0]}")


def problem_type(status: int) -> str:
    return f"urn:hub:problem:{KINDS[status][0]}"


def problem_of(status: int, request_id: str, detail: str | None = None, errors: Iterable[InvalidMember] = ()) -> Problem:
    """The problem document of a status."""
    _, title, usual = KINDS[status]
    return Problem(
        type=problem_type(status), title=title, status=status, detail=detail or usual,
        instance=f"urn:uuid:{request_id}", errors=list(errors) or None,
    )


def problem_response(scope: Mapping[str, Any], error: ProblemError) -> Response:
    """The answer for `error`, ready to be sent from a middleware or a handler."""
    problem = problem_of(error.status, scope["state"]["request_id"], error.detail, error.errors)
    return Response(
        problem.model_dump_json(exclude_none=True), status_code=error.status, media_type=MEDIA_TYPE,
        headers={"cache-control": "no-store", **error.headers},
    )


def answer_problems(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""

    @app.exception_handler(ProblemError)
    async def as_is(request: Request, error: ProblemError) -> Response:
        return problem_response(request.scope, error)

    @app.exception_handler(HTTPException)
    async def from_framework(request: Request, error: HTTPException) -> Response:
        status = error.status_code if error.status_code in KINDS else 500
        if error.status_code in {HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT}:
            return Response(status_code=error.status_code, headers=error.headers)
        return problem_response(request.scope, ProblemError(status, headers=error.headers))

    @app.exception_handler(RequestValidationError)
    async def from_validation(request: Request, error: RequestValidationError) -> Response:
        return problem_response(request.scope, _validation_problem(request, error))

    @app.exception_handler(HubError)
    async def from_hub(request: Request, error: HubError) -> Response:
        log_hub_error(error, request.scope["state"]["request_id"])
        return problem_response(request.scope, unavailable(error))


def unavailable(error: HubError) -> ProblemError:
    """503 with what is missing, without the paths of this machine (they are in the log)."""
    return ProblemError(503, f"{error.what[:1].upper()}{error.what[1:]}.", headers={"retry-after": RETRY_SECONDS})


def _validation_problem(request: Request, error: RequestValidationError) -> ProblemError:
    found = error.errors()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if any(each["loc"] == ("body",) and each["type"] == "model_attributes_type" for each in found) and "json" not in media_type:
        return ProblemError(415)
    if any(each["type"] == "json_invalid" for each in found):
        return ProblemError(400)
    errors = [_invalid_member(each) for each in found]
    return ProblemError(422, f"{len(errors)} thing{'s' * (len(errors) > 1)} to mend in the request: see `errors`.", errors=errors)


def _invalid_member(error: Mapping[str, Any]) -> InvalidMember:
    """One validation error without the value, and without names that came from the client."""
    code = error["type"] if error["type"] in _DETAILS else "invalid"
    place, *path = error["loc"]
    pointer = "".join(f"/{part}" for part in path if isinstance(part, int) or part in _KNOWN_MEMBERS)
    # what our own schema allows; never what was sent
    allowed = {key: value for key, value in error.get("ctx", {}).items() if key in {"expected", "max_length"}}
    detail = _DETAILS.get(code, "is not valid").format_map(allowed)
    return InvalidMember(pointer=pointer if place == "body" else str(place), code=code, detail=detail)

"""Around every request: an id, a limit to the body, one line in the access log, and no exception that gets out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import header
from api.logs import ACCESS, ERRORS
from api.problems import ProblemError, problem_response

MAX_BODY_BYTES = 64 * 1024
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# a caller's own id is kept only when it is a UUID: anything freer could carry a phone number into the log
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class Accounting:
    """Outermost middleware: request id, safe headers, access log, and a problem document for what nobody foresaw."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        request_id = _request_id(header(scope, b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_marks(message["headers"], request_id)]
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        except Exception as error:
            ERRORS.error("unexpected error", exc_info=error, extra={"fields": {"request_id": request_id, "route": route_of(scope)}})
            if status:
                # the answer has begun: all that is left is to cut it off, without the text of the error
                raise RuntimeError("the answer was cut off") from None
            await problem_response(scope, ProblemError(500))(scope, receive, send_marked)
        finally:
            ACCESS.info("request", extra={"fields": _entry(scope, request_id, status, began)})


class BodyLimit:
    """Middleware: a body over 64 kB is refused, by its declared length or, when it comes in pieces, as soon as it is too long."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = header(scope, b"content-length") or "0"
        if not (declared.isascii() and declared.isdecimal()) or int(declared[:20]) > self.limit:
            await problem_response(scope, ProblemError(413, headers={"connection": "close"}))(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                # FastAPI turns any other exception of a body into 400
                raise HTTPException(413, headers={"connection": "close"})
            return message

        await self.app(scope, receive_limited, send)


def route_of(scope: Scope) -> str:
    """The template of the route, such as `/v1/customers/{customer_id}`; `-` when none matched. Never the path itself."""
    return str(getattr(scope.get("route"), "path", "-"))


def _entry(scope: Scope, request_id: str, status: int, began: float) -> dict[str, Any]:
    caller = scope["state"].get("caller")
    return {
        "request_id": request_id,
        "method": scope["method"] if scope["method"] in METHODS else "-",
        "route": route_of(scope),
        # 499: the client went away before the answer began
        "status": status or 499,
        "ms": round((perf_counter() - began) * 1000, 2),
        "key_id": caller.key_id if caller else None,
    }


def _request_id(given: str) -> str:
    return given.lower() if _UUID.fullmatch(given) else str(uuid4())


def _marks(headers: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    marks = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
    if not any(name == b"cache-control" for name, _ in headers):
        marks.append((b"cache-control", b"no-store"))
    return marks

"""Who is asking. Everything below `/v1` needs a live API key, before a body is read or a route is looked for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.backend import Backend
from api.headers import header
from api.problems import ProblemError, problem_response, unavailable
from api.scopes import scopes_of
from ledger.api_keys import key_id_of
from ledger.tables import utc_now
from schemas.errors import HubError

PROTECTED = "/v1"
CHALLENGE = 'Bearer realm="customer hub"'
SCOPE_FIELD = "x-scope"


@dataclass(frozen=True)
class Caller:
    """The holder of a live API key."""

    key_id: str
    role: str
    scopes: frozenset[str]


class Authentication:
    """Middleware: puts the `Caller` into the request's state, or answers 401."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self.app, self.backend = app, backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_protected(scope):
            await self.app(scope, receive, send)
            return
        try:
            scope["state"]["caller"] = await authenticate(self.backend, scope)
        except ProblemError as error:
            await problem_response(scope, error)(scope, receive, send)
            return
        await self.app(scope, receive, send)


async def authenticate(backend: Backend, scope: Scope) -> Caller:
    """The caller whose key is in the headers of the request.

    Raises:
        ProblemError: 401 without a live key; 503 when keys cannot be checked.
    """
    key = _credential(scope)
    if key is None:
        raise ProblemError(401, headers={"www-authenticate": CHALLENGE})
    key_id = key_id_of(key)
    try:
        pepper = backend.keyring().api_key.secret
        stored = None if key_id is None else backend.known_key(key_id) or await run_sync(backend.read_key, key_id)
    except HubError as error:
        raise unavailable(error) from error
    if stored is None or not stored.admits(pepper, key, utc_now()):
        raise ProblemError(
            401, "This API key is not valid: unknown, expired or revoked.",
            headers={"www-authenticate": f'{CHALLENGE}, error="invalid_token"'},
        )
    return Caller(stored.api_key.key_id, stored.api_key.role, scopes_of(stored.api_key.role))


class ScopedRoute(APIRoute):
    """A route that names the scope it needs as `openapi_extra=needs(...)`, and cannot be made without.

    The scope is asked before the body is read: a dependency would come after, and costs a read more than finding its document does.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        scope: str = (self.openapi_extra or {})[SCOPE_FIELD]
        handle = super().get_route_handler()

        async def handle_allowed(request: Request) -> Response:
            _require(request.scope["state"]["caller"], scope)
            return await handle(request)

        return handle_allowed


def needs(scope: str) -> dict[str, str]:
    """What a `ScopedRoute` says of itself, in OpenAPI too."""
    return {SCOPE_FIELD: scope}


def _require(caller: Caller, scope: str) -> None:
    if scope not in caller.scopes:
        challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise ProblemError(403, f"The role {caller.role} does not include {scope}.", headers={"www-authenticate": challenge})


def _is_protected(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


def _credential(scope: Scope) -> str | None:
    scheme, _, key = header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    return header(scope, b"x-api-key") or None

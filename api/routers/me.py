"""Who is asking, as the hub knows them."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.auth import Caller, ScopedRoute, needs
from api.openapi import problems
from api.scopes import SELF_READ
from schemas.api import Me

router = APIRouter(prefix="/v1", tags=["keys"], route_class=ScopedRoute)


@router.get(
    "/me",
    summary="Whose key is this?",
    response_description="The caller.",
    responses=problems(401, 403, 405, 413, 500, 503),
    openapi_extra=needs(SELF_READ),
)
async def me(request: Request) -> Me:
    """Role and scopes of the key that was sent; every live key may ask."""
    caller: Caller = request.scope["state"]["caller"]
    return Me(key_id=caller.key_id, role=caller.role, scopes=sorted(caller.scopes))

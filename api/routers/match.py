"""Who is a record that is not in the hub yet? Decided as the next run would decide it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from api.auth import ScopedRoute, needs
from api.backend import Backend
from api.openapi import problems
from api.scopes import CUSTOMERS_READ
from pipelines.match.reasons import REASONS
from pipelines.publish.serving_index import Snapshot
from schemas.api import MAX_CANDIDATES, MatchAnswer, MatchCandidate, MatchEvidence, MatchRequest, MatchResult
from schemas.new_record import NewRecord

if TYPE_CHECKING:  # not in every worker: it brings DuckDB with it
    from pipelines.resolve.resolve import Candidate, Resolution, Resolver

router = APIRouter(prefix="/v1", tags=["customers"], route_class=ScopedRoute)


@router.post(
    "/match",
    summary="Who is this record?",
    responses=problems(400, 401, 403, 405, 413, 415, 422, 500, 503),
    response_description="For each record the decision, and the customers it may be.",
    openapi_extra=needs(CUSTOMERS_READ),
)
async def match(asked: MatchRequest, request: Request) -> MatchAnswer:
    """Resolve new records against the customers there are: by the model that matched these, with its evidence. Nothing is stored."""
    backend: Backend = request.app.state.backend
    index, resolver = backend.index(), backend.resolver
    return await run_sync(lambda: index.read(lambda snapshot: _resolve(snapshot, resolver, asked.records)))


def _resolve(snapshot: Snapshot, resolver: Callable[[], AbstractContextManager[Resolver]], records: list[NewRecord]) -> MatchAnswer:
    with resolver() as resolving:
        results = [_result(snapshot, resolving.resolve(snapshot, record)) for record in records]
    return MatchAnswer(results=results, version=str(snapshot.meta.get("version")))


def _result(snapshot: Snapshot, found: Resolution) -> MatchResult:
    candidates = [_candidate(snapshot, candidate) for candidate in found.candidates[:MAX_CANDIDATES]]
    return MatchResult(decision=found.decision, candidates=candidates, candidate_n=len(found.candidates))


def _candidate(snapshot: Snapshot, found: Candidate) -> MatchCandidate:
    known: dict[str, Any] = orjson.loads(snapshot.get(found.customer_id) or b"{}")
    identity = known.get("identity", {})
    evidence = [
        MatchEvidence(
            comparison=of.comparison, level=of.level.level, reason=REASONS[of.comparison][of.level.level], bits=round(of.bits, 2)
        )
        for of in found.evidence
    ]
    return MatchCandidate(
        customer_id=found.customer_id, joins=found.joins, probability=round(found.probability, 6), bits=round(found.bits, 2),
        evidence=evidence, name=identity.get("name"), phone=identity.get("phone"), city=identity.get("city"),
    )

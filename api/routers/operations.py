"""Is the process alive, can it answer, and how old is what it serves?"""

from __future__ import annotations

from datetime import UTC, datetime

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from api.backend import Backend
from api.openapi import problems
from ledger.migrate import revision_of
from schemas.api import Health, Readiness

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Is the process alive?", response_description="Alive.", responses=problems(500))
async def healthz() -> Health:
    """Answers as long as the process does; looks at nothing else."""
    return Health()


@router.get("/readyz", summary="Can it answer, and from what?", response_description="Ready.", responses=problems(500, 503))
async def readyz(request: Request) -> Readiness:
    """The published version being served, its age and counts. 503 while the serving index, the keys or the ledger cannot be used."""
    backend: Backend = request.app.state.backend
    meta = backend.index().meta
    backend.keyring()
    await run_sync(_ask_ledger, backend)
    built_at = _utc(meta.get("built_at"))
    return Readiness(
        version=meta["version"],
        published_at=built_at,
        age_seconds=round((datetime.now(UTC) - built_at).total_seconds(), 1) if built_at else None,
        counts=meta.get("counts", {}),
        sections=meta.get("section_ages", {}),
    )


def _ask_ledger(backend: Backend) -> None:
    with backend.ledger().read() as connection:
        revision_of(connection)


def _utc(text: str | None) -> datetime | None:
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time

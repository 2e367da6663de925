"""The application factory: `uvicorn --factory api.app:create_app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from api import logs, openapi
from api.auth import Authentication
from api.backend import Backend
from api.problems import answer_problems
from api.requests import Accounting, BodyLimit
from api.routers import customers, docs, match, me, operations
from schemas.settings import Settings, load_settings

VERSION = "0.1.0"
# FastAPI's own telemetry would carry paths, exception texts and stack traces to whoever the environment names
_SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}


def create_app(settings: Settings | None = None, *, backend: Backend | None = None) -> FastAPI:
    """The API over one home. Nothing is opened before the first request needs it.

    Args:
        settings: where the home and the keys are; default: the environment.
        backend: what the routes work with, for tests that bring their own; its settings win.
    """
    logs.configure()
    backend = backend or Backend(settings or load_settings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_sync(backend.warm_up)
        yield
        backend.close()

    app = FastAPI(
        title="Customer hub", version=VERSION, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=_SILENT, lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.backend = backend
    # the last one added is the outermost
    app.add_middleware(BodyLimit)
    app.add_middleware(Authentication, backend=backend)
    app.add_middleware(Accounting)
    answer_problems(app)
    app.include_router(customers.router)
    app.include_router(match.router)
    app.include_router(me.router)
    app.include_router(operations.router)
    docs.install(app)
    openapi.install(app)
    return app

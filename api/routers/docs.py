"""`/docs`: Swagger UI from files that come with a package, so that it works without a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = "/docs/assets"
router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """The interactive documentation."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Customer hub API",
        swagger_js_url=f"{ASSETS[1:]}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS[1:]}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS[1:]}/favicon.png",
        # a key typed into the page stays there until it is closed, and nowhere after
        swagger_ui_parameters={"persistAuthorization": False, "displayRequestDuration": True},
    )


def install(app: FastAPI) -> None:
    """Add the page and its files to `app`."""
    app.include_router(router)
    app.mount(ASSETS, StaticFiles(directory=_files()), name="docs-assets")


def _files() -> Path:
    """The folder of Swagger UI's files. The package is not imported: it would only wrap FastAPI once more."""
    found = find_spec("fastapi_offline")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("fastapi_offline is not installed", name="fastapi_offline")
    return Path(found.origin).parent / "static"

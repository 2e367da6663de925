"""A synchronous httpx client that talks to the app in this process."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI


class Client:
    """Requests one after the other on an event loop of its own. An exception that leaves the app is raised, as a server would log it."""

    def __init__(self, app: FastAPI, headers: dict[str, str] | None = None) -> None:
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test", headers=headers)
        self.headers = self._client.headers

    def request(self, method: str, path: str, **parts: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **parts))

    def get(self, path: str, **parts: Any) -> httpx.Response:
        return self.request("GET", path, **parts)

    def post(self, path: str, **parts: Any) -> httpx.Response:
        return self.request("POST", path, **parts)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

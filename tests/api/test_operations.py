"""Alive, ready, documented, and leaving a trace of the right kind."""

from __future__ import annotations

import shutil
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi import FastAPI

from api.backend import Backend
from ledger.api_keys import key_id_of
from pipelines.publish.keyring import create_keyring
from tests.api.client import Client
from tests.api.conftest import Lines
from tests.api.home import ADA, CANARY, Home


def test_ready_says_version_age_and_counts(anonymous: Client) -> None:
    ready = anonymous.get("/readyz").json()
    assert (ready["status"], ready["version"], ready["published_at"]) == ("ready", "v1", "2026-11-21T02:00:00Z")
    assert ready["age_seconds"] > -86_400 * 365
    assert ready["counts"] == {"profiles": 2, "tokens": 4, "aliases": 1}
    assert ready["sections"] == {"orders": {"as_of": "2026-11-20T23:10:00Z", "loaded_at": "2026-11-21T01:30:00Z"}}


@pytest.mark.parametrize("missing", ["index", "keys", "other keys", "ledger"])
def test_not_ready_says_what_is_missing_and_alive_goes_on(home: Home, anonymous: Client, backend: Backend, missing: str) -> None:
    if missing == "index":
        shutil.rmtree(home.settings.serving)
    elif missing == "ledger":
        backend.settings = home.settings.model_copy(update={"ledger_url": "sqlite:////nowhere/at/all/ledger.db"})
    else:
        shutil.rmtree(home.settings.keys_dir)
        if missing == "other keys":
            create_keyring(home.settings.keys_dir)
    answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert anonymous.get("/healthz").json() == {"status": "ok"}


def test_what_was_missing_is_taken_up_when_it_comes(home: Home, anonymous: Client) -> None:
    shutil.rmtree(home.settings.serving)
    assert anonymous.get("/readyz").status_code == 503
    home.publish("v2")
    assert anonymous.get("/readyz").json()["version"] == "v2"


def test_every_request_leaves_one_line_and_no_value(home: Home, anonymous: Client, logged: Lines) -> None:
    key = home.key()
    headers = {"authorization": f"Bearer {key}", "user-agent": CANARY, "referer": f"https://crm/{CANARY}"}
    anonymous.get(f"/v1/customers/{ADA}?phone={CANARY}", headers=headers)
    anonymous.post("/v1/customers/lookup", json={"type": "phone", "value": CANARY}, headers=headers)
    anonymous.get(f"/{CANARY}")
    lines = [orjson.loads(line) for line in logged.lines if '"hub.access"' in line]
    assert [(line["method"], line["route"], line["status"], line["key_id"]) for line in lines] == [
        ("GET", "/v1/customers/{customer_id}", 200, key_id_of(key)),
        ("POST", "/v1/customers/lookup", 200, key_id_of(key)),
        ("GET", "-", 404, None),
    ]
    assert all(UUID(line["request_id"]) and line["ms"] >= 0 for line in lines)
    assert CANARY not in logged.text and key not in logged.text


def test_the_documentation_needs_no_other_site(anonymous: Client) -> None:
    page = anonymous.get("/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"docs/assets/{asset}" in page.text
        assert anonymous.get(f"/docs/assets/{asset}").status_code == 200


def test_the_openapi_document_is_complete(app: FastAPI) -> None:
    document = app.openapi()
    assert set(document["paths"]) == {
        "/v1/customers/lookup", "/v1/customers/batch", "/v1/customers/{customer_id}", "/v1/match", "/v1/me", "/healthz", "/readyz",
    }  # fmt: skip
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"] and operation["description"] and operation["tags"], path
            statuses = set(operation["responses"])
            assert {"200", "500"} <= statuses
            assert {"401", "403", "405", "503"} <= statuses or not path.startswith("/v1")
            for status, response in operation["responses"].items():
                if status >= "400":
                    content = response["content"]["application/problem+json"]
                    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                    assert content["example"]["status"] == int(status)
    assert not _dangling(document, document)
    assert orjson.dumps(document)


def _dangling(part: Any, document: dict[str, Any]) -> list[str]:
    """References that lead nowhere."""
    if isinstance(part, list):
        return [found for each in part for found in _dangling(each, document)]
    if not isinstance(part, dict):
        return []
    found = [found for each in part.values() for found in _dangling(each, document)]
    reference = part.get("$ref")
    if isinstance(reference, str):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target.get(step, {})
        found += [] if target else [reference]
    return found

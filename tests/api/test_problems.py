"""Every error is a problem document, and none repeats what was sent."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import orjson
import pytest
from fastapi import FastAPI
from httpx import Response

from schemas.api import Problem
from schemas.errors import HubError
from tests.api.client import Client
from tests.api.conftest import Lines
from tests.api.home import ADA, CANARY, Home

LOOKUP = "/v1/customers/lookup"
JSON = {"content-type": "application/json"}


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(70):
        yield b"x" * 1024


BROKEN = {
    "not json": (b'{"type": "phone", "value": ' + CANARY.encode(), 400),
    "no body": (b"", 422),
    "not an object": (f'["{CANARY}"]'.encode(), 422),
    "a string": (f'"{CANARY}"'.encode(), 422),
    "not utf-8": (b'{"type": "phone", "value": "\xff' + CANARY.encode() + b'"}', 400),
    "too deep": (b"[" * 30_000 + CANARY.encode(), 400),
    "a huge number": (b'{"type": "phone", "value": ' + CANARY.encode() * 600 + b"}", 400),
    "unknown type": (orjson.dumps({"type": CANARY, "value": "x"}), 422),
    "a number as value": (orjson.dumps({"type": "phone", "value": int(CANARY)}), 422),
    "value missing": (orjson.dumps({"type": "phone"}), 422),
    "value empty": (orjson.dumps({"type": "phone", "value": ""}), 422),
    "value too long": (orjson.dumps({"type": "phone", "value": CANARY * 30}), 422),
    "lone surrogate": (b'{"type": "phone", "value": "\\ud800' + CANARY.encode() + b'"}', 422),
    "unknown member": (orjson.dumps({"type": "phone", "value": "13812345678", CANARY: CANARY}), 422),
    "not a phone": (orjson.dumps({"type": "phone", "value": f"{CANARY}9"}), 422),
    "too large": (b"x" * 70_000 + CANARY.encode(), 413),
}


def checked(answer: Response) -> Problem:
    """The problem document, after what holds for every one of them."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = Problem.model_validate(answer.json(), extra="forbid")
    assert problem.status == answer.status_code
    assert problem.instance == f"urn:uuid:{UUID(answer.headers['x-request-id'])}"
    return problem


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_body_gives_a_problem_without_its_values(agent: Client, logged: Lines, case: str) -> None:
    body, status = BROKEN[case]
    answer = agent.post(LOOKUP, content=body, headers=JSON)
    assert answer.status_code == status
    problem = checked(answer)
    assert problem.status == status
    assert CANARY not in answer.text + str(answer.headers) + logged.text
    if status == 422:
        assert problem.errors


def test_validation_says_where_and_what_would_be_right(agent: Client) -> None:
    problem = checked(agent.post(LOOKUP, json={"type": "fax", CANARY: 1}))
    found = {(error.pointer, error.code): error.detail for error in problem.errors or []}
    assert set(found) == {("/type", "literal_error"), ("/value", "missing"), ("", "extra_forbidden")}
    assert "'phone'" in found["/type", "literal_error"]


def test_an_invalid_value_names_its_type_only(agent: Client) -> None:
    problem = checked(agent.post(LOOKUP, json={"type": "phone", "value": "12"}))
    assert problem.errors is not None
    assert [(error.pointer, error.code) for error in problem.errors] == [("/value", "not_phone")]


def test_another_media_type_is_415(agent: Client) -> None:
    answer = agent.post(LOOKUP, content=b'{"type": "phone", "value": "1"}', headers={"content-type": "text/plain"})
    assert (answer.status_code, checked(answer).type) == (415, "urn:hub:problem:unsupported-media-type")


def test_a_body_in_pieces_is_limited_too(agent: Client) -> None:
    answer = agent.post(LOOKUP, content=pieces(), headers=JSON)
    assert (answer.status_code, checked(answer).status) == (413, 413)


def test_a_body_where_none_is_read_is_limited_too(agent: Client) -> None:
    answer = agent.request("GET", f"/v1/customers/{ADA}", content=b"x" * 70_000)
    assert (answer.status_code, checked(answer).status) == (413, 413)


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 30, "٣"])
def test_an_odd_content_length_is_refused(agent: Client, length: str) -> None:
    answer = agent.post(LOOKUP, content=b"{}", headers={**JSON, "content-length": length.encode()})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "allow"), [("DELETE", f"/v1/customers/{CANARY}", "GET"), ("PUT", LOOKUP, "POST"), ("POST", "/healthz", "GET")]
)
def test_a_wrong_method_says_which_is_right(agent: Client, method: str, path: str, allow: str) -> None:
    answer = agent.request(method, path)
    assert answer.status_code == 405
    assert allow in answer.headers["allow"]
    assert CANARY not in checked(answer).model_dump_json()


@pytest.mark.parametrize("place", ["/v1/customers/{}", "/v1/customers/{}/", "/v1/{}", "/{}", "/readyz/{}", "/docs/assets/{}"])
def test_what_is_not_there_is_not_repeated(agent: Client, logged: Lines, place: str) -> None:
    answer = agent.get(f"{place.format(CANARY)}?phone={CANARY}", headers={"x-request-id": CANARY, "user-agent": CANARY})
    assert answer.status_code == 404
    checked(answer)
    assert CANARY not in answer.text + str(answer.headers) + logged.text


def test_an_exception_nobody_foresaw_is_a_500_without_its_text(home: Home, app: FastAPI, logged: Lines) -> None:
    def explodes(kind: str, value: str) -> str | None:
        raise ValueError(f"cannot parse {value}") from KeyError(value)

    app.state.backend.normalise = explodes
    client = Client(app, headers={"authorization": f"Bearer {home.key()}"})
    answer = client.post(LOOKUP, json={"type": "phone", "value": CANARY})
    problem = checked(answer)
    assert (answer.status_code, problem.type) == (500, "urn:hub:problem:internal")
    assert CANARY not in answer.text + logged.text
    line = next(orjson.loads(line) for line in logged.lines if "unexpected error" in line)
    assert line["error"] == ["builtins.ValueError", "builtins.KeyError"]
    assert line["frames"][-1].endswith("explodes")
    assert f"urn:uuid:{line['request_id']}" == problem.instance


def test_a_missing_part_is_a_503_that_names_no_path(home: Home, agent: Client, logged: Lines) -> None:
    shutil.rmtree(home.settings.serving)
    answer = agent.get(f"/v1/customers/{ADA}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert checked(answer).detail == "There is no serving index yet."
    assert str(home.settings.home) not in answer.text
    assert str(home.settings.serving) in logged.text


def test_a_hub_error_of_a_route_is_a_503(home: Home, app: FastAPI) -> None:
    def refuses(kind: str, value: str) -> str | None:
        raise HubError("the tables are missing", where="/secret/place")

    app.state.backend.normalise = refuses
    client = Client(app, headers={"authorization": f"Bearer {home.key()}"})
    answer = client.post(LOOKUP, json={"type": "phone", "value": CANARY})
    assert (answer.status_code, checked(answer).detail) == (503, "The tables are missing.")


def test_the_callers_request_id_is_kept_when_it_is_a_uuid(agent: Client) -> None:
    mine = str(uuid4())
    assert agent.get("/healthz", headers={"x-request-id": mine.upper()}).headers["x-request-id"] == mine
    assert agent.get("/healthz", headers={"x-request-id": f"{mine}{CANARY}"}).headers["x-request-id"] != mine

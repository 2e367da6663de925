"""Who may ask: every protected address, every kind of credential."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path
from time import sleep

import pytest
from fastapi import APIRouter, FastAPI

from api.auth import SCOPE_FIELD, ScopedRoute
from api.backend import KEY_SECONDS, Backend
from api.scopes import CUSTOMERS_READ, SCOPES, scopes_of
from ledger.api_keys import ROLES, key_id_of, revoke_key
from tests.api.client import Client
from tests.api.home import ADA, Home

PROFILE = f"/v1/customers/{ADA}"


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_every_role_has_its_scopes() -> None:
    assert set(SCOPES) == set(ROLES)
    assert scopes_of("nobody") == frozenset()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_customers_or_is_told_that_it_may_not(anonymous: Client, home: Home, role: str) -> None:
    headers = bearer(home.key(role))
    may = CUSTOMERS_READ in SCOPES[role]
    profile = anonymous.get(PROFILE, headers=headers)
    lookup = anonymous.post("/v1/customers/lookup", headers=headers, json={"type": "customer", "value": ADA})
    assert (profile.status_code, lookup.status_code) == ((200, 200) if may else (403, 403))
    if not may:
        assert 'scope="customers:read"' in profile.headers["www-authenticate"]
        assert profile.json()["type"] == "urn:hub:problem:forbidden"
        # a request that is wrong besides learns nothing of it
        assert anonymous.post("/v1/customers/lookup", headers=headers, json={"type": "x"}).status_code == 403


@pytest.mark.parametrize("header", ["bearer", "BEARER", "x-api-key"])
def test_a_key_is_taken_from_either_header(anonymous: Client, home: Home, header: str) -> None:
    key = home.key()
    headers = {"x-api-key": key} if header == "x-api-key" else {"authorization": f"{header} {key}"}
    assert anonymous.get(PROFILE, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/v1", "/v1/", PROFILE, "/v1/customers/lookup", "/v1/nothing", "/v1/customers/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_nothing_below_v1_answers_without_a_key(anonymous: Client, method: str, path: str) -> None:
    answer = anonymous.request(method, path, content=b"{not json")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="customer hub"'
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1x", "//v1/customers/x", "/V1/customers/x", "/healthz/../v1/customers/x"])
def test_an_address_that_only_looks_protected_leads_nowhere(anonymous: Client, path: str) -> None:
    assert anonymous.get(path).status_code in {401, 404}


def test_every_route_below_v1_names_the_scope_it_needs(app: FastAPI) -> None:
    known = frozenset().union(*SCOPES.values())
    protected = [item for path, item in app.openapi()["paths"].items() if path.startswith("/v1")]
    assert protected
    for operation in (each for item in protected for each in item.values()):
        assert operation["security"] == [{"bearer": []}, {"api_key": []}]
        assert operation[SCOPE_FIELD] in known


def test_a_route_without_a_scope_cannot_be_made() -> None:
    router = APIRouter(route_class=ScopedRoute)
    with pytest.raises(KeyError):
        router.add_api_route("/v1/open", lambda: None)


@pytest.mark.parametrize(
    "wrong", ["", "Bearer", "Bearer ", "Basic aHViOmh1Yg==", "Bearer hub_abcdefgh_" + "a" * 40, "Bearer nonsense", "Bearer 键"]
)
def test_a_wrong_credential_is_refused(anonymous: Client, wrong: str) -> None:
    answer = anonymous.get(PROFILE, headers={"authorization": wrong.encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_of_another_hub_is_refused(anonymous: Client, home: Home) -> None:
    from ledger.api_keys import issue_key

    assert anonymous.get(PROFILE, headers=bearer(issue_key(home.ledger, b"another pepper", "n", "agent", None))).status_code == 401


def test_an_expired_key_is_refused_even_while_it_is_remembered(anonymous: Client, home: Home, backend: Backend) -> None:
    backend._clock = lambda: 7.0
    key = home.key(ttl=timedelta(seconds=0.4))
    assert anonymous.get(PROFILE, headers=bearer(key)).status_code == 200
    sleep(0.4)
    assert anonymous.get(PROFILE, headers=bearer(key)).status_code == 401


def test_a_revoked_key_is_refused_within_a_second(anonymous: Client, home: Home, backend: Backend) -> None:
    assert KEY_SECONDS <= 1
    seconds = count()
    backend._clock = lambda: float(next(seconds))
    key = home.key()
    assert anonymous.get(PROFILE, headers=bearer(key)).status_code == 200
    revoke_key(home.ledger, key_id_of(key) or "")
    answer = anonymous.get(PROFILE, headers=bearer(key))
    assert (answer.status_code, 'error="invalid_token"' in answer.headers["www-authenticate"]) == (401, True)


def test_a_key_is_read_once_a_second_however_often_it_is_used(anonymous: Client, home: Home, backend: Backend) -> None:
    backend._clock = lambda: 7.0
    key, reads = home.key(), 0
    original = backend.read_key

    def counted(key_id: str) -> object:
        nonlocal reads
        reads += 1
        return original(key_id)

    backend.read_key = counted  # type: ignore[assignment,method-assign]
    for _ in range(5):
        assert anonymous.get(PROFILE, headers=bearer(key)).status_code == 200
    # a wrong secret with a known id is told by the hash, not by the cache
    assert anonymous.get(PROFILE, headers=bearer(key[:-1] + ("a" if key[-1] != "a" else "b"))).status_code == 401
    assert reads == 1


def test_made_up_ids_do_not_fill_the_memory(anonymous: Client, backend: Backend) -> None:
    for n in range(20):
        anonymous.get(PROFILE, headers=bearer(f"hub_{n:08d}_{'a' * 40}"))
    assert backend._keys == {}


def test_a_ledger_that_cannot_be_read_is_503_not_an_open_door(tmp_path: Path, home: Home, anonymous: Client, backend: Backend) -> None:
    key = home.key()
    backend.settings = home.settings.model_copy(update={"ledger_url": f"sqlite:///{tmp_path}/nowhere/ledger.db"})
    answer = anonymous.get(PROFILE, headers=bearer(key))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert str(tmp_path) not in answer.text

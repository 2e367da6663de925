"""Find a customer, read a customer."""

from __future__ import annotations

import orjson
import pytest
from fastapi import FastAPI

from api.backend import Backend
from api.scopes import SCOPES
from schemas.api import PROFILE_EXAMPLE, BatchAnswer, ProfileAnswer
from tests.api.client import Client
from tests.api.home import ADA, BO, CANARY, FORMER, PHONE, SHARED_ORDER, Home, document

LOOKUP = "/v1/customers/lookup"


@pytest.mark.parametrize("written", ["13812345678", "+86 138-1234-5678", "０１３８１２３４５６７８"[1:], " 8613812345678"])
def test_a_phone_is_understood_however_it_is_written(agent: Client, written: str) -> None:
    assert [hit["customer_id"] for hit in agent.post(LOOKUP, json={"type": "phone", "value": written}).json()["hits"]] == [ADA]


def test_a_phone_leads_to_its_customer_with_masked_facts(agent: Client) -> None:
    answer = agent.post(LOOKUP, json={"type": "phone", "value": "138 1234 5678"})
    assert answer.status_code == 200
    assert answer.json() == {
        "hits": [{
            "customer_id": ADA, "moved_from": None, "matched_type": "phone",
            "name": "张**", "phone": "138****5678", "city": "杭州市", "record_n": 7,
        }],
        "hit_n": 1,
        "version": "v1",
    }
    assert answer.headers["cache-control"] == "no-store"


def test_several_customers_are_an_answer_the_best_known_first(agent: Client) -> None:
    answer = agent.post(LOOKUP, json={"type": "order", "value": SHARED_ORDER}).json()
    assert [hit["customer_id"] for hit in answer["hits"]] == [BO, ADA]
    assert answer["hit_n"] == 2


def test_nobody_is_an_answer(agent: Client) -> None:
    answer = agent.post(LOOKUP, json={"type": "phone", "value": "13698524710"})
    assert (answer.status_code, answer.json()["hits"], answer.json()["hit_n"]) == (200, [], 0)


def test_a_value_is_found_under_its_own_type_only(agent: Client) -> None:
    assert agent.post(LOOKUP, json={"type": "ticket", "value": SHARED_ORDER}).json()["hits"] == []


@pytest.mark.parametrize(("asked", "moved_from"), [(ADA, None), (f" {ADA} ", None), (FORMER, FORMER)])
def test_a_customer_id_leads_to_the_customer_it_is_now(agent: Client, asked: str, moved_from: str | None) -> None:
    hit = agent.post(LOOKUP, json={"type": "customer", "value": asked}).json()["hits"][0]
    assert (hit["customer_id"], hit["moved_from"], hit["name"]) == (ADA, moved_from, "张**")


def test_an_id_of_another_system_leads_to_whoever_holds_its_records_now(home: Home, agent: Client) -> None:
    former = [("MDM-1", ADA), ("MDM-2", ADA), ("MDM-2", BO), (FORMER, BO)]
    home.publish("v2", lookups=[("customer", value, customer_id) for value, customer_id in former])
    [hit] = agent.post(LOOKUP, json={"type": "customer", "value": " MDM-1 "}).json()["hits"]
    assert (hit["customer_id"], hit["moved_from"]) == (ADA, "MDM-1")
    profile = agent.get("/v1/customers/MDM-1")
    assert (profile.status_code, profile.json()["customer_id"], profile.json()["moved_from"]) == (200, ADA, "MDM-1")
    assert profile.headers["content-location"] == f"/v1/customers/{ADA}"
    assert [hit["customer_id"] for hit in agent.post(LOOKUP, json={"type": "customer", "value": "MDM-2"}).json()["hits"]] == [BO, ADA]
    several = agent.get("/v1/customers/MDM-2")
    assert (several.status_code, several.json()["type"]) == (409, "urn:hub:problem:several-customers")
    assert "MDM" not in several.text
    assert agent.get(f"/v1/customers/{FORMER}").json()["customer_id"] == ADA, "the hub's own ids come first"
    assert agent.get("/v1/customers/MDM-3").status_code == 404


@pytest.mark.parametrize("value", ["c999", " ", "x" * 200, "键" * 200])
def test_an_id_nobody_has_leads_to_nobody(agent: Client, value: str) -> None:
    assert agent.post(LOOKUP, json={"type": "customer", "value": value}).json()["hits"] == []


def test_a_crowd_is_cut_off_and_counted(agent: Client, home: Home, backend: Backend) -> None:
    crowd = [f"c{n:015x}" for n in range(60)]
    documents = [document(each, name="张**", phone=None, city=None, record_n=1) for each in crowd]
    home.publish("v2", documents, [("phone", PHONE, each) for each in crowd])
    backend._looked_at = float("-inf")
    answer = agent.post(LOOKUP, json={"type": "phone", "value": "13812345678"}).json()
    assert (len(answer["hits"]), answer["hit_n"]) == (50, 60)


def test_a_profile_is_the_published_document_with_the_age_of_its_sections(agent: Client) -> None:
    answer = agent.get(f"/v1/customers/{ADA}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    profile = answer.json()
    ProfileAnswer.model_validate(profile)
    assert profile["identity"]["name"] == "张**"
    assert profile["sections"] == {"orders": {"as_of": "2026-11-20T23:10:00Z", "loaded_at": "2026-11-21T01:30:00Z"}}
    assert "moved_from" not in profile and "content-location" not in answer.headers


def test_the_documented_example_is_a_profile() -> None:
    assert ProfileAnswer.model_validate(PROFILE_EXAMPLE).customer_id == PROFILE_EXAMPLE["customer_id"]


def test_a_former_id_answers_with_the_current_customer_and_says_so(agent: Client) -> None:
    answer = agent.get(f"/v1/customers/{FORMER}")
    assert (answer.status_code, answer.json()["customer_id"], answer.json()["moved_from"]) == (200, ADA, FORMER)
    assert answer.headers["content-location"] == f"/v1/customers/{ADA}"


@pytest.mark.parametrize("customer_id", ["c999", "x" * 5000, "%E5%BC%A0", "%00", "%FF%FE"])
def test_an_id_nobody_had_is_not_found(agent: Client, customer_id: str) -> None:
    answer = agent.get(f"/v1/customers/{customer_id}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:hub:problem:not-found")


def test_an_unchanged_profile_is_not_sent_again(agent: Client, home: Home, backend: Backend) -> None:
    first = agent.get(f"/v1/customers/{ADA}")
    tag = first.headers["etag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = agent.get(f"/v1/customers/{ADA}", headers={"if-none-match": header})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert agent.get(f"/v1/customers/{ADA}", headers={"if-none-match": '"other"'}).status_code == 200
    home.publish("v2", [document(ADA, name="王**", phone=None, city=None, record_n=8)], [])
    backend._looked_at = float("-inf")
    changed = agent.get(f"/v1/customers/{ADA}", headers={"if-none-match": tag})
    assert (changed.status_code, changed.json()["identity"]["name"]) == (200, "王**")


def test_a_new_version_is_served_without_a_restart(agent: Client, home: Home, app: FastAPI) -> None:
    times = iter(range(100))
    app.state.backend._clock = lambda: next(times) / 5
    assert agent.post(LOOKUP, json={"type": "member", "value": "M1"}).json()["version"] == "v1"
    home.publish("v2", lookups=[])
    seen = [agent.post(LOOKUP, json={"type": "member", "value": "M1"}).json() for _ in range(4)]
    assert [answer["version"] for answer in seen][-1] == "v2"
    assert seen[-1]["hits"] == []


def test_a_new_version_that_is_damaged_leaves_the_old_one_in_service(agent: Client, home: Home, backend: Backend) -> None:
    assert agent.get(f"/v1/customers/{ADA}").status_code == 200
    (home.settings.serving / "current.json").write_bytes(orjson.dumps({"version": "v2", "folder": "nowhere"}))
    backend._looked_at = float("-inf")
    assert agent.get(f"/v1/customers/{ADA}").status_code == 200
    home.publish("v3")
    backend._looked_at = float("-inf")
    assert agent.get("/readyz").json()["version"] == "v3"


def test_sections_narrow_a_profile(agent: Client) -> None:
    answer = agent.get(f"/v1/customers/{ADA}?sections=identity, consents")
    assert set(answer.json()) == {"customer_id", "identity", "consents", "sections"}
    assert answer.headers["etag"] != agent.get(f"/v1/customers/{ADA}").headers["etag"]
    assert agent.get(f"/v1/customers/{ADA}?sections=orders").json().keys() == {"customer_id", "sections"}, "she has none"


@pytest.mark.parametrize("named", ["", ",", "identity,clear_values", CANARY])
def test_a_section_that_does_not_exist_is_refused(agent: Client, named: str) -> None:
    answer = agent.get(f"/v1/customers/{ADA}?sections={named}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "sections")
    assert CANARY not in answer.text


def test_a_batch_answers_in_order_and_names_what_is_missing(agent: Client) -> None:
    asked = [BO, "c999", FORMER, BO]
    answer = agent.post("/v1/customers/batch", json={"customer_ids": asked})
    body = BatchAnswer.model_validate(answer.json())
    assert [each.customer_id for each in body.customers] == [BO, ADA]
    assert (body.customers[1].moved_from, body.missing, body.version) == (FORMER, ["c999"], "v1")
    narrow = agent.post("/v1/customers/batch", json={"customer_ids": [BO], "sections": ["identity"]}).json()
    assert set(narrow["customers"][0]) == {"customer_id", "identity", "sections"}


@pytest.mark.parametrize(
    "body", [{}, {"customer_ids": []}, {"customer_ids": ["c1"] * 101}, {"customer_ids": ["c1"], "sections": ["x"]}, {"customer_ids": [7]}]
)
def test_a_batch_is_bounded(agent: Client, body: dict[str, object]) -> None:
    assert agent.post("/v1/customers/batch", json=body).status_code == 422


@pytest.mark.parametrize("role", SCOPES)
def test_every_live_key_may_ask_whose_it_is(anonymous: Client, home: Home, role: str) -> None:
    key = home.key(role)
    answer = anonymous.get("/v1/me", headers={"authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["role"], answer.json()["scopes"]) == (200, role, sorted(SCOPES[role]))
    assert key.rsplit("_", 1)[1] not in answer.text, "the secret is never told"

"""Who is a record that is not in the hub yet?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.client import Client
from tests.api.conftest import Lines
from tests.api.home import CANARY, Home
from tests.resolve.hub import Hub

MATCH = "/v1/match"
WANG = {"name": "王小明", "phone": "13812345679", "birth_on": "1980-02-03"}


@pytest.fixture
def hub(home: Home) -> Hub:
    """Customers behind the API, matched by the hub itself."""
    made = Hub(home.settings.serving, home.keyring)
    made.put(a=WANG, b={"name": "李建国", "phone": "13987654321"})
    made.run()
    made.publish()
    made.world.con.close()
    return made


def test_each_record_gets_its_decision_in_order(hub: Hub, agent: Client) -> None:
    records = [{"name": "王晓明", "phone": "+86 138-1234-5679"}, {"name": "赵敏", "phone": "13711112222"}]
    answer = agent.post(MATCH, json={"records": records})
    assert answer.status_code == 200
    known, unknown = answer.json()["results"]
    assert (known["decision"], known["candidate_n"], known["candidates"][0]["joins"]) == ("match", 1, True)
    told = {of["comparison"]: (of["level"], of["reason"]) for of in known["candidates"][0]["evidence"]}
    assert told["name"] == ("homophone", "other characters, the same sound")
    assert unknown == {"decision": "new", "candidates": [], "candidate_n": 0}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"records": []}, "/records"),
        ({"records": [{"nmae": "王小明"}]}, "/records/0"),
        ({"records": [{"birth_on": "王小明"}]}, "/records/0/birth_on"),
        ({"records": [{"name": "王"}] * 101}, "/records"),
        ({}, "/records"),
    ],
)
def test_what_cannot_be_asked_is_named_and_not_repeated(hub: Hub, agent: Client, body: dict[str, object], pointer: str) -> None:
    answer = agent.post(MATCH, json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert "王小明" not in answer.text


def test_no_value_of_a_record_is_logged_or_answered(hub: Hub, agent: Client, logged: Lines) -> None:
    said = {"name": "王晓明", "phone": CANARY, "email": f"w{CANARY}@x.cn", "address": f"文三路{CANARY}号"}
    answers = [agent.post(MATCH, json={"records": [said | more]}) for more in ({}, {"birth_on": CANARY}, {CANARY: "x"})]
    assert [answer.status_code for answer in answers] == [200, 422, 422]
    told = logged.text + "".join(answer.text + str(answer.headers) for answer in answers)
    assert not [value for value in (CANARY, *said.values()) if value in told]


def test_an_index_built_without_says_so(agent: Client) -> None:
    answer = agent.post(MATCH, json={"records": [WANG]})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:hub:problem:unavailable")


def test_an_analyst_may_not_ask(hub: Hub, home: Home, agent: Client) -> None:
    agent.headers["authorization"] = f"Bearer {home.key('analyst')}"
    assert agent.post(MATCH, json={"records": [WANG]}).status_code == 403


WORKER = """
import json, sys
from pathlib import Path
from tests.api.client import Client
from api.app import create_app
from schemas.settings import Settings
home, keys, key, body = sys.argv[1:5]
client = Client(create_app(Settings(home=Path(home), keys=Path(keys))), headers={"authorization": f"Bearer {key}"})
code = client.post("/v1/match", json=json.loads(body)).status_code
print(json.dumps({"code": code, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""
HEAVY = {"great_expectations", "pandas", "polars", "pypinyin", "dagster", "recordlinkage"}


def test_a_worker_that_resolves_loads_duckdb_and_no_library_of_the_pipeline(hub: Hub, home: Home) -> None:
    body = {"records": [WANG | {"address": "浙江省杭州市西湖区文三路86号3栋2单元301室", "uscc": "91350100M000100Y43"}]}
    command = [sys.executable, "-c", WORKER, str(home.settings.home), str(home.settings.keys_dir), home.key(), json.dumps(body)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    found = json.loads(ended.stdout)
    assert found["code"] == 200, ended.stderr
    assert set(found["loaded"]) & HEAVY == set()

"""A company comes with its history: what its CRM merged, and the ids that another system gave."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from api.app import create_app
from cli.keys import issue_key_for
from schemas.settings import Settings
from tests.api.client import Client
from tests.conventions.source import PROJECT
from tests.e2e.hub import hub

pytestmark = pytest.mark.e2e
MERGES = """
source: crm_merges
entity: merges
files: "crm_merges_*.csv"
format: csv
update: {mode: snapshot}
key: [合并编号]
namespaces: {surviving_ref: crm, merged_ref: crm}
fields:
  surviving_ref: 保留客户号
  merged_ref: 被合并客户号
  merged_at: 合并时间
  reason: 原因
"""
GOLDEN_IDS = """
source: mdm
entity: golden_ids
files: "mdm_*.csv"
format: csv
update: {mode: snapshot}
key: [master_id, crm_id]
namespaces: {record_ref: crm}
fields:
  golden_id: master_id
  record_ref: crm_id
"""


def strangers(home: Path) -> list[str]:
    """CRM keys of three customers."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            """SELECT min(record_id), customer_id FROM cluster.members WHERE record_id LIKE 'crm:%'
            GROUP BY customer_id ORDER BY 1 LIMIT 3"""
        ).fetchall()
    return [record.removeprefix("crm:") for record, _ in rows]


def test_merges_hold_and_former_ids_resolve(used: Path, tmp_path: Path) -> None:
    one, two, three = strangers(used)
    sources = shutil.copytree(PROJECT / "schemas" / "sources", tmp_path / "sources")
    (sources / "crm_merges.yaml").write_text(MERGES, "utf-8")
    (sources / "mdm.yaml").write_text(GOLDEN_IDS, "utf-8")
    assert hub(used, "sources", "check", str(sources)).returncode == 0
    merges = [(1, one, two, "2024-05-01 10:00:00", "重复"), (2, two, one, "2024-05-02 10:00:00", "重复")]
    lines = ["合并编号,保留客户号,被合并客户号,合并时间,原因", *(",".join(map(str, merge)) for merge in merges)]
    (used / "landing" / "crm_merges_1.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (used / "landing" / "mdm_1.csv").write_text(f"master_id,crm_id\nG-7,{two}\nG-8,{one}\nG-8,{three}\n", "utf-8")
    done = hub(used, "run", "--sources", str(sources), "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    told = hub(used, "status", HUB_SOURCES=str(sources)).stdout
    assert "Merges of sources: 2" in told and "2 cycle" in told
    told = hub(used, "explain", f"crm:{one}", f"crm:{two}").stdout
    assert "The source merged them" in told
    settings = Settings(home=used, keys=used.with_name("home-keys"))
    client = Client(create_app(settings), headers={"Authorization": f"Bearer {issue_key_for(settings, 'test', 'agent', None)}"})
    profile = client.get("/v1/customers/G-7")
    assert profile.status_code == 200 and profile.json()["moved_from"] == "G-7"
    hits = client.post("/v1/customers/lookup", json={"type": "customer", "value": "G-8"}).json()["hits"]
    assert profile.json()["customer_id"] in [hit["customer_id"] for hit in hits] and len(hits) == 2
    assert client.get("/v1/customers/G-8").status_code == 409
    assert hub(used, "verify").returncode == 0
    assert "Nothing new" in hub(used, "run", "--sources", str(sources)).stdout

"""A worker stays small: it never loads the heavy libraries of the pipeline."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.api.home import Home

HEAVY = ["great_expectations", "pandas", "polars", "pypinyin", "dagster", "duckdb", "pyarrow", "numpy", "recordlinkage"]
WORKER = """
import json, sys
from pathlib import Path
from tests.api.client import Client
from api.app import create_app
from schemas.settings import Settings
home, keys, key = sys.argv[1:4]
client = Client(create_app(Settings(home=Path(home), keys=Path(keys))), headers={"authorization": f"Bearer {key}"})
codes = [client.get(path).status_code for path in ("/readyz", "/docs", "/openapi.json", "/v1/customers/c00000000000000a")]
for kind, value in json.loads(sys.argv[4]).items():
    codes.append(client.post("/v1/customers/lookup", json={"type": kind, "value": value}).status_code)
print(json.dumps({"codes": codes, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""
VALUES = {
    "phone": "138 1234 5678", "email": "a@example.com", "order": "1", "waybill": "SF1234567890", "ticket": "1", "member": "1",
    "id_number": "11010519491231002X", "wechat": "wx_abc123", "customer": "c1",
}


def test_a_worker_loads_no_heavy_library_whatever_it_is_asked(home: Home) -> None:
    asked = json.dumps(VALUES)
    command = [sys.executable, "-c", WORKER, str(home.settings.home), str(home.settings.keys_dir), home.key(), asked]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    found = json.loads(ended.stdout)
    assert found["codes"] == [200] * (4 + len(VALUES)), ended.stderr
    assert set(HEAVY) & set(found["loaded"]) == set()

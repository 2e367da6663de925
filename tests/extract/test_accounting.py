"""Whatever dirt is in a file: every row is accounted for, good rows load as planted, bad ones keep their bytes."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.extract.conftest import CRM, Hub

HEADER = "编号,姓名,手机,生日\n"
NAMES = st.text(st.sampled_from('张王李·, "\n\t|;甲乙丙abc0９'), max_size=8)
# each kind of dirt is one physical line that no reader can take as part of a good row
DIRT = st.sampled_from([
    "太,少\n", "一,二,三,四,五\n", ",空,,\n", "X,乙,9.9E+15,\n", "X,乙,,1990-02-31\n", "X,乙,,今天\n", "X,\0,,\n", "X,一\r二,,\n",
    '"合"x,乙,,\n',
]).map(str.encode) | st.sampled_from([b"X,\xff\xfe,,\n", "X,王,,\n".encode("gb18030")])  # fmt: skip


def _line(key: int, name: str, quote_all: bool) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL).writerow(
        [f"C{key}", name, "138", "1990-01-02"]
    )
    return out.getvalue().encode()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NAMES, st.booleans(), st.booleans()) | DIRT, max_size=30), st.sampled_from([64, 2**20]))
def test_rows_add_up(pieces: list[tuple[str, bool, bool] | bytes], chunk: int) -> None:
    from pipelines.extract import lines

    planted, sent, dirt = {}, [HEADER.encode()], []
    for n, piece in enumerate(pieces):
        if isinstance(piece, bytes):
            sent.append(piece)
            dirt.append(piece)
        else:
            name, quote_all, twice = piece
            sent += [_line(n, name, quote_all)] * (2 if twice else 1)
            planted[f"C{n}"] = name
    before, lines.CHUNK = lines.CHUNK, chunk
    try:
        with tempfile.TemporaryDirectory() as folder:
            _check(Hub(Path(folder)), b"".join(sent), planted, dirt, len(sent) - 1)
    finally:
        lines.CHUNK = before


def _check(hub: Hub, content: bytes, planted: dict[str, str], dirt: list[bytes], sent_n: int) -> None:
    hub.map(CRM)
    hub.land("crm.csv", content)
    hub.run()
    entry = hub.file("crm.csv")
    if entry["outcome"] == "set_aside":  # most of the first chunk is undecodable: kept whole
        assert entry["reason"] == "wrong_encoding" and any(b"\xff" in line or b"\xcd" in line for line in dirt)
        assert (hub.quarantine / "crm" / entry["file_id"] / "crm.csv").read_bytes() == content
    else:
        names = {key: (name or "") for key, name in hub.ask("SELECT customer_key, name FROM raw.customers")}
        assert {key: name.strip() for key, name in names.items()} == {key: name.strip() for key, name in planted.items()}
        counts = [entry[f"rows_{word}_n"] for word in ("read", "loaded", "superseded", "quarantined")]
        assert counts == [sent_n, len(planted), sent_n - len(planted) - len(dirt), len(dirt)]
        kept = hub.kept() if dirt else b""
        assert kept == b"".join(dirt)
    hub.con.close()

"""The survivorship policy file: what is wrong is named with file and line, and what it declares is obeyed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.survivorship import DECIDED_FIELDS, SURVIVORSHIP, load_survivorship
from tests.golden.world import World, day

SHIPPED = SURVIVORSHIP.read_text("utf-8")


def write(folder: Path, old: str, new: str) -> Path:
    assert old in SHIPPED
    path = folder / "survivorship.yaml"
    path.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    return path


def line_with(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line and not line.startswith("#"))


def test_shipped_policy_decides_every_field() -> None:
    assert set(load_survivorship().fields) == set(DECIDED_FIELDS)


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("  gender: [", "  gendre: [", "gendre", "gendre"),
        ("valid, most_frequent, most_recent, source_trust, most", "valid, most_frequnt, most", "most_frequnt", "most_frequent"),
        ("    caller: 550", "    caler: 550", "caler", "caler"),
        ("default: 500", "default: 5000", "default:", "less than or equal to 1000"),
        ("  sources: []", "  sources:\n    - {source: 'crm/*', trust: 1}", "crm/*", "letters, digits"),
        ("  sources: []", "  sources:\n    - {source: 'erp_*', trust: 1}", "erp_*", "no source fits"),
        ("  uscc: [", "  name: [", "name: [override, source_trust, most_recent", "twice"),
        (
            "  gender: [override, verified, most_frequent, ", "  gender: [override, verified, most_frequent, most_frequent, ", "gender:",
            "twice in the chain",
        ),
        ("language: [override, most_recent, source_trust, tie_break]", "language: [most_recent]", "language:", "tie_break"),
        ("language: [override, most_recent", "language: [most_recent, override", "language:", "outvote the steward"),
        (
            "  sources: []", "  sources:\n    - {source: crm, trust: 1, fields: {marketing_consent: {trust: 5, half_life_days: 9}}}\n#",
            "version: 2", "no source_trust",
        ),
        ("  sources: []", "  sources:\n    - {source: crm, trust: 1, half_life_days: 0}", "half_life_days", "greater than 0"),
        ("  last_agent: [override, most_recent, source_trust, tie_break]\n", "", "fields:", "no chain for last_agent"),
        ("version: 2", "version: [", "default:", "not YAML"),
    ],
)
def test_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, at: str, says: str) -> None:
    path = write(tmp_path, old, new)
    with pytest.raises(UsageError) as caught:
        load_survivorship(path, sources=["crm", "oms"])
    assert says in str(caught.value)
    assert caught.value.where == f"{path}:{line_with(path, at)}"
    assert caught.value.exit_code == 2


def test_absent_or_empty_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    for name in ("absent.yaml", "empty.yaml"):
        with pytest.raises(UsageError, match=re.escape(name)):
            load_survivorship(tmp_path / name)


def test_trust_goes_by_the_most_specific_entry(tmp_path: Path) -> None:
    entries = "  sources:\n    - {source: 'erp_*', trust: 900, fields: {phone: 950}}"
    policy = load_survivorship(write(tmp_path, "  sources: []", entries))
    assert policy.trust_in("erp_hz", "buyer", "phone").trust == 950
    assert policy.trust_in("erp_hz", "buyer", "name").trust == 900
    assert policy.trust_in("crm", "crm_customer", "name").trust == 800
    assert policy.trust_in("crm", "unheard_of", "name").trust == 500


def test_another_policy_decides_otherwise(tmp_path: Path) -> None:
    world = World()
    world.mention("erp_hz:1", "c1", role="recipient", at=day(1), company="云山贸易")
    world.mention("crm:1", "c1", at=day(9), company="山云贸易")
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["company"] == "山云贸易"
    policy = load_survivorship(write(tmp_path, "  sources: []", "  sources:\n    - {source: 'erp_*', trust: 900}"))
    world.run_golden(full=True, policy=policy)
    assert world.row("gold.customers", customer_id="c1")["company"] == "云山贸易"

"""`hub verify` finds each thing that can be damaged, names it, and nothing in a sound home."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import lmdb
import pytest
import sqlalchemy as sa

from ledger.store import open_ledger
from operations.verify import Check, verify
from pipelines.publish.keyring import load_keyring
from pipelines.publish.serving_index import DATABASES
from schemas.errors import HubError
from schemas.settings import Settings
from tests.e2e.hub import hub
from tests.publish.world import serving_folder

pytestmark = pytest.mark.e2e


def found(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in verify(settings) if check.wrong}


def sql(statement: str) -> Callable[[Settings], None]:
    def damage(settings: Settings) -> None:
        with duckdb.connect(str(settings.warehouse)) as con:
            con.execute("SET TimeZone = 'UTC'")
            assert con.execute(statement).fetchall() != [(0,)], "nothing was damaged"

    return damage


def serving(database: str, change: Callable[[lmdb.Transaction, object, bytes, bytes], object]) -> Callable[[Settings], None]:
    """Change the first entry of a database of the serving index."""

    def damage(settings: Settings) -> None:
        env = lmdb.open(str(serving_folder(settings.home)), max_dbs=len(DATABASES), map_size=1 << 30)
        db = env.open_db(database.encode(), create=False)
        with env.begin(write=True) as txn:
            cursor = txn.cursor(db)
            assert cursor.first()
            change(txn, db, *cursor.item())
        env.close()

    return damage


def alias(settings: Settings) -> None:
    env = lmdb.open(str(serving_folder(settings.home)), max_dbs=len(DATABASES), map_size=1 << 30)
    with env.begin(write=True) as txn:
        txn.put(b"cx", b"c0", db=env.open_db(b"aliases", txn=txn, create=False))
    env.close()


def parquet(settings: Settings) -> None:
    path = next((settings.published / "current").resolve().glob("gold.customers.parquet"))
    held = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(held[:200] + bytes([held[200] ^ 1]) + held[201:])


def parquet_gone(settings: Settings) -> None:
    next((settings.published / "current").resolve().glob("mart.tickets.parquet")).unlink()


def ledger_file(settings: Settings) -> None:
    with closing(open_ledger(settings.ledger)) as ledger, ledger.write() as connection:
        assert connection.execute(sa.text("UPDATE files SET rows_read_n = 1 WHERE file_name LIKE '%crm%'")).rowcount


FIRST = "(SELECT min(customer_id) FROM cluster.customers)"
DAMAGES: dict[str, tuple[Callable[[Settings], None], str]] = {
    "a row too many in the manifest": (sql("UPDATE raw.files SET rows_read_n = rows_read_n + 1"), "rows of a file"),
    "a quarantined row is not indexed": (sql("DELETE FROM raw.quarantine WHERE line_n = (SELECT min(line_n) FROM raw.quarantine)"),
                                         "quarantined rows are indexed"),
    "a row of no file": (sql("UPDATE raw.rows SET file_id = 'f0' WHERE line_n = 3"), "current rows come from a file that was read"),
    "a mention of nobody": (sql("DELETE FROM cluster.members WHERE record_id = (SELECT min(record_id) FROM cluster.members)"),
                            "every mention belongs to one active customer"),
    "a mention of an id nobody has": (sql(f"UPDATE cluster.members SET customer_id = 'c0' WHERE customer_id = {FIRST}"),
                                      "every mention belongs to one active customer"),
    "a wrong number of mentions": (sql(f"UPDATE cluster.customers SET record_n = 99 WHERE customer_id = {FIRST}"),
                                   "customers have as many mentions as the registry says"),
    "a circle of merged ids": (sql("""INSERT INTO cluster.customers (customer_id, status, merged_into, record_n)
                                   VALUES ('ca', 'merged', 'cb', 0), ('cb', 'merged', 'ca', 0)"""), "merged ids resolve"),
    "an id merged into none": (sql("""INSERT INTO cluster.customers (customer_id, status, merged_into, record_n)
                                   VALUES ('ca', 'merged', 'c-none', 0)"""), "merged ids resolve"),
    "a crosswalk to another customer": (sql(f"UPDATE gold.crosswalk SET customer_id = 'c0' WHERE customer_id = {FIRST}"),
                                        "the crosswalk is the members"),
    "a customer without a golden record": (sql(f"DELETE FROM gold.customers WHERE customer_id = {FIRST}"),
                                           "active customers have a golden record"),
    "provenance from a record of nobody": (sql("UPDATE gold.provenance SET record_id = 'crm:none' WHERE field = 'name'"),
                                           "golden values come from a record"),
    "another count in the ledger": (ledger_file, "the ledger lists the files"),
    "a changed byte of Parquet": (parquet, "published files have their checksums"),
    "a Parquet file that is gone": (parquet_gone, "published files have their checksums"),
    "a table that is not what was published": (sql("UPDATE mart.orders SET amount_cny = amount_cny + 1"), "published tables hold"),
    "a document nobody derived": (serving("profiles", lambda txn, db, k, v: txn.put(k, v[:-1] + b" }", db=db)), "every customer is served"),
    "a document that is gone": (serving("profiles", lambda txn, db, k, v: txn.delete(k, db=db)), "every customer is served"),
    "an alias nobody registered": (alias, "merged ids are served"),
    "a token that leads nowhere": (serving("tokens", lambda txn, db, k, v: txn.delete(k, v, db=db)), "every lookup leads"),
    "a token of somebody else": (serving("tokens", lambda txn, db, k, v: txn.put(k, b"c0", db=db)), "every lookup leads"),
    "a customer who lost lookups": (serving("customer_tokens", lambda txn, db, k, v: txn.put(k, v[:-16], db=db)), "customers know"),
}  # fmt: skip


def test_a_sound_home_has_nothing_wrong(used: Settings) -> None:
    checks = list(verify(used))
    assert len(checks) >= 18 and not [check for check in checks if check.wrong]
    assert sum(check.looked_at for check in checks) > 5_000
    done = hub(used.home, "verify")
    assert done.returncode == 0 and "every customer is served as derived" in done.stdout


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_found(used: Settings, damage: str) -> None:
    do, name = DAMAGES[damage]
    do(used)
    wrong = found(used)
    [check] = [check for check in wrong.values() if check.name.startswith(name)]
    assert check.wrong >= 1 and check.keys


def test_it_names_customers_and_files_never_a_value(used: Settings) -> None:
    sql("UPDATE gold.provenance SET record_id = 'crm:13800138000'")(used)
    sql(f"UPDATE gold.crosswalk SET customer_id = 'c0' WHERE customer_id = {FIRST}")(used)
    done = hub(used.home, "verify")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "13800138000" not in done.stdout + done.stderr and "crm:" not in done.stdout
    assert "of the checks found something" in done.stderr


def test_changes_that_wait_are_no_damage_of_what_is_served(used: Settings) -> None:
    sql("INSERT INTO mart.changes SELECT 'customers', min(customer_id), 1000000 FROM mart.profiles")(used)
    assert set(found(used)) == {"every change is published (`hub run` publishes)"}


def test_nothing_to_verify_is_said(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="nothing has been run"):
        list(verify(Settings(home=tmp_path)))


def test_the_keys_must_be_those_of_the_home(used: Settings, settings: Settings) -> None:
    assert load_keyring(settings.keys_dir).fingerprint != load_keyring(used.keys_dir).fingerprint
    with pytest.raises(HubError, match="another key"):
        list(verify(used.model_copy(update={"keys": settings.keys_dir})))

"""Tokens: the same in Python and in SQL, for every text."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publish.keyring import Key
from pipelines.publish.tokens import lookup_token, published_token, token_hex_sql, token_parameters, token_sql

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
CON = duckdb.connect()


def test_a_known_token() -> None:
    """Computed with OpenSSL: `openssl dgst -sha256 -mac HMAC -macopt hexkey:0001…1f` over kind, 0x1F, value."""
    key = Key("k1", bytes(range(32)))
    assert lookup_token(key, "phone", "13812345678").hex() == "04f1a1dce1bc83611ac7095e1cbd8972"


@settings(max_examples=60, deadline=None)
@given(key=st.binary(min_size=32, max_size=32), pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=30))
def test_sql_and_python_agree(key: bytes, pairs: list[tuple[str, str]]) -> None:
    k = Key("k1", key)
    rows = "SELECT unnest($kinds) AS kind, unnest($values) AS value"
    sql = f"SELECT {token_sql('kind', 'value')}, {token_hex_sql('kind', 'value')} FROM ({rows})"
    found = CON.execute(sql, {**token_parameters(k), "kinds": [p[0] for p in pairs], "values": [p[1] for p in pairs]}).fetchall()
    wanted = [lookup_token(k, kind, value) for kind, value in pairs]
    assert found == [(token, token.hex()) for token in wanted]


def test_null_has_no_token() -> None:
    sql = f"SELECT {token_sql('NULL::VARCHAR', 'NULL::VARCHAR')}"
    assert CON.execute(sql, token_parameters(Key("k1", bytes(32)))).fetchall() == [(None,)]


def test_kinds_keys_and_files_have_tokens_of_their_own() -> None:
    key = Key("k1", bytes(32))
    tokens = {
        lookup_token(key, "phone", "1"), lookup_token(key, "order", "1"), lookup_token(Key("k1", b"x" * 32), "phone", "1"),
        bytes.fromhex(published_token(key, "phone", "1")),
    }
    assert len(tokens) == 4

"""Surname, comparison form and pinyin of names already read: tables of characters joined, a few expressions over distinct names.

A surname is read as surnames are (单 shan, 曾 zeng, 解 xie, 仇 qiu, 尉迟 yu chi); every other character by its commonest reading, so
that two spellings of one sound always get the same syllables.
"""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa

from pipelines.standardise.characters import HAN
from pipelines.standardise.vocabulary import entries

# a name of up to four characters may begin with a surname; longer ones are transcriptions
_IS_SHORT = f"regexp_full_match(text, '[{HAN}][{HAN}*]{{0,3}}')"

_TONES = {"a": "āáǎà", "o": "ōóǒò", "e": "ēéěèếềê̄ê̌", "i": "īíǐì", "u": "ūúǔù", "v": "üǖǘǚǜ", "m": "ḿm̀", "n": "ńňǹ"}
_TONELESS = {ord(mark): letter for letter, marks in _TONES.items() for mark in marks} | {0x0304: "", 0x030C: "", 0x0300: ""}


@cache
def syllables() -> pa.Table:
    """character, syllable: the commonest reading of each character pypinyin knows, without tone, ü written v."""
    from pypinyin.constants import PINYIN_DICT

    readings = {chr(code): reading.partition(",")[0].translate(_TONELESS) for code, reading in PINYIN_DICT.items()}
    return pa.table({"character": list(readings), "syllable": list(readings.values())})


def lay_out_readings(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `syllables(character, syllable)`, `surnames(surname, reading, folded)`, `compound_surnames(surname, reading)`."""
    surnames = [(row["surname"], row["reading"] or None, row["folded"] or row["surname"]) for row in entries("surnames")]
    compound = [(row["surname"], row["reading"]) for row in entries("compound_surnames")]
    names, readings, folded = zip(*surnames, strict=True)
    tables = {
        "syllables": syllables(),
        "surnames": pa.table({"surname": names, "reading": pa.array(readings, pa.string()), "folded": folded}),
        "compound_surnames": pa.table({"surname": [c[0] for c in compound], "reading": [c[1] for c in compound]}),
    }
    for name, table in tables.items():
        con.register("reading_rows", table)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM reading_rows")
        con.unregister("reading_rows")


def add_readings(con: duckdb.DuckDBPyConnection, read: str, into: str) -> None:
    """Temp `into(raw, name, name_norm, surname, name_pinyin, is_masked, is_organisation, has_organisation_word, organisation)` from the
    temp table `read` of `names.read_names`."""
    parts = "\n".join(f"LEFT JOIN syllables p{i} ON p{i}.character = substr(text, {i}, 1)" for i in range(1, 5))
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE names_short AS
        SELECT raw, c.surname IS NOT NULL AS is_compound, s.folded, c.reading AS compound_reading, coalesce(s.reading, p1.syllable) AS r1,
               p1.syllable AS p1, p2.syllable AS p2, p3.syllable AS p3, p4.syllable AS p4
        FROM (SELECT raw, text FROM {read} WHERE {_IS_SHORT})
        LEFT JOIN surnames s ON s.surname = left(text, 1)
        LEFT JOIN compound_surnames c ON c.surname = left(text, 2)
        {parts}"""
    )
    _spell_out_long(con, read)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT raw, name,
            CASE WHEN h.is_compound OR h.folded IS NULL THEN text ELSE h.folded || substr(text, 2) END AS name_norm,
            CASE WHEN h.is_compound THEN left(text, 2) ELSE h.folded END AS surname,
            CASE WHEN is_masked OR text IS NULL THEN NULL
                WHEN h.is_compound THEN concat_ws(' ', h.compound_reading, {_char(3)}, {_char(4)})
                WHEN h.raw IS NOT NULL THEN concat_ws(' ', coalesce(h.r1, left(text, 1)), {_char(2)}, {_char(3)}, {_char(4)})
                ELSE coalesce(l.spelt, text) END AS name_pinyin,
            is_masked, is_organisation, has_organisation_word, organisation
        FROM {read} r LEFT JOIN names_short h USING (raw) LEFT JOIN names_long l USING (raw)"""
    )
    con.execute("DROP TABLE names_short; DROP TABLE names_long")


def _char(place: int) -> str:
    """Syllable of the character at `place`; a character nobody knows a reading of stands for itself."""
    return f"coalesce(h.p{place}, nullif(substr(text, {place}, 1), ''))"


def _spell_out_long(con: duckdb.DuckDBPyConnection, read: str) -> None:
    """Temp `names_long(raw, spelt)`: syllables of long and mixed names, words of letters kept whole. Latin names are their own spelling."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE names_long AS
        SELECT raw, string_agg(coalesce(p.syllable, token), ' ' ORDER BY place) AS spelt
        FROM (
            SELECT raw, unnest(tokens) AS token, generate_subscripts(tokens, 1) AS place
            FROM (SELECT raw, regexp_extract_all(text, '[{HAN}]|[^{HAN} ·]+') AS tokens FROM {read}
                  WHERE NOT is_masked AND NOT coalesce({_IS_SHORT}, true) AND regexp_matches(text, '[{HAN}]'))
        ) LEFT JOIN syllables p ON p.character = token
        GROUP BY raw"""
    )

"""Writes `docs/data-dictionary.md` from the table contracts, the field classes and the publishing policy.

`python -m schemas.dictionary` writes it; a test fails when the file is not what would be written.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from schemas.contract import Column, Table
from schemas.fields import FieldClasses, load_fields
from schemas.publishing import FIRST_BAND, FORM_OF_CLASS, PUBLISHED, YEAR_BAND, published_columns
from schemas.tables import LAYERS, TABLES

DICTIONARY = Path(__file__).parent.parent / "docs" / "data-dictionary.md"

_LAYER_DOCS = {
    "meta": "What the pipeline remembers of itself between runs.",
    "raw": "Source rows, typed, as sent.",
    "std": "Standardised values: one party mention a row, facts one a row.",
    "match": "Evidence and scored pairs.",
    "cluster": "Who is who, and how that came to be.",
    "gold": "What is true of each customer, with provenance.",
    "mart": "The 360° profile, as tables and as documents.",
    "writeback": "Repairs proposed to the sources, and what became of them.",
}

_HEAD = f"""# Data dictionary

Generated from `schemas/` by `python -m schemas.dictionary`; do not edit by hand.

The warehouse holds every table below. {len(PUBLISHED)} of them are published as Parquet, de-identified: one file `<table>.parquet` a
table in `published/<version>/`, with `manifest.json` (rows, bytes, SHA-256, columns) and `catalog.duckdb` (a view for every file).

Open a version from any folder; the views name their files without a folder, so one line says where to look:

```python
import duckdb

con = duckdb.connect("data/published/current/catalog.duckdb", read_only=True)
con.execute("SET file_search_path = 'data/published/current'")
con.sql("SELECT tier, count(*) FROM mart.customer_values GROUP BY tier")
```

## Published forms

| form | what it is |
| --- | --- |
| as is | The value. |
| token | 32 hex digits, HMAC-SHA256 under the home's key: equal values of one class (of one `kind` in gold.contacts, where document \
numbers carry their type) have equal tokens in every table, so they join and count; \
without the key nobody can compute one. Frequent values, such as common names, stay \
recognisable as frequent. They are not the tokens the API looks up. |
| year band | {YEAR_BAND} years, as `1985-1989`; all years before {FIRST_BAND} are one band. |
| withheld | Not published. |

Keys (`record_id`, `row_id`, `order_id` …) are published as they are and contain the native keys of the sources. A source whose native
key is itself a phone or document number must be mapped with another key.
"""


def dictionary() -> str:
    """The whole document as Markdown."""
    fields = load_fields()
    parts = [_HEAD, _classes(fields)]
    for layer in LAYERS:
        parts.append(f"## {layer}\n\n{_LAYER_DOCS[layer]}\n")
        parts += [_table(table) for table in TABLES if table.layer == layer]
    return "\n".join(parts)


def write_dictionary(path: Path = DICTIONARY) -> None:
    """Write the document to `path`, whole or not at all."""
    temp = path.with_name(f".{path.name}.new")
    temp.write_text(dictionary(), encoding="utf-8")
    temp.replace(path)


def _classes(fields: FieldClasses) -> str:
    rows = (
        (f"`{name}`", one.meaning.en, one.meaning.zh, one.sensitivity, FORM_OF_CLASS.get(name, "withheld"))
        for name, one in fields.classes.items()
    )
    table = _rows(("class", "meaning", "含义", "sensitivity", "published as"), rows)
    return f"## Field classes\n\nWhat a value says about a person; all of it is in `schemas/fields.yaml`.\n\n{table}"


def _table(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    fate = "Published." if table in PUBLISHED else "Not published."
    published = {c.source.name: f"`{c.name}` ({c.form})" if c.name != c.source.name else c.form for c in published_columns(table)}
    head = ("column", "type", "class", "meaning")
    if table in PUBLISHED:
        rows = _rows((*head, "published as"), ((*_cells(c), published.get(c.name, "withheld")) for c in table.columns))
    else:
        rows = _rows(head, (_cells(c) for c in table.columns))
    return f"### {table.name}\n\n{table.doc} Key: {key}. {fate}\n\n{rows}"


def _cells(column: Column) -> tuple[str, str, str, str]:
    return f"`{column.name}`", column.type, f"`{column.field_class}`" if column.field_class else "", column.doc


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    write_dictionary()

"""What of the warehouse is published as Parquet, and in which form each class of field leaves it.

The policy is by field class, never by hand per column: a new column of a class is published in the form of its class, and a class
without a form stops the publication. The SQL that makes each form is in `pipelines/publish/deidentify.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.contract import DATE, TEXT, TEXTS, Column, Table
from schemas.errors import HubError
from schemas.tables import cluster, gold, mart, std, writeback

Form = Literal["as is", "token", "year band", "withheld"]

PUBLISHED: tuple[Table, ...] = (
    gold.CUSTOMERS,
    gold.CONTACTS,
    gold.ADDRESSES,
    gold.PROVENANCE,
    gold.CROSSWALK,
    gold.ATTRIBUTE_NAMES,
    gold.PREFERENCES,
    gold.ORGANISATIONS,
    gold.ORGANISATION_VALUES,
    gold.RELATIONS,
    gold.PLACES,
    cluster.CUSTOMERS,
    cluster.EVENTS,
    cluster.FORMER_MEMBERS,
    mart.CUSTOMER_VALUES,
    mart.CUSTOMER_TAGS,
    mart.ORGANISATION_VALUES,
    mart.ORDERS,
    mart.SHIPMENTS,
    mart.TICKETS,
    mart.SECTION_AGES,
    std.ORDER_LINES,
    writeback.PROGRESS,
    writeback.SOURCE_DUPLICATES,
)

FORM_OF_CLASS: dict[str | None, Form] = {
    None: "as is",  # says nothing about a person
    "customer_id": "as is",  # the pseudonym analysts join by
    "region": "as is",  # province, city, district: already general
    "gender": "as is",
    "preference": "as is",
    "consent": "as is",
    "tag": "as is",
    "purchase": "as is",
    "order_no": "as is",  # a reference inside the company, also part of order_id
    "ticket_no": "as is",
    "birth_date": "year band",
    "name": "token",
    "phone": "token",
    "email": "token",
    "id_number": "token",
    "address": "token",
    "organisation": "token",  # a small firm's name is its owner's
    "account": "token",
    "social_id": "token",
    "record_key": "token",
    "identifier": "token",
    "waybill": "withheld",  # carriers answer anyone who quotes one, and a token of it tells an analyst nothing
    "id_type": "withheld",  # tells origin, and no analysis needs it
    "free_text": "withheld",
    "attribute": "withheld",
    "profile": "withheld",
    "candidate": "withheld",
}

YEAR_BAND = 5
FIRST_BAND = 1935


@dataclass(frozen=True)
class PublishedColumn:
    """One column of a published file: where it comes from, in which form, under which name."""

    name: str
    type: str
    form: Form
    source: Column
    token_kind: str | None = None

    @property
    def kind_column(self) -> bool:
        """The kind of the token is in the row itself (column `kind`) and not one for all rows."""
        return self.form == "token" and self.token_kind is None


def form_of(table: Table, column: Column) -> Form:
    """The form in which `column` leaves the warehouse.

    Raises:
        HubError: the policy has no form for its class, so nothing may be published.
    """
    if column.field_class not in FORM_OF_CLASS:
        raise HubError(
            f"field class {column.field_class!r} has no published form", where=f"{table.name}.{column.name}",
            mend="Give it one in schemas/publishing.py",
        )
    return FORM_OF_CLASS[column.field_class]


def published_columns(table: Table) -> tuple[PublishedColumn, ...]:
    """The columns of the published file of `table`, in contract order; withheld ones are left out."""
    made = (_published(table, column) for column in table.columns)
    return tuple(column for column in made if column.form != "withheld")


def _published(table: Table, column: Column) -> PublishedColumn:
    form = form_of(table, column)
    if form == "token":
        return PublishedColumn(f"{column.name}_token", TEXTS if column.type == TEXTS else TEXT, form, column, _token_kind(table, column))
    if form == "year band":
        if column.type != DATE:
            raise HubError("only a date can be published as a band of years", where=f"{table.name}.{column.name}")
        return PublishedColumn(f"{column.name.removesuffix('_on')}_year_band", TEXT, form, column)
    return PublishedColumn(column.name, column.type, form, column)


def _token_kind(table: Table, column: Column) -> str | None:
    """Tokens of equal values agree within a kind: the class, or for `identifier` the row's own `kind`."""
    if column.field_class != "identifier":
        return column.field_class
    if "kind" not in table.column_names:
        raise HubError("an identifier without a column `kind` cannot be tokenised", where=f"{table.name}.{column.name}")
    return None

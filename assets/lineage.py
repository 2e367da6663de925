"""Which table is made from which: the edges of the asset graph, one line a table."""

from __future__ import annotations

from schemas.publishing import PUBLISHED
from schemas.tables import TABLES

_INPUTS = ("customers", "members", "orders", "shipments", "tickets", "interactions")

UPSTREAM: dict[str, tuple[str, ...]] = {
    "std.mentions": tuple(f"raw.{noun}" for noun in _INPUTS),
    "std.identifiers": tuple(f"raw.{noun}" for noun in _INPUTS),
    "std.orders": ("raw.orders", "raw.order_lines"),
    "std.order_lines": ("raw.orders", "raw.order_lines"),
    "std.returns": ("raw.returns", "raw.orders"),
    "std.shipments": ("raw.shipments", "raw.parcels", "raw.shipment_events", "raw.orders"),
    "std.tickets": ("raw.tickets", "raw.ticket_messages", "raw.orders"),
    "std.interactions": ("raw.interactions",),
    "std.fact_rows": ("raw.orders", "raw.returns", "raw.shipments", "raw.tickets", "raw.interactions"),
    "match.nodes": ("std.mentions", "std.identifiers"),
    "match.node_records": ("std.mentions",),
    "match.node_identifiers": ("std.identifiers",),
    "match.identifier_use": ("std.identifiers", "std.mentions"),
    "match.pairs": ("std.mentions", "std.identifiers"),
    "match.judged_records": ("raw.judgements", "raw.merges", "std.identifiers"),
    "match.merge_findings": ("raw.judgements", "raw.merges", "std.identifiers"),
    "match.models": (),
    "match.name_terms": ("std.mentions",),
    "cluster.members": ("match.node_records", "match.pairs", "match.node_identifiers", "match.judged_records"),
    "cluster.former_members": ("match.node_records", "match.pairs"),
    "cluster.customers": ("match.node_records", "match.pairs"),
    "cluster.events": ("match.node_records", "match.pairs"),
    "gold.customers": ("cluster.members", "std.mentions", "raw.customers", "raw.members"),
    "gold.contacts": ("cluster.members", "std.identifiers"),
    "gold.addresses": ("cluster.members", "std.mentions"),
    "gold.provenance": ("cluster.members", "std.mentions"),
    "gold.candidates": ("cluster.members", "std.mentions", "std.identifiers", "raw.overrides"),
    "gold.attributes": ("cluster.members", "raw.customers", "raw.members", "raw.overrides"),
    "gold.organisations": ("cluster.members", "std.mentions"),
    "gold.organisation_values": ("cluster.members", "std.mentions"),
    "gold.organisation_members": ("cluster.members", "std.mentions"),
    "gold.organisation_keys": ("cluster.members", "std.mentions"),
    "gold.relations": ("cluster.members", "std.identifiers", "std.mentions"),
    "gold.places": ("std.mentions",),
    "gold.attribute_names": ("cluster.members", "raw.customers", "raw.members", "raw.overrides"),
    "gold.preferences": ("gold.customers", "raw.customers", "std.mentions"),
    "gold.crosswalk": ("cluster.members", "std.mentions"),
    "mart.customer_values": ("gold.customers", "std.orders", "std.order_lines", "std.returns"),
    "mart.customer_tags": ("gold.customers", "mart.customer_values"),
    "mart.organisation_values": ("gold.organisation_members", "std.orders", "std.returns"),
    "mart.orders": ("gold.crosswalk", "std.orders", "std.returns"),
    "mart.shipments": ("gold.crosswalk", "std.shipments"),
    "mart.tickets": ("gold.crosswalk", "std.tickets"),
    "mart.profiles": ("gold.customers", "gold.contacts", "gold.addresses", "gold.provenance", "gold.preferences", "gold.attributes",
                      "gold.relations", "mart.customer_tags", "std.orders", "std.shipments", "std.tickets"),
    "mart.lookups": ("gold.contacts", "gold.crosswalk", "raw.golden_ids", "std.orders", "std.shipments", "std.tickets"),
    "mart.section_ages": ("raw.files", "std.orders", "std.shipments", "std.tickets", "std.interactions"),
    "writeback.change_orders": ("raw.customers", "raw.members", "std.mentions", "std.identifiers", "match.pairs", "gold.customers",
                                "mart.customer_values"),
    "writeback.standing": ("raw.customers", "raw.members", "mart.customer_values"),
    "writeback.progress": ("gold.crosswalk", "mart.customer_values"),
    "writeback.source_duplicates": ("gold.crosswalk", "mart.customer_values"),
    "published.version": tuple(table.name for table in PUBLISHED),
    "serving.base": ("mart.profiles", "mart.lookups", "mart.section_ages", "cluster.customers"),
}


def tables_of(layer: str) -> list[str]:
    """Names of the layer's tables, without its change markers."""
    return [table.name for table in TABLES if table.layer == layer and table.noun != "changes"]

"""The tables of the ledger, in types that SQLite and PostgreSQL share.

Times are naive and in UTC, as everywhere in the hub. `FILES` and `QUARANTINE` mirror the warehouse's manifest (`schemas/tables/raw.py`)
column by column; a test holds them equal. They are written out here because the contract needs PyArrow, which an API worker does not load.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

# SQLite numbers rows by itself only for a column of type INTEGER
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

FILES = sa.Table(
    "files",
    METADATA,
    sa.Column("file_id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text),
    sa.Column("entity", sa.Text),
    sa.Column("file_name", sa.Text),
    sa.Column("sha256", sa.Text),
    sa.Column("size_bytes", sa.BigInteger),
    sa.Column("file_modified_at", sa.DateTime),
    sa.Column("loaded_at", sa.DateTime, index=True),
    sa.Column("outcome", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("rows_read_n", sa.BigInteger),
    sa.Column("rows_loaded_n", sa.BigInteger),
    sa.Column("rows_unchanged_n", sa.BigInteger),
    sa.Column("rows_superseded_n", sa.BigInteger),
    sa.Column("rows_suppressed_n", sa.BigInteger),
    sa.Column("rows_quarantined_n", sa.BigInteger),
    sa.Column("rows_withdrawn_n", sa.BigInteger),
    sa.Column("seconds", sa.Double),
)

QUARANTINE = sa.Table(
    "quarantine",
    METADATA,
    sa.Column("file_id", sa.Text, primary_key=True),
    sa.Column("line_n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Text),
    sa.Column("file_name", sa.Text),
    sa.Column("reason", sa.Text, index=True),
    sa.Column("column_name", sa.Text),
    sa.Column("column_n", sa.BigInteger),
    sa.Column("message", sa.Text),
)

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("is_full", sa.Boolean, nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False, index=True),
    sa.Column("ended_at", sa.DateTime),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("message", sa.Text),
    sa.Column("stages", sa.JSON, nullable=False),
    sa.Column("holder_pid", sa.BigInteger, nullable=False),
    sa.Column("holder_host", sa.Text, nullable=False),
    sa.Column("holder_mark", sa.Text),
    sa.CheckConstraint("outcome IN ('running', 'succeeded', 'failed', 'died')", name="outcome"),
)

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime),
    sa.Column("revoked_at", sa.DateTime),
)

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("job_id", BIG_KEY, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("run_at", sa.DateTime, nullable=False),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", sa.DateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("ended_at", sa.DateTime),
    sa.CheckConstraint("outcome IN ('succeeded', 'failed')", name="outcome"),
    sa.Index(None, "outcome", "run_at"),
)

JUDGEMENTS = sa.Table(
    "judgements",
    METADATA,
    sa.Column("judgement_id", BIG_KEY, primary_key=True, autoincrement=True),
    sa.Column("judged_at", sa.DateTime, nullable=False),
    sa.Column("judged_by", sa.Text, nullable=False),
    sa.Column("record_a", sa.Text, nullable=False),
    sa.Column("record_b", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("cause", sa.Text),
    sa.CheckConstraint("verdict IN ('same', 'different', 'withdrawn')", name="verdict"),
    sa.Index(None, "record_a", "record_b"),
)

SUBJECT_KEYS = sa.Table(
    "subject_keys",
    METADATA,
    sa.Column("subject_id", sa.Text, primary_key=True),
    sa.Column("wrapped_key", sa.LargeBinary),
    sa.Column("key_version", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("destroyed_at", sa.DateTime),
)

OVERRIDES = sa.Table(
    "overrides",
    METADATA,
    sa.Column("override_id", BIG_KEY, primary_key=True, autoincrement=True),
    sa.Column("entered_at", sa.DateTime, nullable=False),
    sa.Column("entered_by", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("sealed_value", sa.LargeBinary),
    sa.Column("cause", sa.Text),
    sa.Index(None, "record_id", "field"),
)

CHANGE_ORDERS = sa.Table(
    "change_orders",
    METADATA,
    sa.Column("order_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("other_record_id", sa.Text),
    sa.Column("field", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.CheckConstraint("kind IN ('merge', 'correct', 'ask')", name="kind"),
)

CHANGE_ORDER_ACTS = sa.Table(
    "change_order_acts",
    METADATA,
    sa.Column("act_id", BIG_KEY, primary_key=True, autoincrement=True),
    sa.Column("order_id", sa.Text, sa.ForeignKey("change_orders.order_id"), nullable=False, index=True),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("acted_at", sa.DateTime, nullable=False),
    sa.Column("acted_by", sa.Text, nullable=False),
    sa.Column("because", sa.Text),
    sa.Column("file_name", sa.Text),
    sa.CheckConstraint("act IN ('released', 'withdrawn', 'refused', 'exported', 'done', 'void')", name="act"),
)


def utc_now() -> datetime:
    """Now, naive, in UTC."""
    return datetime.now(UTC).replace(tzinfo=None)

"""Manifest mirror, runs, API keys and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_manifest()
    _create_runs()
    _create_api_keys()
    _create_jobs()


def downgrade() -> None:
    for table in ("jobs", "api_keys", "runs", "quarantine", "files"):
        op.drop_table(table)


def _create_manifest() -> None:
    counts = ("read", "loaded", "unchanged", "superseded", "suppressed", "quarantined", "withdrawn")
    op.create_table(
        "files",
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("entity", sa.Text()),
        sa.Column("file_name", sa.Text()),
        sa.Column("sha256", sa.Text()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("file_modified_at", sa.DateTime()),
        sa.Column("loaded_at", sa.DateTime()),
        sa.Column("outcome", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("message", sa.Text()),
        *(sa.Column(f"rows_{count}_n", sa.BigInteger()) for count in counts),
        sa.Column("seconds", sa.Double()),
        sa.PrimaryKeyConstraint("file_id", name="pk_files"),
    )
    op.create_index("ix_files_loaded_at", "files", ["loaded_at"])
    op.create_table(
        "quarantine",
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("line_n", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("source", sa.Text()),
        sa.Column("file_name", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("column_name", sa.Text()),
        sa.Column("column_n", sa.BigInteger()),
        sa.Column("message", sa.Text()),
        sa.PrimaryKeyConstraint("file_id", "line_n", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_reason", "quarantine", ["reason"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("holder_pid", sa.BigInteger(), nullable=False),
        sa.Column("holder_host", sa.Text(), nullable=False),
        sa.Column("holder_mark", sa.Text()),
        sa.CheckConstraint("outcome IN ('running', 'succeeded', 'failed', 'died')", name=op.f("ck_runs_outcome")),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"])


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime()),
        sa.Column("revoked_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("run_at", sa.DateTime(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.DateTime()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("ended_at", sa.DateTime()),
        sa.CheckConstraint("outcome IN ('succeeded', 'failed')", name=op.f("ck_jobs_outcome")),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_outcome_run_at", "jobs", ["outcome", "run_at"])

"""Stewards' overrides, and the keys of the subjects their values are sealed with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "subject_keys",
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("key_version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("destroyed_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("subject_id", name="pk_subject_keys"),
    )
    op.create_table(
        "overrides",
        sa.Column("override_id", _BIG_KEY, nullable=False, autoincrement=True),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("sealed_value", sa.LargeBinary()),
        sa.Column("cause", sa.Text()),
        sa.PrimaryKeyConstraint("override_id", name="pk_overrides"),
    )
    op.create_index("ix_overrides_record_id_field", "overrides", ["record_id", "field"])


def downgrade() -> None:
    op.drop_table("overrides")
    op.drop_table("subject_keys")

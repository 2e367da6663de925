"""Stewards' judgements of pairs of records."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "judgements",
        sa.Column("judgement_id", _BIG_KEY, nullable=False, autoincrement=True),
        sa.Column("judged_at", sa.DateTime(), nullable=False),
        sa.Column("judged_by", sa.Text(), nullable=False),
        sa.Column("record_a", sa.Text(), nullable=False),
        sa.Column("record_b", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text()),
        sa.PrimaryKeyConstraint("judgement_id", name="pk_judgements"),
        sa.CheckConstraint("verdict IN ('same', 'different', 'withdrawn')", name=op.f("ck_judgements_verdict")),
    )
    op.create_index("ix_judgements_record_a_record_b", "judgements", ["record_a", "record_b"])


def downgrade() -> None:
    op.drop_table("judgements")

"""Change orders for the sources and what was done about them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "change_orders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("other_record_id", sa.Text()),
        sa.Column("field", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_change_orders"),
        sa.CheckConstraint("kind IN ('merge', 'correct', 'ask')", name=op.f("ck_change_orders_kind")),
    )
    op.create_table(
        "change_order_acts",
        sa.Column("act_id", _BIG_KEY, nullable=False, autoincrement=True),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("acted_at", sa.DateTime(), nullable=False),
        sa.Column("acted_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text()),
        sa.Column("file_name", sa.Text()),
        sa.PrimaryKeyConstraint("act_id", name="pk_change_order_acts"),
        sa.ForeignKeyConstraint(["order_id"], ["change_orders.order_id"], name="fk_change_order_acts_order_id_change_orders"),
        sa.CheckConstraint(
            "act IN ('released', 'withdrawn', 'refused', 'exported', 'done', 'void')", name=op.f("ck_change_order_acts_act")
        ),
    )
    op.create_index("ix_change_order_acts_order_id", "change_order_acts", ["order_id"])


def downgrade() -> None:
    op.drop_table("change_order_acts")
    op.drop_table("change_orders")

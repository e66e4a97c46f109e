"""Discount limits and margin floors by category"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BOUND = "BETWEEN -1000000000000000000 AND 1000000000000000000"
FLOORED = ("categories", "company")


def upgrade() -> None:
    op.create_table(
        "discount_limits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "sales",
                "sales_manager",
                "warehouse",
                "accountant",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(role IS NULL) <> (user_id IS NULL)", name=op.f("ck_discount_limits_holder")),
        sa.CheckConstraint("percent >= 0 AND percent <= 1000000", name=op.f("ck_discount_limits_percent")),
        sa.CheckConstraint(f"percent {BOUND}", name=op.f("ck_discount_limits_percent_bound")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_discount_limits_category_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_discount_limits_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount_limits")),
        sa.UniqueConstraint("category_id", "role", name=op.f("uq_discount_limits_category_id_role")),
        sa.UniqueConstraint("category_id", "user_id", name=op.f("uq_discount_limits_category_id_user_id")),
    )
    with op.batch_alter_table("discount_limits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_discount_limits_user_id"), ["user_id"], unique=False)

    for table in FLOORED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("margin_floor_percent", sa.BigInteger(), nullable=True))
            batch_op.create_check_constraint(
                batch_op.f(f"ck_{table}_margin_floor"), "margin_floor_percent >= 0 AND margin_floor_percent <= 1000000"
            )
            batch_op.create_check_constraint(
                batch_op.f(f"ck_{table}_margin_floor_percent_bound"), f"margin_floor_percent {BOUND}"
            )


def downgrade() -> None:
    for table in reversed(FLOORED):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(batch_op.f(f"ck_{table}_margin_floor_percent_bound"), type_="check")
            batch_op.drop_constraint(batch_op.f(f"ck_{table}_margin_floor"), type_="check")
            batch_op.drop_column("margin_floor_percent")

    with op.batch_alter_table("discount_limits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_discount_limits_user_id"))

    op.drop_table("discount_limits")

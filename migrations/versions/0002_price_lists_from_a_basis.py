"""Price lists made from a list, the base prices or cost, with endings, floor and cap"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

AMOUNTS = ("rounding_step", "rounding_ending", "floor_over_cost_percent", "cap_over_cost_percent")
CHECKS = {
    "parent": "(basis = 'LIST') = (parent_id IS NOT NULL)",
    "basis": "basis IN ('ROWS', 'LIST', 'BASE', 'COST')",
    "rounding": "rounding IN ('UP', 'NEAREST')",
    "rounding_step": "rounding_step > 0",
    "rounding_ending": "rounding_ending >= 0 AND rounding_ending < COALESCE(rounding_step, 1)",
    "over_cost": "floor_over_cost_percent <= cap_over_cost_percent",
} | {f"{name}_bound": f"{name} BETWEEN -1000000000000000000 AND 1000000000000000000" for name in AMOUNTS}


def upgrade() -> None:
    with op.batch_alter_table("price_lists") as batch:
        batch.add_column(sa.Column("basis", sa.String(length=20), nullable=False, server_default="ROWS"))
        batch.add_column(sa.Column("rounding", sa.String(length=20), nullable=False, server_default="UP"))
        batch.add_column(sa.Column("rounding_step", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("rounding_ending", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("floor_over_cost_percent", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("cap_over_cost_percent", sa.BigInteger(), nullable=True))
    # The rows before the checks: a list with a parent rests on it, and a percentage over nothing never had an effect.
    op.execute("UPDATE price_lists SET basis = 'LIST' WHERE parent_id IS NOT NULL")
    op.execute("UPDATE price_lists SET percent = 0 WHERE parent_id IS NULL")
    with op.batch_alter_table("price_lists") as batch:
        for column in ("basis", "rounding", "rounding_ending"):
            batch.alter_column(column, server_default=None)
        for name, condition in CHECKS.items():
            batch.create_check_constraint(op.f(f"ck_price_lists_{name}"), condition)


def downgrade() -> None:
    with op.batch_alter_table("price_lists") as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(f"ck_price_lists_{name}"), type_="check")
        for column in ("basis", "rounding", *AMOUNTS):
            batch.drop_column(column)

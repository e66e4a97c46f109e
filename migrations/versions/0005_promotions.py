"""Promotions, their scopes and uses, and what lines know of the price before them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "promotions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "PUBLISHED",
                "ENDED",
                name="promotionstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "benefit",
            sa.Enum(
                "PERCENT",
                "AMOUNT",
                "FIXED_PRICE",
                "FREE_GOODS",
                name="benefit",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("percent", sa.BigInteger(), nullable=True),
        sa.Column("unit_amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("min_quantity", sa.BigInteger(), nullable=False),
        sa.Column("max_quantity", sa.BigInteger(), nullable=True),
        sa.Column("min_amount", sa.BigInteger(), nullable=False),
        sa.Column("over_lines", sa.Boolean(), nullable=False),
        sa.Column("buy_quantity", sa.BigInteger(), nullable=False),
        sa.Column("free_quantity", sa.BigInteger(), nullable=False),
        sa.Column("free_variant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stackable", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("coupon", sa.Text(), nullable=True),
        sa.Column("max_uses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("max_uses_per_customer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("uses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "(benefit = 'PERCENT') = (percent IS NOT NULL) AND (benefit IN ('AMOUNT', 'FIXED_PRICE')) = (unit_amount IS NOT NULL) AND (benefit = 'FREE_GOODS') = (buy_quantity > 0) AND (benefit = 'FREE_GOODS') = (free_quantity > 0)",
            name=op.f("ck_promotions_benefit_fields"),
        ),
        sa.CheckConstraint("buy_quantity >= 0 AND free_quantity >= 0", name=op.f("ck_promotions_free_goods")),
        sa.CheckConstraint(
            "buy_quantity BETWEEN -1000000000000000000 AND 1000000000000000000",
            name=op.f("ck_promotions_buy_quantity_bound"),
        ),
        sa.CheckConstraint(
            "currency IS NOT NULL OR (unit_amount IS NULL AND min_amount = 0)", name=op.f("ck_promotions_currency")
        ),
        sa.CheckConstraint(
            "free_quantity BETWEEN -1000000000000000000 AND 1000000000000000000",
            name=op.f("ck_promotions_free_quantity_bound"),
        ),
        sa.CheckConstraint(
            "max_quantity BETWEEN -1000000000000000000 AND 1000000000000000000",
            name=op.f("ck_promotions_max_quantity_bound"),
        ),
        sa.CheckConstraint(
            "min_amount BETWEEN -1000000000000000000 AND 1000000000000000000",
            name=op.f("ck_promotions_min_amount_bound"),
        ),
        sa.CheckConstraint(
            "min_quantity >= 0 AND min_amount >= 0 AND max_quantity >= min_quantity",
            name=op.f("ck_promotions_thresholds"),
        ),
        sa.CheckConstraint(
            "min_quantity BETWEEN -1000000000000000000 AND 1000000000000000000",
            name=op.f("ck_promotions_min_quantity_bound"),
        ),
        sa.CheckConstraint("percent > 0 AND percent <= 1000000", name=op.f("ck_promotions_percent")),
        sa.CheckConstraint(
            "percent BETWEEN -1000000000000000000 AND 1000000000000000000", name=op.f("ck_promotions_percent_bound")
        ),
        sa.CheckConstraint("unit_amount >= 0", name=op.f("ck_promotions_unit_amount")),
        sa.CheckConstraint(
            "unit_amount BETWEEN -1000000000000000000 AND 1000000000000000000",
            name=op.f("ck_promotions_unit_amount_bound"),
        ),
        sa.CheckConstraint(
            "uses >= 0 AND uses <= max_uses AND max_uses > 0 AND max_uses_per_customer > 0",
            name=op.f("ck_promotions_uses"),
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_promotions_dates")),
        sa.ForeignKeyConstraint(["free_variant_id"], ["variants.id"], name=op.f("fk_promotions_free_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
        sa.UniqueConstraint("code", name=op.f("uq_promotions_code")),
        sa.UniqueConstraint("coupon", name=op.f("uq_promotions_coupon")),
    )
    with op.batch_alter_table("promotions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promotions_state_valid_to"), ["state", "valid_to"], unique=False)

    op.create_table(
        "promotion_scopes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("promotion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("variant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(CASE WHEN variant_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN category_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_promotion_scopes_one_kind"),
        ),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_promotion_scopes_category_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_promotion_scopes_customer_id")),
        sa.ForeignKeyConstraint(["group_id"], ["customer_groups.id"], name=op.f("fk_promotion_scopes_group_id")),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_scopes_promotion_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_promotion_scopes_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_scopes")),
    )
    with op.batch_alter_table("promotion_scopes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promotion_scopes_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promotion_scopes_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promotion_scopes_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promotion_scopes_promotion_id"), ["promotion_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promotion_scopes_variant_id"), ["variant_id"], unique=False)
        batch_op.create_index(
            "uq_promotion_scopes_category",
            ["promotion_id", "category_id"],
            unique=True,
            sqlite_where=sa.text("category_id IS NOT NULL"),
            postgresql_where=sa.text("category_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_promotion_scopes_customer",
            ["promotion_id", "customer_id"],
            unique=True,
            sqlite_where=sa.text("customer_id IS NOT NULL"),
            postgresql_where=sa.text("customer_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_promotion_scopes_group",
            ["promotion_id", "group_id"],
            unique=True,
            sqlite_where=sa.text("group_id IS NOT NULL"),
            postgresql_where=sa.text("group_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_promotion_scopes_variant",
            ["promotion_id", "variant_id"],
            unique=True,
            sqlite_where=sa.text("variant_id IS NOT NULL"),
            postgresql_where=sa.text("variant_id IS NOT NULL"),
        )

    op.create_table(
        "promotion_uses",
        sa.Column("promotion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_promotion_uses_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_promotion_uses_order_id")),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_uses_promotion_id")),
        sa.PrimaryKeyConstraint("promotion_id", "order_id", name=op.f("pk_promotion_uses")),
    )
    with op.batch_alter_table("promotion_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promotion_uses_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_promotion_uses_promotion_id_customer_id"), ["promotion_id", "customer_id"], unique=False
        )

    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("list_price", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("price_typed_by", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("free_with_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_order_lines_free_with_id"), ["free_with_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_order_lines_free_with_id"), "promotions", ["free_with_id"], ["id"])
        batch_op.create_check_constraint(
            batch_op.f("ck_order_lines_list_price_bound"),
            "list_price BETWEEN -1000000000000000000 AND 1000000000000000000",
        )
    op.execute("UPDATE order_lines SET list_price = derived_price")
    op.execute(
        "UPDATE order_lines SET price_typed_by = (SELECT name FROM users WHERE users.id = order_lines.entered_by_id)"
        " WHERE price_typed"
    )


def downgrade() -> None:
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_order_lines_list_price_bound"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_order_lines_free_with_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_order_lines_free_with_id"))
        batch_op.drop_column("free_with_id")
        batch_op.drop_column("price_typed_by")
        batch_op.drop_column("list_price")

    with op.batch_alter_table("promotion_uses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promotion_uses_promotion_id_customer_id"))
        batch_op.drop_index(batch_op.f("ix_promotion_uses_order_id"))

    op.drop_table("promotion_uses")
    with op.batch_alter_table("promotion_scopes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_promotion_scopes_variant",
            sqlite_where=sa.text("variant_id IS NOT NULL"),
            postgresql_where=sa.text("variant_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_promotion_scopes_group",
            sqlite_where=sa.text("group_id IS NOT NULL"),
            postgresql_where=sa.text("group_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_promotion_scopes_customer",
            sqlite_where=sa.text("customer_id IS NOT NULL"),
            postgresql_where=sa.text("customer_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_promotion_scopes_category",
            sqlite_where=sa.text("category_id IS NOT NULL"),
            postgresql_where=sa.text("category_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_promotion_scopes_variant_id"))
        batch_op.drop_index(batch_op.f("ix_promotion_scopes_promotion_id"))
        batch_op.drop_index(batch_op.f("ix_promotion_scopes_group_id"))
        batch_op.drop_index(batch_op.f("ix_promotion_scopes_customer_id"))
        batch_op.drop_index(batch_op.f("ix_promotion_scopes_category_id"))

    op.drop_table("promotion_scopes")
    with op.batch_alter_table("promotions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promotions_state_valid_to"))

    op.drop_table("promotions")

"""Taxes of several parts, tax by country, and prices that include tax"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TAXED_LINES = ("order_lines", "order_charges", "invoice_lines", "credit_note_lines")
WITH_PRICES = ("price_lists", "orders", "invoices", "credit_notes")
BREAKDOWNS = {"invoice_taxes": "invoice_id", "credit_note_taxes": "credit_note_id"}
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tax_code_parts",
        sa.Column("tax_code_id", ID, nullable=False),
        sa.Column("position", ID, autoincrement=False, nullable=False),
        sa.Column("part_code_id", ID, nullable=False),
        sa.Column("on_previous", sa.Boolean(), nullable=False),
        sa.CheckConstraint("part_code_id <> tax_code_id", name=op.f("ck_tax_code_parts_other_code")),
        sa.ForeignKeyConstraint(["part_code_id"], ["tax_codes.id"], name=op.f("fk_tax_code_parts_part_code_id")),
        sa.ForeignKeyConstraint(["tax_code_id"], ["tax_codes.id"], name=op.f("fk_tax_code_parts_tax_code_id")),
        sa.PrimaryKeyConstraint("tax_code_id", "position", name=op.f("pk_tax_code_parts")),
        sa.UniqueConstraint(
            "tax_code_id", "part_code_id", name=op.f("uq_tax_code_parts_tax_code_id_part_code_id")
        ),
    )
    with op.batch_alter_table("tax_code_parts") as batch:
        batch.create_index(batch.f("ix_tax_code_parts_part_code_id"), ["part_code_id"], unique=False)

    for table in TAXED_LINES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("tax_parts", sa.JSON(), nullable=False, server_default="[]"))
    for table in WITH_PRICES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("prices_include_tax", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("order_charges") as batch:
        batch.add_column(sa.Column("named_tax_code_id", ID, nullable=True))
        batch.create_foreign_key(
            batch.f("fk_order_charges_named_tax_code_id"), "tax_codes", ["named_tax_code_id"], ["id"]
        )

    with op.batch_alter_table("tax_class_rules") as batch:
        batch.add_column(sa.Column("country", sa.String(length=2), nullable=False, server_default=""))
        batch.drop_constraint("pk_tax_class_rules", type_="primary")
        batch.create_primary_key("pk_tax_class_rules", ["tax_class", "country", "item_tax_code_id"])
    for table, document in BREAKDOWNS.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("name", sa.Text(), nullable=False, server_default=""))
            batch.drop_constraint(f"pk_{table}", type_="primary")
            batch.create_primary_key(f"pk_{table}", [document, "category", "percent", "name"])


def downgrade() -> None:
    for table, document in BREAKDOWNS.items():
        _join_names(table, document)
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"pk_{table}", type_="primary")
            batch.create_primary_key(f"pk_{table}", [document, "category", "percent"])
            batch.drop_column("name")
    op.execute("DELETE FROM tax_class_rules WHERE country <> ''")
    with op.batch_alter_table("tax_class_rules") as batch:
        batch.drop_constraint("pk_tax_class_rules", type_="primary")
        batch.create_primary_key("pk_tax_class_rules", ["tax_class", "item_tax_code_id"])
        batch.drop_column("country")

    with op.batch_alter_table("order_charges") as batch:
        batch.drop_constraint(batch.f("fk_order_charges_named_tax_code_id"), type_="foreignkey")
        batch.drop_column("named_tax_code_id")
    for table in WITH_PRICES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("prices_include_tax")
    for table in TAXED_LINES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("tax_parts")
    with op.batch_alter_table("tax_code_parts") as batch:
        batch.drop_index(batch.f("ix_tax_code_parts_part_code_id"))
    op.drop_table("tax_code_parts")


def _join_names(table: str, document: str) -> None:
    """Taxes of one category and rate become one row again, under the first of their names."""
    same = f"one.{document} = {table}.{document} AND one.category = {table}.category AND one.percent = {table}.percent"
    for amount in ("net_amount", "tax_amount"):
        op.execute(
            f"UPDATE {table} SET {amount} = (SELECT sum(one.{amount}) FROM {table} AS one WHERE {same})"
            f" WHERE name = (SELECT min(one.name) FROM {table} AS one WHERE {same})"
        )
    op.execute(f"DELETE FROM {table} WHERE name <> (SELECT min(one.name) FROM {table} AS one WHERE {same})")

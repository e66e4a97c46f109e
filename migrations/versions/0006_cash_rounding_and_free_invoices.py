"""Cash rounding with its account, and what invoices without an order need: charges of their own, on document and line"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BOUND = "BETWEEN -1000000000000000000 AND 1000000000000000000"
ROUNDED = ("orders", "invoices", "credit_notes")
LINES = ("invoice_lines", "credit_note_lines")


def upgrade() -> None:
    op.create_table(
        "cash_rounding",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("unit > 0", name=op.f("ck_cash_rounding_unit")),
        sa.CheckConstraint(f"unit {BOUND}", name=op.f("ck_cash_rounding_unit_bound")),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_cash_rounding")),
    )
    for table in ROUNDED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("rounding_unit", sa.BigInteger(), nullable=True))
            batch_op.add_column(sa.Column("rounding_amount", sa.BigInteger(), nullable=False, server_default="0"))
            for column in ("rounding_unit", "rounding_amount"):
                batch_op.create_check_constraint(op.f(f"ck_{table}_{column}_bound"), f"{column} {BOUND}")
    for table in LINES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("line_charges", sa.BigInteger(), nullable=False, server_default="0"))
            batch_op.create_check_constraint(op.f(f"ck_{table}_line_charges_bound"), f"line_charges {BOUND}")
    with op.batch_alter_table("invoice_lines") as batch_op:
        batch_op.add_column(sa.Column("is_charge", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("adjustments", sa.JSON(), nullable=False, server_default="[]"))
    op.execute("UPDATE invoice_lines SET is_charge = true WHERE order_charge_id IS NOT NULL")
    with op.batch_alter_table("invoice_lines") as batch_op:
        batch_op.create_check_constraint(op.f("ck_invoice_lines_charge"), "order_charge_id IS NULL OR is_charge")
    op.execute(
        "INSERT INTO accounts (code, name, purpose) SELECT '4910', 'Cash rounding', 'rounding'"
        " WHERE EXISTS (SELECT 1 FROM company) AND NOT EXISTS (SELECT 1 FROM accounts WHERE purpose = 'rounding')"
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM accounts WHERE purpose = 'rounding'"
        " AND NOT EXISTS (SELECT 1 FROM journal_lines WHERE account_code = accounts.code)"
    )
    with op.batch_alter_table("invoice_lines") as batch_op:
        batch_op.drop_constraint(op.f("ck_invoice_lines_charge"), type_="check")
    for table, columns in (
        ("invoice_lines", ("adjustments", "is_charge", "line_charges")),
        ("credit_note_lines", ("line_charges",)),
        *((table, ("rounding_amount", "rounding_unit")) for table in ROUNDED),
    ):
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                if column not in ("adjustments", "is_charge"):
                    batch_op.drop_constraint(op.f(f"ck_{table}_{column}_bound"), type_="check")
                batch_op.drop_column(column)
    op.drop_table("cash_rounding")

"""Triggers that keep what is written for ever from being changed, in one list for both engines.

Migrations create them anew after every change of a table (SQLite's batch changes drop them silently).
"""

from __future__ import annotations

from collections.abc import Iterable

APPEND_ONLY = (
    "events",
    "event_documents",
    "state_changes",
    "stock_movements",
    "journals",
    "journal_lines",
    "credit_checks",
    "document_files",
    "sendings",
)
"""Tables whose rows are never changed or deleted."""

SETTLEMENT = {
    "invoices": (
        "paid_amount",
        "credited_amount",
        "written_off_amount",
        "first_payment_date",
        "last_payment_date",
        "version",
    ),
    "credit_notes": ("applied_amount", "refunded_amount", "version"),
}
"""What may still change on a posted document."""

POSTED_PARTS = {
    "invoice_lines": ("invoices", "invoice_id"),
    "invoice_taxes": ("invoices", "invoice_id"),
    "credit_note_lines": ("credit_notes", "credit_note_id"),
    "credit_note_taxes": ("credit_notes", "credit_note_id"),
}
"""Rows that belong to a posted document: their table, the document's table and the column that names it."""

REFUSAL = "is kept for ever and cannot be changed"

_POSTGRES_REFUSE = f"""
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% {REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

_POSTGRES_REFUSE_PART = f"""
CREATE OR REPLACE FUNCTION refuse_change_of_posted_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE posted boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE id = ($1).%I AND state = ''APPROVED'')', TG_ARGV[0], TG_ARGV[1])
    INTO posted USING CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
  IF posted THEN
    RAISE EXCEPTION '% {REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$
"""


def create_statements(dialect: str, columns: dict[str, list[str]]) -> list[str]:
    """The statements that create every trigger; ``columns`` names the columns of the posted documents' tables."""
    return _sqlite(columns) if dialect == "sqlite" else _postgresql(columns)


def drop_statements(dialect: str) -> list[str]:
    """The statements that drop every trigger, whether it is there or not."""
    drops = []
    for name, table in trigger_names():
        drops.append(
            f"DROP TRIGGER IF EXISTS {name}" if dialect == "sqlite" else f"DROP TRIGGER IF EXISTS {name} ON {table}"
        )
    return drops


def trigger_names() -> list[tuple[str, str]]:
    """Every trigger's name with its table."""
    names = [(f"{table}_no_{verb}", table) for table in APPEND_ONLY for verb in ("update", "delete")]
    names += [(f"{table}_posted_no_{verb}", table) for table in SETTLEMENT for verb in ("update", "delete")]
    names += [(f"{table}_posted_no_{verb}", table) for table in POSTED_PARTS for verb in ("insert", "update", "delete")]
    return names


def _frozen(table: str, columns: Iterable[str]) -> list[str]:
    return [column for column in columns if column not in SETTLEMENT[table]]


def _sqlite(columns: dict[str, list[str]]) -> list[str]:
    def trigger(name: str, verb: str, table: str, when: str) -> str:
        return (
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table}{f' WHEN {when}' if when else ''}"
            f" BEGIN SELECT RAISE(ABORT, '{table} {REFUSAL}'); END"
        )

    statements = [
        trigger(f"{table}_no_{verb}", verb.upper(), table, "") for table in APPEND_ONLY for verb in ("update", "delete")
    ]
    for table in SETTLEMENT:
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _frozen(table, columns[table]))
        statements.append(
            trigger(f"{table}_posted_no_update", "UPDATE", table, f"OLD.state = 'APPROVED' AND ({changed})")
        )
        statements.append(trigger(f"{table}_posted_no_delete", "DELETE", table, "OLD.state = 'APPROVED'"))
    for table, (parent, key) in POSTED_PARTS.items():
        for verb in ("insert", "update", "delete"):
            row = "NEW" if verb == "insert" else "OLD"
            posted = f"EXISTS (SELECT 1 FROM {parent} WHERE id = {row}.{key} AND state = 'APPROVED')"
            statements.append(trigger(f"{table}_posted_no_{verb}", verb.upper(), table, posted))
    return statements


def _postgresql(columns: dict[str, list[str]]) -> list[str]:
    statements = [_POSTGRES_REFUSE, _POSTGRES_REFUSE_PART]
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
    for table in SETTLEMENT:
        frozen = _frozen(table, columns[table])
        old, new = (", ".join(f"{row}.{column}{_comparable(column)}" for column in frozen) for row in ("OLD", "NEW"))
        statements.append(
            f"CREATE TRIGGER {table}_posted_no_update BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (OLD.state = 'APPROVED' AND ROW({old}) IS DISTINCT FROM ROW({new}))"
            " EXECUTE FUNCTION refuse_change()"
        )
        statements.append(
            f"CREATE TRIGGER {table}_posted_no_delete BEFORE DELETE ON {table} FOR EACH ROW"
            " WHEN (OLD.state = 'APPROVED') EXECUTE FUNCTION refuse_change()"
        )
    for table, (parent, key) in POSTED_PARTS.items():
        for verb in ("insert", "update", "delete"):
            statements.append(
                f"CREATE TRIGGER {table}_posted_no_{verb} BEFORE {verb.upper()} ON {table} FOR EACH ROW"
                f" EXECUTE FUNCTION refuse_change_of_posted_part('{parent}', '{key}')"
            )
    return statements


def _comparable(column: str) -> str:
    """PostgreSQL's json has no equality; its text has."""
    return "::text" if column in ("snapshot", "billing_address", "shipping_address") else ""

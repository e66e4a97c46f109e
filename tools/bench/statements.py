"""Statements written by hand over psycopg: prepared, rows of one kind together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Json

Row = dict[str, Any]


class Statements:
    """One connection."""

    def __init__(self, url: str) -> None:
        self._db: Connection[Row] = Connection.connect(url, row_factory=dict_row)
        self._db.prepared_max = None

    def close(self) -> None:
        """Give the connection back."""
        self._db.close()

    def _journal(
        self, document: tuple[str, int, str], customer: Row, amount: int, user: int, accounts: tuple[str, str]
    ) -> None:
        now, day = now_and_today()
        kind, document_id, number = document
        journal_id = self._insert("journals", {
            "kind": kind, "posted_on": day, "document_kind": kind, "document_id": document_id,
            "document_number": number, "customer_id": customer["id"], "posted_by_id": user, "posted_at": now,
        })  # fmt: skip
        self._insert_all("journal_lines", [
            {"journal_id": journal_id, "account_code": account, "customer_id": customer["id"],
             "currency": customer["currency"], "amount": part, "base_amount": part}
            for account, part in zip(accounts, (amount, -amount), strict=True)
        ])  # fmt: skip

    def _event(
        self,
        action: str,
        user: int,
        now: datetime,
        after: Mapping[str, Any],
        documents: Sequence[tuple[str, int, str]],
        moves: Sequence[tuple[str, int, str | None, str]],
    ) -> None:
        event_id = self._insert("events", {
            "at": now, "actor_id": user, "action": action, "is_main": True, "reason": "",
            "details": Json({"after": after}), "request_id": "",
        })  # fmt: skip
        self._insert_all("event_documents", [
            {"event_id": event_id, "kind": kind, "document_id": document_id, "number": number}
            for kind, document_id, number in documents
        ], returning="event_id")  # fmt: skip
        if moves:
            self._insert_all("state_changes", [
                {"event_id": event_id, "kind": kind, "document_id": document_id, "old": old, "new": new}
                for kind, document_id, old, new in moves
            ])  # fmt: skip

    def _next_number(self, prefix: str, year: int) -> str:
        self._run("INSERT INTO number_series (prefix, year, last_number) VALUES (%s, %s, 0) ON CONFLICT DO NOTHING",
                  prefix, year)  # fmt: skip
        row = self._one("UPDATE number_series SET last_number = last_number + 1 WHERE prefix = %s AND year = %s"
                        " RETURNING last_number", prefix, year)  # fmt: skip
        return f"{prefix}-{year}-{row['last_number']:03d}"

    def _run(self, statement: str, *values: Any) -> list[Row]:
        cursor = self._db.execute(statement, values, prepare=True)
        return cursor.fetchall() if cursor.description else []

    def _one(self, statement: str, *values: Any) -> Row:
        (row,) = self._run(statement, *values)
        return row

    def _insert(self, table: str, row: Row) -> int:
        (row_id,) = self._insert_all(table, [row])
        return row_id

    def _insert_all(self, table: str, rows: Sequence[Row], *, returning: str = "id") -> list[int]:
        names = ", ".join(f'"{name}"' for name in rows[0])
        places = ", ".join([f"({', '.join(['%s'] * len(rows[0]))})"] * len(rows))
        returned = "" if table == "invoice_taxes" else f" RETURNING {returning}"
        values = [value for row in rows for value in row.values()]
        written = self._run(f"INSERT INTO {table} ({names}) VALUES {places}{returned}", *values)  # noqa: S608
        return [row[returning] for row in written]


def now_and_today() -> tuple[datetime, date]:
    now = datetime.now(UTC)
    return now, now.date()

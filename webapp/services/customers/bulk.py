"""Many customers at once."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.models import Customer, User
from webapp.queries.batches import chunks
from webapp.queries.customers.records import customer_ids, customers_by_code
from webapp.queries.visibility import sees
from webapp.services import locks
from webapp.services.authorize import require
from webapp.services.bulk_outcome import Loaded, Progress, Row, no_progress, note_load
from webapp.services.changes import Change
from webapp.services.commands import command
from webapp.services.customers.record_fields import CustomerWriter, flat, recheck_credit


@command(Permission.CUSTOMERS_WRITE, Permission.CREDIT_LIMIT)
def load_customers(rows: Sequence[Row], *, actor: User) -> Loaded:
    """Add the customers that are new and change those that differ; takes all rows or none.

    Fields that a row does not name stay as they are, or take their default on a new customer. Raises RowsRefused,
    Forbidden.
    """
    loaded = put_customers(rows, actor=actor).complete()
    note_load(loaded, *loaded.documents, after=loaded.report("customers"), actor=actor)
    return loaded


def put_customers(rows: Sequence[Row], *, actor: User, progress: Progress = no_progress) -> Loaded:
    """As ``load_customers``, but leaves wrong rows out and tells ``progress`` how many rows it did."""
    require(actor, Permission.CUSTOMERS_WRITE)
    require(actor, Permission.CREDIT_LIMIT)
    load = _Load([_code(row) for row in rows], actor)
    with db.session.no_autoflush:
        for index, row in enumerate(rows):
            with load.loaded.row(index):
                load.put(flat(row))
            progress(1)
    db.session.flush()
    for customer, change in load.written:
        recheck_credit(customer, change, actor=actor)
    return load.loaded


class _Load:
    """One load: the customers that exist, locked, and what became of the rows so far."""

    def __init__(self, codes: list[str], actor: User) -> None:
        self.loaded = Loaded()
        self.written: list[tuple[Customer, Change]] = []
        self._actor, self._writer, self._seen = actor, CustomerWriter(), set[str]()
        for part in chunks(sorted(customer_ids(codes))):
            locks.lock_customers(part)
        self._known = customers_by_code(codes)

    def put(self, row: Row) -> None:
        """Take one row. Raises BadInput, Forbidden."""
        code = _code(row)
        if code in self._seen:
            raise BadInput(f"Customer {code} stands in these rows twice.", field="code")
        self._seen.add(code)
        customer = self._known.get(code)
        if customer is not None and not sees(self._actor, customer):
            raise BadInput(f"There is a customer {code} already.", field="code")
        if customer is None:
            self.loaded.documents.append(self._writer.add(row))
            self.loaded.added += 1
        else:
            self._change(customer, row)

    def _change(self, customer: Customer, row: Row) -> None:
        change = self._writer.read_change(customer, row)
        if change is None:
            self.loaded.unchanged += 1
            return
        if "status" in change.after:
            require(self._actor, Permission.CREDIT_HOLD)
        self._writer.write(customer, change)
        self.written.append((customer, change))
        self.loaded.changed += 1
        self.loaded.documents.append(customer)
        self.loaded.changes[customer.code] = {"before": change.before, "after": change.after}


def _code(row: Row) -> str:
    return str(row.get("code") or "").strip()

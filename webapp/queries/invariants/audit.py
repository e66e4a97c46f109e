"""What is written for ever is guarded, and every change of state has its event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import String, cast, func, select, text
from sqlalchemy.orm import aliased

from webapp.db import db
from webapp.models import CreditNote, Event, IdempotencyKey, Invoice, Order, Payment, Shipment, StateChange
from webapp.models.triggers import trigger_names
from webapp.queries.invariants.registry import Breaking, Fault, invariant, rows_break

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}
STATEFUL: tuple[Any, ...] = (Order, Shipment, Invoice, CreditNote, Payment)


@invariant("I14")
def guards_are_in_place() -> Iterable[Fault]:
    """Every trigger that keeps documents, movements, journals and events from being changed is there and on."""
    there = set(db.session.scalars(text(TRIGGERS[db.engine.dialect.name])))
    for name, table in trigger_names():
        if name not in there:
            yield f"table {table}", f"its guard {name} is missing"


@rows_break("I24")
def every_state_has_its_event() -> Iterable[Breaking]:
    """Each document's state is what its last recorded change says, and its changes follow one another."""
    for model in STATEFUL:
        state = cast(model.state, String)
        last = (
            select(StateChange.new)
            .where(StateChange.kind == model.document_kind, StateChange.document_id == model.id)
            .order_by(StateChange.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        unknown = select(model.id, func.lower(state)).where(func.coalesce(last, "nothing") != state)
        yield Breaking(unknown, f"{model.document_name.lower()} {{0}}", "no event made it {1}")
    change, before = aliased(StateChange), aliased(StateChange)
    previous = (
        select(before.new)
        .where(before.kind == change.kind, before.document_id == change.document_id, before.id < change.id)
        .order_by(before.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    torn = select(change.kind, change.document_id).where(
        func.coalesce(previous, "nothing") != func.coalesce(change.old, "nothing")
    )
    yield Breaking(torn, "{0} {1}", "its recorded changes of state do not follow one another")


@rows_break("I25")
def a_key_has_one_effect() -> Iterable[Breaking]:
    """One idempotency key stands on the event of one command, which is by the user who sent it."""
    main = Event.is_main, Event.idempotency_key_id.is_not(None)
    twice = select(Event.idempotency_key_id).where(*main).group_by(Event.idempotency_key_id).having(func.count() > 1)
    yield Breaking(twice, "idempotency key {0}", "stands on more than one command")
    foreign = (
        select(Event.id)
        .join(IdempotencyKey, IdempotencyKey.id == Event.idempotency_key_id)
        .where(*main, Event.actor_id != IdempotencyKey.user_id)
    )
    yield Breaking(foreign, "event {0}", "carries the idempotency key of another user")

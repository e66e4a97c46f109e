"""What is written for ever is guarded, and every change of state has its event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import String, cast, func, select, text
from sqlalchemy.orm import aliased

from webapp.db import db
from webapp.models import CreditNote, Event, IdempotencyKey, Invoice, Order, Payment, Shipment, StateChange
from webapp.models.triggers import trigger_names
from webapp.queries.invariants.registry import Offence, invariant, rows

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}
STATEFUL: tuple[Any, ...] = (Order, Shipment, Invoice, CreditNote, Payment)


@invariant("I14")
def guards_are_in_place() -> Iterable[Offence]:
    """Every trigger that keeps documents, movements, journals and events from being changed is there and on."""
    there = set(db.session.scalars(text(TRIGGERS[db.engine.dialect.name])))
    for name, table in trigger_names():
        if name not in there:
            yield Offence("I14", f"table {table}", f"its guard {name} is missing")


@invariant("I24")
def every_state_has_its_event() -> Iterable[Offence]:
    """Each document's state is what its last recorded change says, and its changes follow one another."""
    for model in STATEFUL:
        last = (
            select(StateChange.new)
            .where(StateChange.kind == model.document_kind, StateChange.document_id == model.id)
            .order_by(StateChange.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        for document_id, state in rows(
            select(model.id, model.state).where(func.coalesce(last, "nothing") != cast(model.state, String))
        ):
            yield Offence("I24", f"{model.document_name.lower()} {document_id}", f"no event made it {state.lower()}")
    change, before = aliased(StateChange), aliased(StateChange)
    previous = (
        select(before.new)
        .where(before.kind == change.kind, before.document_id == change.document_id, before.id < change.id)
        .order_by(before.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    for kind, document_id in rows(
        select(change.kind, change.document_id).where(
            func.coalesce(previous, "nothing") != func.coalesce(change.old, "nothing")
        )
    ):
        yield Offence("I24", f"{kind} {document_id}", "its recorded changes of state do not follow one another")


@invariant("I25")
def a_key_has_one_effect() -> Iterable[Offence]:
    """One idempotency key stands on the event of one command, which is by the user who sent it."""
    main = Event.is_main, Event.idempotency_key_id.is_not(None)
    for key_id in db.session.scalars(
        select(Event.idempotency_key_id).where(*main).group_by(Event.idempotency_key_id).having(func.count() > 1)
    ):
        yield Offence("I25", f"idempotency key {key_id}", "stands on more than one command")
    for event_id in db.session.scalars(
        select(Event.id)
        .join(IdempotencyKey, IdempotencyKey.id == Event.idempotency_key_id)
        .where(*main, Event.actor_id != IdempotencyKey.user_id)
    ):
        yield Offence("I25", f"event {event_id}", "carries the idempotency key of another user")

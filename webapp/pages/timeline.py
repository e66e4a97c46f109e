"""The history of a document in sentences: the one place that turns events into words.

An event may carry steps, the commands it ran inside itself; the sentence of the event tells of those that matter to a
reader ("… confirmed the order" after a release). Amounts are in the document's currency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp import formats
from webapp.db import db
from webapp.domain.actions import Action
from webapp.models import Event, EventDocument

MOST_EVENTS = 50
SYSTEM = "Counterfoil"
CHECK = "The credit check"


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence of the history, and when it happened."""

    sentence: str
    at: datetime


def history_of(kind: str, document_id: int, currency: str, *, limit: int = MOST_EVENTS) -> list[Entry]:
    """The latest events of a document, newest first; two statements."""
    events = db.session.scalars(
        select(Event)
        .join(EventDocument)
        .where(EventDocument.kind == kind, EventDocument.document_id == document_id)
        .order_by(Event.id.desc())
        .limit(limit)
        .options(joinedload(Event.actor), selectinload(Event.documents))
    ).all()
    return [Entry(sentence_of(event, currency), event.at) for event in events]


def sentence_of(event: Event, currency: str) -> str:
    """ "Nancy Davolio added line 3 at 12 % and asked for the discount." """
    told = _Told(event, currency)
    writer = WORDS.get(event.action)
    act = writer(told) if writer else event.action.rsplit(".", 1)[-1].replace("_", " ")
    reason = f": {event.reason.rstrip('.')}" if event.reason else ""
    return f"{told.who} {act}{told.followed_by}{reason}."


class _Told:
    """An event with what its sentence is made from."""

    def __init__(self, event: Event, currency: str) -> None:
        self.before: Mapping[str, Any] = event.details.get("before") or {}
        self.after: Mapping[str, Any] = event.details.get("after") or {}
        self.who = CHECK if "checked_at" in self.after else _name_of(event)
        self._steps = [step.get("action") for step in event.details.get("steps", [])]
        self._numbers = {document.kind: document.number for document in event.documents}
        self._currency = currency

    def number(self, kind: str) -> str:
        return self._numbers.get(kind, "")

    def money(self, field: str) -> str:
        value = _decimal(self.after.get(field))
        return formats.money(value, self._currency)

    def quantity(self, value: Any) -> str:
        return formats.quantity(_decimal(value))

    def percent(self, value: Any) -> str:
        return formats.percent(_decimal(value))

    def price(self, value: Any) -> str:
        return formats.price(_decimal(value))

    @property
    def followed_by(self) -> str:
        if Action.INVOICE_POSTED in self._steps:
            return ""  # what is posted was checked
        told = [words for action, words in FOLLOWED_BY.items() if action in self._steps]
        return "".join(f" and {words}" for words in told)


def _name_of(event: Event) -> str:
    return event.actor.name if event.actor and not event.actor.is_system else SYSTEM


FOLLOWED_BY = {
    Action.ORDER_CONFIRMED: "with it confirmed the order",
    Action.ORDER_APPROVED: "approved it",
    Action.SHIPMENT_CREATED: "made the shipment",
    Action.INVOICE_VALIDATED: "checked it",
}


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


# -- one writer for each action that is not said by its own name -----------------------------------------------------


def _created(told: _Told) -> str:
    lines = told.after.get("lines", 0)
    what = f" with {lines} line{'' if lines == 1 else 's'} over {told.money('total')}" if lines else ""
    return f"entered it{what}"


def _added(told: _Told) -> str:
    lines = [line for line in told.after.get("lines", []) if isinstance(line, Mapping)]
    if len(lines) != 1:
        return f"added {len(lines)} lines"
    (line,) = lines
    discount = _decimal(line.get("discount_percent"))
    at = f" at {told.percent(discount)}" if discount else ""
    return f"added line {line.get('line_number')}, {told.quantity(line.get('quantity'))} of {line.get('sku')}{at}"


def _changed_line(told: _Told) -> str:
    changes = [
        f"{word} from {show(told.before.get(name))} to {show(told.after.get(name))}"
        for name, word, show in (
            ("quantity", "quantity", told.quantity),
            ("unit_price", "price", told.price),
            ("discount_percent", "discount", told.percent),
        )
        if told.before.get(name) != told.after.get(name)
    ]
    line = f"line {told.after.get('line_number')}"
    return f"changed {line}: {', '.join(changes)}" if changes else f"saved {line} as it was"


def _removed_line(told: _Told) -> str:
    return f"removed line {told.before.get('line_number')}, {told.before.get('sku')}"


HEAD_WORDS = {
    "customer_reference": "their order number",
    "requested_date": "the promised date",
    "order_discount_percent": "the order discount",
    "ship_complete": "how it ships",
    "notes": "the notes",
    "location": "the warehouse",
    "shipping_address": "the delivery address",
    "charges": "the charges",
}


def _changed_head(told: _Told) -> str:
    changed = [HEAD_WORDS.get(name, name) for name in told.after if told.before.get(name) != told.after.get(name)]
    return f"changed {', '.join(changed)}" if changed else "saved it as it was"


def _short_closed(told: _Told) -> str:
    return f"closed {told.quantity(told.after.get('quantity'))} of line {told.after.get('line_number')} short"


def _discount(verb: str) -> Callable[[_Told], str]:
    return lambda told: f"{verb} {told.percent(told.after.get('percent'))} on line {told.after.get('line_number')}"


def _approved(told: _Told) -> str:
    discounts = told.after.get("discounts", 0)
    more = f" with {discounts} discount{'' if discounts == 1 else 's'}" if discounts else ""
    return f"approved the order over {told.money('total')}{more}"


def _released(told: _Told) -> str:
    up_to = f" up to {told.money('up_to_amount')}" if told.after.get("up_to_amount") else ""
    return f"released the credit hold{up_to}"


def _allocated(told: _Told) -> str:
    lines = told.after.get("lines", {})
    if isinstance(lines, Mapping) and len(lines) == 1:
        ((number, quantity),) = lines.items()
        return f"allocated {told.quantity(quantity)} of line {number}"
    return f"allocated {len(lines)} lines"


def _shipped(told: _Told) -> str:
    together = " and ".join(told.after.get("shipments") or [])
    return f"shipped {together or told.number('shipment') or 'the goods'}"


def _of(verb: str, kind: str, amount: str | None = None) -> Callable[[_Told], str]:
    def write(told: _Told) -> str:
        over = f" over {told.money(amount)}" if amount and told.after.get(amount) else ""
        return f"{verb} {told.number(kind)}{over}".rstrip()

    return write


def _plain(words: str) -> Callable[[_Told], str]:
    return lambda told: words


WORDS: dict[str, Callable[[_Told], str]] = {
    Action.ORDER_CREATED: _created,
    Action.ORDER_CHANGED: _changed_head,
    Action.ORDER_COPIED: _plain("copied it from another order"),
    Action.LINE_ADDED: _added,
    Action.LINE_CHANGED: _changed_line,
    Action.LINE_REMOVED: _removed_line,
    Action.LINE_SHORT_CLOSED: _short_closed,
    Action.COUPON_ENTERED: lambda told: f"entered coupon {told.after.get('coupon', '')}",
    Action.COUPON_REMOVED: lambda told: f"took coupon {told.before.get('coupon', '')} off",
    Action.QUOTE_ACCEPTED: lambda told: f"turned quote {told.after.get('quote', '')} into this order",
    Action.QUOTE_REVISED: lambda told: f"opened revision {told.after.get('revision', '')} of the quote",
    Action.ORDER_SUBMITTED: lambda told: f"submitted it over {told.money('total')}",
    Action.ORDER_WITHDRAWN: _plain("took it back to draft"),
    Action.ORDER_APPROVED: _approved,
    Action.ORDER_REJECTED: _plain("rejected the order"),
    Action.AMENDMENT_REJECTED: _plain("rejected the change of the order"),
    Action.ORDER_CONFIRMED: lambda told: f"confirmed the order over {told.money('total')}",
    Action.CONFIRMATION_HELD: _plain("tried to confirm; the credit check held the order"),
    Action.ORDER_CANCELLED: _plain("cancelled the order"),
    Action.ORDER_COMMENTED: lambda told: f"wrote: “{told.after.get('text', '')}”",
    Action.DISCOUNT_APPROVED: _discount("approved"),
    Action.DISCOUNT_DECLINED: _discount("declined"),
    Action.HOLD_APPLIED: _plain("put the order on credit hold"),
    Action.HOLD_RELEASED: _released,
    Action.HOLD_REJECTED: _plain("rejected the credit hold"),
    Action.HOLD_RELEASE_ENDED: _plain("ended the release"),
    Action.ORDER_HELD: _plain("held the order by hand"),
    Action.STOCK_ALLOCATED: _allocated,
    Action.ALLOCATION_HELD: _plain("tried to allocate; the credit check held the order"),
    Action.ALLOCATION_RELEASED: lambda told: f"gave {told.quantity(told.after.get('quantity'))} back to stock",
    Action.SHIPMENT_CREATED: _of("made shipment", "shipment"),
    Action.SHIPMENT_PICKED: _of("picked", "shipment"),
    Action.SHIPMENT_PACKED: _of("packed", "shipment"),
    Action.SHIPMENT_SHIPPED: _shipped,
    Action.SHIPMENT_HELD: _of("tried to ship; the credit check held", "shipment"),
    Action.SHIPMENT_CANCELLED: _of("cancelled shipment", "shipment"),
    Action.GOODS_RETURNED: _of("received goods back from", "shipment"),
    Action.INVOICE_DRAFTED: _of("drafted invoice", "invoice", "total"),
    Action.INVOICE_VALIDATED: _of("checked invoice", "invoice"),
    Action.INVOICE_POSTED: _of("posted", "invoice", "total"),
    Action.INVOICE_SENT: _of("sent", "invoice"),
    Action.INVOICE_VOIDED: _of("voided invoice", "invoice"),
    Action.CREDIT_NOTE_DRAFTED: _of("drafted credit note", "credit_note", "total"),
    Action.CREDIT_NOTE_POSTED: _of("posted credit note", "credit_note", "total"),
    Action.CREDIT_NOTE_VOIDED: _of("voided credit note", "credit_note"),
    Action.CREDIT_NOTE_APPLIED: _of("applied credit note", "credit_note", "amount"),
    Action.PAYMENT_RECORDED: _of("recorded payment", "payment", "amount"),
    Action.PAYMENT_APPLIED: _of("applied payment", "payment", "amount"),
    Action.PAYMENT_REVERSED: _of("reversed payment", "payment", "amount"),
}

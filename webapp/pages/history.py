"""What happened to a customer, an item or a price list, in sentences, from its events."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import formats
from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.numbers import label
from webapp.models import Event, EventDocument, User
from webapp.pages.timeline import SYSTEM, Entry, sentence_of
from webapp.queries.visibility import visible_events

MOST_FIELDS = 3
MASTERS = ("customer", "item", "location", "price_list", "promotion")

VERBS: dict[str, str] = {
    Action.COMPANY_FOUNDED: "set the company up",
    Action.COMPANY_CHANGED: "changed the settings",
    Action.USER_ADDED: "added the user",
    Action.USER_CHANGED: "changed the user",
    Action.IMPORTED: "took it over from a file",
    Action.CUSTOMER_ADDED: "added the customer",
    Action.CUSTOMER_CHANGED: "changed the customer",
    Action.CUSTOMER_LIMIT_CHANGED: "changed the credit limit",
    Action.CUSTOMER_STATUS_CHANGED: "changed the status",
    Action.CUSTOMER_PRICE_CHANGED: "changed an agreed price",
    Action.ITEM_ADDED: "added the item",
    Action.ITEM_CHANGED: "changed the item",
    Action.LOCATION_ADDED: "added the location",
    Action.LOCATION_CHANGED: "changed the location",
    Action.TAX_CODE_ADDED: "added the tax code",
    Action.TAX_CODE_CHANGED: "changed the tax code",
    Action.PRICE_LIST_ADDED: "added the price list",
    Action.PRICE_LIST_CHANGED: "changed prices",
    Action.PROMOTION_ADDED: "added the promotion",
    Action.PROMOTION_CHANGED: "changed the promotion",
    Action.PROMOTION_PUBLISHED: "published the promotion",
    Action.PROMOTION_ENDED: "ended the promotion",
}
"""What somebody did to master data; what happened to documents is told by ``webapp.pages.timeline``."""


def history_of(kind: str, document_id: int, currency: str, *, viewer: User, limit: int = 20) -> list[Entry]:
    """The newest events of a record first, each as a sentence with who, what and why. Amounts in ``currency``.

    What somebody did for customers that ``viewer`` may not see is left out.
    """
    events = db.session.scalars(
        select(Event)
        .join(EventDocument)
        .where(EventDocument.kind == kind, EventDocument.document_id == document_id, visible_events(viewer))
        .order_by(Event.id.desc())
        .limit(limit)
        .options(joinedload(Event.actor), joinedload(Event.documents))
    ).unique()
    return [Entry(_sentence(event, kind, document_id, currency), event.at) for event in events]


def _sentence(event: Event, kind: str, document_id: int, currency: str) -> str:
    if event.action not in VERBS and event.action != Action.STOCK_RECEIVED:
        other = next((row.number for row in event.documents if row.kind not in MASTERS), "")
        return f"{other}: {sentence_of(event, currency)}" if other else sentence_of(event, currency)
    who = event.actor.name if event.actor else SYSTEM
    own = next((row.number for row in event.documents if (row.kind, row.document_id) == (kind, document_id)), "")
    if event.action == Action.STOCK_RECEIVED:
        return f"{who} received {_received(event.details, own)}."
    changes = _changes(event.details.get("changes", {}).get(own) or event.details)
    reason = f": {event.reason.rstrip('.')}" if event.reason else ""
    return f"{who} {VERBS[event.action]}{changes}{reason}."


def _received(details: Mapping[str, Any], sku: str) -> str:
    """How much of the item came in; of a location only that goods did."""
    lines = (details.get("after") or {}).get("lines", [])
    quantity = sum((Decimal(str(line["quantity"])) for line in lines if line["sku"] == sku), Decimal(0))
    return formats.quantity(quantity) if quantity else "goods"


def _changes(details: Mapping[str, Any]) -> str:
    """The fields that changed, the first few with both values."""
    before, after = details.get("before"), details.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ""
    changed = [name for name in after if name in before and before[name] != after[name]]
    told = [f"{label(name).lower()} from {_word(before[name])} to {_word(after[name])}" for name in changed]
    more = len(told) - MOST_FIELDS
    return f" ({', '.join(told[:MOST_FIELDS])}{f' and {more} more' if more > 0 else ''})" if told else ""


def _word(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values() if part)
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "", 1).lstrip("-").isdigit() else text

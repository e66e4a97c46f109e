"""What waits for a user, by what the user may do: the first thing on the dashboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.db import db
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState
from webapp.models import Invoice, User
from webapp.pages import addresses as at
from webapp.pages.approvals import inbox as approvals
from webapp.pages.orders.lists import count_orders
from webapp.pages.shipments.lists import Stage, open_counts
from webapp.queries.visibility import visible

HOLDS_SHOWN = 3
NAMED = 3


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do: ``count`` documents of it, the sentence, where it is done and how the button is called."""

    count: int
    title: str
    detail: str
    url: str
    act: str
    icon: str
    tone: str = ""
    since: datetime | None = None


def waiting_for(user: User) -> list[Todo]:
    """Everything that waits for this user; the number of statements does not depend on how much it is."""
    found = [*_decisions(user)]
    if user.can(Permission.SHIPMENTS_WRITE):
        found += _warehouse(user)
    if user.can(Permission.INVOICES_WRITE):
        found += _accounts(user)
    if user.can(Permission.ORDERS_WRITE):
        found += _sales(user)
    return [todo for todo in found if todo.count]


# -- decisions ---------------------------------------------------------------------------------------------------------


def _decisions(user: User) -> Iterator[Todo]:
    rights = {
        "hold": Permission.CREDIT_RELEASE,
        "discount": Permission.DISCOUNTS_APPROVE,
        "order": Permission.ORDERS_APPROVE,
    }
    if not any(user.can(right) for right in rights.values()):
        return
    items = approvals.inbox(user)
    by_kind = {kind: [item for item in items if item.kind == kind and user.can(rights[kind])] for kind in rights}
    holds, discounts, orders = by_kind["hold"], by_kind["discount"], by_kind["order"]
    for item in holds[:HOLDS_SHOWN]:
        title, url = f"{item.customer}: {item.what}", at.held_order(item.order, write=1)
        yield Todo(1, title, item.said, url, "Decide hold", "hold", "stop", item.at)
    if holds[HOLDS_SHOWN:]:
        rest = holds[HOLDS_SHOWN:]
        title = f"{len(rest)} more on credit hold"
        yield Todo(len(rest), title, _named(rest), at.orders(view="held"), "See holds", "hold", "stop", _oldest(rest))
    if discounts:
        title = _counted(len(discounts), "discount above the seller’s limit", "discounts above the seller’s limit")
        yield Todo(
            len(discounts), title, _by_customer(discounts), discounts[0].url, "Review discounts", "price", "wait",
            _oldest(discounts),
        )  # fmt: skip
    if orders:
        title = _counted(len(orders), "order waits for approval", "orders wait for approval")
        yield Todo(
            len(orders), title, _named(orders), orders[0].url, "Approve orders", "order", "wait", _oldest(orders)
        )


def _named(items: Sequence[approvals.Item]) -> str:
    shown = "; ".join(f"{item.what} for {item.customer}: {item.figure}" for item in items[:NAMED])
    more = len(items) - NAMED
    return f"{shown}; and {more} more" if more > 0 else shown


def _by_customer(items: Sequence[approvals.Item]) -> str:
    counts = Counter(item.customer for item in items)
    return "; ".join(f"{customer}: {count}" for customer, count in counts.most_common())


def _oldest(items: Iterable[approvals.Item]) -> datetime:
    return min(item.at for item in items)


# -- work --------------------------------------------------------------------------------------------------------------


def _warehouse(user: User) -> Iterator[Todo]:
    orders = count_orders({"allocate": {"view": "allocate"}, "ship": {"view": "ship"}}, user)
    shipments = open_counts(viewer=user)
    picking = _counted(shipments[Stage.TO_PICK], "shipment is to be picked", "shipments are to be picked")
    packing = _counted(shipments[Stage.PICKED], "shipment is to be packed", "shipments are to be packed")
    leaving = _counted(
        shipments[Stage.PACKED], "shipment is packed and can leave", "shipments are packed and can leave"
    )
    ready = _counted(orders["ship"], "order has goods allocated", "orders have goods allocated")
    short = _counted(orders["allocate"], "order is not allocated in full", "orders are not allocated in full")
    yield Todo(shipments[Stage.PACKED], leaving, "", at.shipments(stage="packed"), "Ship", "truck")
    yield Todo(shipments[Stage.PICKED], packing, "", at.shipments(stage="picked"), "Pack", "box")
    yield Todo(shipments[Stage.TO_PICK], picking, "", at.shipments(stage="to-pick"), "Pick", "scan")
    yield Todo(
        orders["ship"], ready, "Not all of them are on a shipment yet.", at.orders(view="ship"), "See orders", "order"
    )
    yield Todo(
        orders["allocate"],
        short,
        "Goods are missing or free to take.",
        at.orders(view="allocate"),
        "Allocate",
        "short",
        "wait",
    )


def _accounts(user: User) -> Iterator[Todo]:
    to_bill = count_orders({"invoice": {"view": "invoice"}}, user)["invoice"]
    drafts = db.session.scalar(
        select(func.count()).where(
            Invoice.state.in_((InvoiceState.DRAFT, InvoiceState.VALIDATED)), visible(Invoice, user)
        )
    )
    unbilled = _counted(to_bill, "order is shipped and not invoiced", "orders are shipped and not invoiced")
    unposted = _counted(drafts or 0, "invoice waits to be posted", "invoices wait to be posted")
    yield Todo(to_bill, unbilled, "", at.invoices_to_bill(), "Invoice them", "invoice")
    yield Todo(drafts or 0, unposted, "", at.invoices(tab="drafts"), "Post them", "invoice")


def _sales(user: User) -> Iterator[Todo]:
    mine = count_orders(
        {
            "rejected": {"view": "mine", "state": "REJECTED"},
            "approved": {"view": "mine", "state": "APPROVED"},
            "draft": {"view": "mine", "state": "DRAFT"},
            "submitted": {"view": "mine", "state": "SUBMITTED"},
        },
        user,
    )
    rows = (
        ("rejected", "was rejected", "were rejected", "Change them", "undo", "stop"),
        ("approved", "is approved and not confirmed", "are approved and not confirmed", "Confirm them", "order", ""),
        ("draft", "is a draft, not submitted yet", "are drafts, not submitted yet", "Go on", "pencil", ""),
        ("submitted", "waits for a manager", "wait for a manager", "See orders", "clock", "wait"),
    )
    for key, one, many, act, icon, tone in rows:
        url = at.orders(view="mine", state=key.upper())
        yield Todo(
            mine[key], _counted(mine[key], f"of your orders {one}", f"of your orders {many}"), "", url, act, icon, tone
        )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"

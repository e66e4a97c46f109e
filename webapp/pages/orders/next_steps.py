"""The next acts of an order, the most useful first: what each is called, where it is sent, and who may do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from webapp.domain.orders.counts import backorder, to_bill, to_bill_again
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState, OrderState, ShipmentState
from webapp.models import Order, User
from webapp.pages import addresses as at
from webapp.pages.orders.facts import OrderFacts
from webapp.queries.approvals.policy import policy_covering
from webapp.queries.people.staff import named

QUOTE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One act. ``is_link`` leads to a page instead of doing it; ``who`` names who may, when this user may not."""

    code: str
    label: str
    url: str
    permission: Permission
    may: bool
    who: str = ""
    is_link: bool = False
    fields: dict[str, str] = field(default_factory=dict)


def steps_of(known: OrderFacts, user: User) -> list[Step]:
    """What can be done next; those this user may do come first."""
    found = [_for(step, known, user) for step in _possible(known)]
    return sorted(found, key=lambda step: not step.may)


@dataclass(frozen=True, slots=True)
class _Act:
    code: str
    label: str
    url: str
    permission: Permission
    four_eyes: bool = False
    is_link: bool = False
    fields: dict[str, str] = field(default_factory=dict)


def _for(act: _Act, known: OrderFacts, user: User) -> Step:
    besides = known.asked if act.four_eyes else frozenset()
    may = user.can(act.permission) and user.id not in besides
    who = "" if may else named(known.staff.who_can(act.permission, besides=besides))
    return Step(act.code, act.label, act.url, act.permission, may, who, act.is_link, act.fields)


def _possible(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    match order.state:
        case OrderState.QUOTE:
            yield from _quote(known)
        case OrderState.DRAFT:
            yield from _draft(known)
        case OrderState.SUBMITTED:
            yield from _approval(known, "Approve order")
        case OrderState.APPROVED:
            yield from _hold(known) or [_confirm(order)] * (known.refused is None)
        case OrderState.CONFIRMED:
            yield from _confirmed(known)
        case OrderState.CLOSED:
            yield from _billed_again(known)


def _quote(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    if order.valid_until is not None and order.valid_until < known.day:
        yield _Act(
            "revise", f"Renew for {QUOTE_DAYS} days", at.quote(order.quote_number, "revision"), Permission.ORDERS_WRITE
        )
    elif order.lines:
        yield _Act("accept", "Accept as order", at.quote(order.quote_number, "acceptance"), Permission.ORDERS_WRITE)


def _draft(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    if not order.lines:
        return
    if not known.over and policy_covering(order, known.margins):
        url = at.order(order.number, "placement")
        yield _Act("place", "Submit and confirm", url, Permission.ORDERS_CONFIRM)
        return
    label = f"Ask for {len(known.over) + 1} approvals" if known.over else "Submit for approval"
    yield _Act("submit", label, at.order(order.number, "submission"), Permission.ORDERS_WRITE)


def _approval(known: OrderFacts, label: str) -> Iterator[_Act]:
    if known.waiting:
        yield _Act(
            "approve", label, at.order(known.order.number, "approval"), Permission.ORDERS_APPROVE, four_eyes=True
        )


def _hold(known: OrderFacts) -> list[_Act]:
    if known.hold is None:
        return []
    url = at.held_order(known.order.number, write=1)
    return [_Act("release", "Decide the credit hold", url, Permission.CREDIT_RELEASE, four_eyes=True, is_link=True)]


def _confirm(order: Order) -> _Act:
    return _Act("confirm", "Confirm order", at.order(order.number, "confirmation"), Permission.ORDERS_CONFIRM)


def _confirmed(known: OrderFacts) -> Iterator[_Act]:
    if known.hold is not None:
        yield from _hold(known)
    elif known.waiting:
        yield from _approval(known, "Approve the change")
    elif known.refused is None and known.declined_change is None:
        yield from _ship(known)
        yield from _shipments(known)
        yield from _allocate(known)
    if not known.waiting and known.declined_change is None:
        yield from _bill(known)
    yield from _drafts(known)
    yield from _correction(known)
    if known.hold is None and not known.waiting and known.refused is None and known.declined_change is None:
        yield from _send(known)


def _billed_again(known: OrderFacts) -> Iterator[_Act]:
    """A closed order is billed anew after its invoice was credited for that, perhaps at another price."""
    if known.waiting:
        yield from _approval(known, "Approve the corrected price")
    else:
        yield from _bill(known) if known.declined_change is None else ()
        yield from _drafts(known)
        yield from _correction(known)


def _correction(known: OrderFacts) -> Iterator[_Act]:
    if any(to_bill_again(line.counts) for line in known.order.lines):
        url = at.order(known.order.number, "price-corrections", "new")
        yield _Act("correct", "Correct the price", url, Permission.ORDERS_WRITE, is_link=True)


def _ship(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    ready = sum(1 for line in order.lines if known.loose(line) > 0)
    if ready:
        of = f"{ready} of {len(order.lines)} lines" if len(order.lines) > 1 else "the line"
        yield _Act("ship", f"Ship {of}", at.order(order.number, "shipments"), Permission.SHIPMENTS_WRITE)


def _send(known: OrderFacts) -> Iterator[_Act]:
    """Last, so that it takes no other act's place on the page."""
    order = known.order
    if any(known.loose(line) > 0 for line in order.lines):
        yield _Act("send", "Ship at once", at.order(order.number, "departure"), Permission.SHIPMENTS_WRITE)


def _shipments(known: OrderFacts) -> Iterator[_Act]:
    verbs = {ShipmentState.DRAFT: "Pick", ShipmentState.PICKED: "Pack", ShipmentState.PACKED: "Ship"}
    for shipment in known.open_shipments:
        number = shipment.shipment_number
        label = f"{verbs[shipment.state]} {number}"
        yield _Act(f"shipment-{number}", label, at.shipment(number), Permission.SHIPMENTS_WRITE, is_link=True)


def _allocate(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    lines = [line for line in order.lines if backorder(line.counts) > 0 and known.free_by_line[line.id] > 0]
    if lines:
        label = f"Allocate {len(lines)} line{'s' if len(lines) > 1 else ''}"
        yield _Act("allocate", label, at.order(order.number, "allocation"), Permission.ORDERS_ALLOCATE)


def _bill(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    lines = sum(1 for line in order.lines if to_bill(line.counts) > 0)
    if lines:
        label = f"Invoice {lines} line{'s' if lines > 1 else ''}"
        yield _Act("invoice", label, at.order(order.number, "invoices"), Permission.INVOICES_WRITE)


def _drafts(known: OrderFacts) -> Iterator[_Act]:
    for invoice in known.invoices:
        if invoice.state in (InvoiceState.DRAFT, InvoiceState.VALIDATED):
            yield _Act(
                f"draft-{invoice.id}", "Open the draft invoice", at.draft_invoice(invoice.id),
                Permission.INVOICES_POST, is_link=True,
            )  # fmt: skip

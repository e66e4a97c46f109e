"""The next acts of an order, the most useful first: what each is called, where it is sent, and who may do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.domain.orders.counts import backorder, to_bill, to_bill_again
from webapp.domain.states import InvoiceState, OrderState, ShipmentState
from webapp.models import Order, User
from webapp.pages import addresses as at
from webapp.pages.orders.deciders import approvers, hold_deciders
from webapp.pages.orders.facts import OrderFacts
from webapp.queries.approvals.policy import policy_covering
from webapp.queries.people.staff import named
from webapp.services.approvals.deciding import approve_order
from webapp.services.commands import Command, may
from webapp.services.invoices.drafts import prepare_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.invoices.price_corrections import correct_price
from webapp.services.order_steps.confirmation import confirm_order, place_order
from webapp.services.order_steps.credit_desk import release_hold
from webapp.services.order_steps.moves import accept_quote, revise_quote, submit_order
from webapp.services.shipments.shipping import (
    create_shipments,
    pack_shipment,
    pick_shipment,
    send_order,
    ship_shipment,
)
from webapp.services.stock.allocation import allocate_order

QUOTE_DAYS = 30
SHIPMENT_STEPS: dict[ShipmentState, tuple[str, Command[..., Any]]] = {
    ShipmentState.DRAFT: ("Pick", pick_shipment),
    ShipmentState.PICKED: ("Pack", pack_shipment),
    ShipmentState.PACKED: ("Ship", ship_shipment),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One act. ``is_link`` leads to a page instead of doing it; ``who`` names who may, when this user may not."""

    code: str
    label: str
    url: str
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
    command: Command[..., Any]
    by: Sequence[User] | None = None
    """Those who may do it where more than the right counts; None asks the command's rights alone."""
    is_link: bool = False
    fields: dict[str, str] = field(default_factory=dict)


def _for(act: _Act, known: OrderFacts, user: User) -> Step:
    able = known.staff.who_can(*act.command.permissions) if act.by is None else act.by
    is_able = may(user, act.command) if act.by is None else user.id in {one.id for one in able}
    return Step(act.code, act.label, act.url, is_able, "" if is_able else named(able), act.is_link, act.fields)


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
        url = at.quote(order.quote_number, "revision")
        yield _Act("revise", f"Renew for {QUOTE_DAYS} days", url, revise_quote)
    elif order.lines:
        yield _Act("accept", "Accept as order", at.quote(order.quote_number, "acceptance"), accept_quote)


def _draft(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    if not order.lines:
        return
    if not known.over and policy_covering(order, known.margins):
        url = at.order(order.number, "placement")
        yield _Act("place", "Submit and confirm", url, place_order)
        return
    label = f"Ask for {len(known.over) + 1} approvals" if known.over else "Submit for approval"
    yield _Act("submit", label, at.order(order.number, "submission"), submit_order)


def _approval(known: OrderFacts, label: str) -> Iterator[_Act]:
    if known.waiting:
        url = at.order(known.order.number, "approval")
        yield _Act("approve", label, url, approve_order, by=approvers(known))


def _hold(known: OrderFacts) -> list[_Act]:
    if known.hold is None:
        return []
    url = at.held_order(known.order.number, write=1)
    return [_Act("release", "Decide the credit hold", url, release_hold, by=hold_deciders(known), is_link=True)]


def _confirm(order: Order) -> _Act:
    return _Act("confirm", "Confirm order", at.order(order.number, "confirmation"), confirm_order)


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
        yield _Act("correct", "Correct the price", url, correct_price, is_link=True)


def _ship(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    ready = sum(1 for line in order.lines if known.loose(line) > 0)
    if ready:
        of = f"{ready} of {len(order.lines)} lines" if len(order.lines) > 1 else "the line"
        yield _Act("ship", f"Ship {of}", at.order(order.number, "shipments"), create_shipments)


def _send(known: OrderFacts) -> Iterator[_Act]:
    """Last, so that it takes no other act's place on the page."""
    order = known.order
    if any(known.loose(line) > 0 for line in order.lines):
        yield _Act("send", "Ship at once", at.order(order.number, "departure"), send_order)


def _shipments(known: OrderFacts) -> Iterator[_Act]:
    for shipment in known.open_shipments:
        number = shipment.shipment_number
        verb, command = SHIPMENT_STEPS[shipment.state]
        yield _Act(f"shipment-{number}", f"{verb} {number}", at.shipment(number), command, is_link=True)


def _allocate(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    lines = [line for line in order.lines if backorder(line.counts) > 0 and known.free_by_line[line.id] > 0]
    if lines:
        label = f"Allocate {len(lines)} line{'s' if len(lines) > 1 else ''}"
        yield _Act("allocate", label, at.order(order.number, "allocation"), allocate_order)


def _bill(known: OrderFacts) -> Iterator[_Act]:
    order = known.order
    lines = sum(1 for line in order.lines if to_bill(line.counts) > 0)
    if lines:
        label = f"Invoice {lines} line{'s' if lines > 1 else ''}"
        yield _Act("invoice", label, at.order(order.number, "invoices"), prepare_invoice)


def _drafts(known: OrderFacts) -> Iterator[_Act]:
    for invoice in known.invoices:
        if invoice.state in (InvoiceState.DRAFT, InvoiceState.VALIDATED):
            yield _Act(
                f"draft-{invoice.id}", "Open the draft invoice", at.draft_invoice(invoice.id), post_invoice,
                is_link=True,
            )  # fmt: skip

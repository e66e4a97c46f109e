"""Charges and allowances of an order: which of them an edit may change, and who answers for what they give away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select, update

from webapp.db import db
from webapp.domain.errors import BadInput, IllegalMove, Refused
from webapp.domain.money import plain
from webapp.domain.states import InvoiceState
from webapp.models import Invoice, InvoiceLine, Order, OrderCharge, User
from webapp.queries.approvals.facts import allowance_share
from webapp.services.orders.lines import answer_for


@dataclass(frozen=True, slots=True)
class ChargeInput:
    """A charge such as freight in the customer's currency, with tax where the order's prices include it; negative: an
    allowance, whose description, else its kind, says why (EN 16931 BR-33).

    ``id`` is that of a charge the order has already; without it a new one is meant.
    """

    kind: str
    amount: Decimal
    tax_code: str
    description: str = ""
    id: int | None = None


OF_THE_CHARGE = (
    "kind", "description", "amount", "named_tax_code_id", "tax_code_id", "tax_category", "tax_percent", "tax_parts",
)  # fmt: skip

Make = Callable[[ChargeInput], OrderCharge]


def replace_charges(order: Order, given: Sequence[ChargeInput], make: Make) -> None:
    """Give the order these charges; those with an id stay what they are, with what stands on them.

    ``make`` makes a charge with its tax. Raises BadInput for an unknown id, IllegalMove for less than was billed or a
    charge that an invoice names.
    """
    known = {charge.id: charge for charge in order.charges}
    charges = [_settled(known, one, make(one), place) for place, one in enumerate(given)]
    kept = {charge.id for charge in charges}
    _let_go(order, [charge for charge in order.charges if charge.id not in kept])
    order.charges = charges


def _settled(known: dict[int, OrderCharge], given: ChargeInput, made: OrderCharge, place: int) -> OrderCharge:
    """The charge that is meant, with what was asked for."""
    if given.id is None:
        return made
    charge = known.pop(given.id, None)
    if charge is None:
        sentence = f"There is no charge {given.id} on this order, or it is named twice."
        raise BadInput(sentence, field=f"charges.{place}.id")
    _refuse_below_billed(charge, made)
    for name in OF_THE_CHARGE:
        setattr(charge, name, getattr(made, name))
    return charge


def _refuse_below_billed(charge: OrderCharge, made: OrderCharge) -> None:
    billed = charge.invoiced_amount + charge.drafted_amount
    if not billed:
        return
    if made.tax_code_id != charge.tax_code_id:
        raise IllegalMove(f"{charge.description} is on an invoice, so its tax stays.")
    if not min(made.amount, Decimal(0)) <= billed <= max(made.amount, Decimal(0)):
        shown = plain(billed, charge.order.currency)
        raise IllegalMove(f"{shown} of {charge.description} are on invoices already; it cannot be less.")


def _let_go(order: Order, charges: Sequence[OrderCharge]) -> None:
    """Take charges off; a draft that was given up forgets them. Raises IllegalMove for what an invoice names."""
    ids = [charge.id for charge in charges]
    if not ids:
        return
    named = (
        select(InvoiceLine.order_charge_id)
        .join(Invoice, InvoiceLine.invoice_id == Invoice.id)
        .where(InvoiceLine.order_charge_id.in_(ids), Invoice.state != InvoiceState.VOID)
    )
    on_invoices = set(db.session.scalars(named))
    if on_invoices:
        names = ", ".join(charge.description for charge in charges if charge.id in on_invoices)
        raise IllegalMove(f"{names} of {order.label} is on an invoice already. Set its amount to what was billed.")
    db.session.execute(
        update(InvoiceLine).where(InvoiceLine.order_charge_id.in_(ids)).values(order_charge_id=None),
        execution_options={"synchronize_session": "fetch"},
    )


def answer_for_more(order: Order, before: Decimal, actor: User) -> bool:
    """Where allowances take a larger part of the goods than the ``before`` percent, ``actor`` answers for every line.

    Answers whether they do: by an allowance that was raised, or by goods that were taken off or made cheaper.
    """
    if allowance_share(order) <= before:
        return False
    answer_for(order.lines, actor)
    return True


def refuse_less_than_nothing(order: Order) -> None:
    """Raise Refused when the allowances come to more than everything else on the order."""
    if order.total < 0:
        total = plain(order.total, order.currency)
        raise Refused(f"{order.label} would come to {total}: its allowances are more than the rest.", {"total": total})

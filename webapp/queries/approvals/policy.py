"""The company's own policy, which approves an order at once where no person has to look."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.money import plain
from webapp.models import ApprovalPolicy, Company, Order, OrderLine
from webapp.queries.approvals.margins import OrderMargins, margins_of
from webapp.queries.approvals.minimums import unmet_minimums
from webapp.queries.company import company, rates_on


def policy_covering(order: Order, margins: OrderMargins | None = None) -> str | None:
    """The name and version of the policy that approves this order by itself, or None.

    It covers orders up to an amount, no price typed below the derived one, every minimum met, no line below its margin
    floor (a cost that is not known stops nothing); discounts above a limit are asked for apart. An order in a currency
    without a rate waits for a person. ``margins`` are the order's where they are read already.
    """
    ours = company()
    if ours is None or ours.approval_policy is not ApprovalPolicy.UP_TO_AMOUNT:
        return None
    most = ours.approval_policy_amount
    if most is not None and not _is_within(order, most, ours):
        return None
    if any(_typed_below(line) for line in order.lines) or unmet_minimums(order):
        return None
    if (margins or margins_of(order)).below:
        return None
    bound = "of any amount" if most is None else f"up to {plain(most, ours.base_currency)} {ours.base_currency}"
    return f"Orders {bound}, version {ours.approval_policy_version}"


def _is_within(order: Order, most: Decimal, ours: Company) -> bool:
    if order.currency == ours.base_currency:
        return order.total <= most
    rate = rates_on(order.order_date).get(order.currency)
    return rate is not None and order.total * rate <= most


def _typed_below(line: OrderLine) -> bool:
    return line.price_typed and (line.derived_price is None or line.unit_price < line.derived_price)

"""The rules by which the demo fills in what Northwind's tables do not say. README.md states them in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from webapp.demo.northwind import Northwind, Order
from webapp.domain.money import round_money

CURRENCY = "GBP"
HOME = "GB"
VAT_PERCENT = Decimal(20)
TERMS = "NET30"
TERMS_DAYS = 30

COST_SHARE = Decimal("0.7")

LIMIT_STEP = Decimal(500)
LIMIT_OF_LARGEST_ORDER = Decimal("1.6")
TOLERATED_DAYS, TOLERATED_AMOUNT = 30, Decimal(500)

WAITS = timedelta(days=1)
ALLOCATED_AFTER = timedelta(days=5)
ON_A_SHIPMENT_AFTER = timedelta(days=14)
PACKED_AFTER = timedelta(days=21)
SENT_WITHIN = timedelta(days=7)

PROMPT, SLOW, LATE = -3, 12, 38
"""Days after the due date on which customers pay."""
UNPAID_EVERY, UNPAID_SINCE = 13, timedelta(days=150)
SHORT_EVERY, SHORT_PAID = 40, Decimal("0.95")


def cost(list_price: Decimal) -> Decimal:
    """What a piece cost: 70 % of today's list price."""
    return round_money(list_price * COST_SHARE, CURRENCY)


def is_home(country: str) -> bool:
    """Whether deliveries to a country bear VAT."""
    return country == HOME


def credit_limits(northwind: Northwind, home_customers: set[str]) -> dict[str, Decimal]:
    """By customer 1.6 times its largest order (VAT and freight included), up to the next full 500."""
    limits = {row["CustomerID"]: LIMIT_STEP for row in northwind.customers}
    for order in northwind.orders:
        worth = with_tax(order, home=order.customer in home_customers) * LIMIT_OF_LARGEST_ORDER
        steps = (worth / LIMIT_STEP).to_integral_value(ROUND_CEILING)
        limits[order.customer] = max(limits[order.customer], steps * LIMIT_STEP)
    return limits


def with_tax(order: Order, *, home: bool) -> Decimal:
    """About what the order comes to: goods, freight and tax, not rounded line by line."""
    rate = VAT_PERCENT if home else Decimal(0)
    return (order.net + order.freight) * (1 + rate / 100)


def payment_day(order: Order, place: int) -> date:
    """When the invoice of a shipped order is paid; ``place`` is the customer's among all by code.

    Seven of ten customers pay three days early, two pay 12 days late, one 38 days late.
    """
    if order.shipped is None:
        raise ValueError("only what was shipped is paid")
    habit = (PROMPT,) * 7 + (SLOW, SLOW, LATE)
    return order.shipped + timedelta(days=TERMS_DAYS + habit[place % 10])


def is_unpaid(order: Order, northwind: Northwind) -> bool:
    """Whether nobody pays the invoice: every 13th order by number of the last 150 days before the newest order."""
    return order.number % UNPAID_EVERY == 0 and order.ordered > northwind.newest - UNPAID_SINCE


def payment_amount(order: Order, total: Decimal) -> Decimal:
    """What is paid of an invoice: all of it, but 95 % of every 40th order by number; the rest stays in dispute."""
    if order.number % SHORT_EVERY:
        return total
    return round_money(total * SHORT_PAID, CURRENCY)


def open_orders(orders: Iterable[Order]) -> list[Order]:
    """The orders that are not shipped."""
    return [order for order in orders if order.shipped is None]

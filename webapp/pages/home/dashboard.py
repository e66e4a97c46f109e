"""The first page: what waits for the user, the day in four figures, sales, receivables, customers and stock.

Receivables are those of the ageing, sales those of the ledger, stock and orders those of their lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Select, func, select

from webapp import formats
from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.money import WIDE, round_money
from webapp.domain.payments.split import AgeingBucket
from webapp.domain.states import HoldState
from webapp.models import CreditHold, Order, User
from webapp.pages import addresses as at
from webapp.pages.home.waiting import Todo, waiting_for
from webapp.pages.orders.lists import count_orders
from webapp.pages.stock.lists import Stocked, StockFilter, list_stock
from webapp.queries.company import company, rates_on, today
from webapp.queries.receivables.ageing import Ageing, ageing
from webapp.queries.reports.sales import CustomerSales, MonthSales, best_customers, sales_by_month
from webapp.queries.visibility import visible

THOUSAND = Decimal(1000)
CUSTOMERS_SHOWN = ITEMS_SHOWN = 6
MOST_LOW_ITEMS = 200
MOST_LINES = 5
TONES = {
    AgeingBucket.CURRENT: ("Not due", "1"),
    AgeingBucket.DAYS_1_30: ("1–30 days", "2"),
    AgeingBucket.DAYS_31_60: ("31–60 days", "2"),
    AgeingBucket.DAYS_61_90: ("61–90 days", "sand"),
    AgeingBucket.OVER_90: ("Over 90 days", "over"),
}
"""How each bucket is called and which colour its bar has."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the four figures under the list of what waits, with the documents behind it."""

    label: str
    value: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One month or bucket of a chart: its figures, how they read, and the documents behind them."""

    label: str
    title: str
    value: Decimal
    shown: str
    url: str
    before: Decimal | None = None
    before_shown: str = ""
    tone: str = "1"


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across a chart at a round amount, and how it reads."""

    value: Decimal
    shown: str


@dataclass(frozen=True, slots=True)
class Share:
    """A row with a small bar: ``share`` in percent."""

    row: CustomerSales | Stocked
    share: Decimal


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything the page shows; amounts are in ``currency``."""

    today: date
    currency: str
    todos: Sequence[Todo]
    figures: Sequence[Figure]
    months: Sequence[Bar]
    month_lines: Sequence[Tick]
    ages: Sequence[Bar]
    receivables: Ageing
    customers: Sequence[Share]
    low_items: Sequence[Share]
    low_count: str

    @property
    def waiting(self) -> int:
        """How many documents wait for the user."""
        return sum(todo.count for todo in self.todos)


def dashboard(user: User) -> Dashboard:
    """The dashboard of a user; the number of statements depends on the roles alone."""
    day, ours = today(), company()
    currency = ours.base_currency if ours else ""
    owed = ageing(day, viewer=user)
    months = [_month(month) for month in sales_by_month(day, viewer=user)]
    low, low_count = _low_items()
    return Dashboard(
        today=day,
        currency=currency,
        todos=waiting_for(user),
        figures=_figures(user, day, currency, owed),
        months=months,
        month_lines=_lines_across(months),
        ages=age_bars(owed),
        receivables=owed,
        customers=_with_shares(best_customers(day, limit=CUSTOMERS_SHOWN, viewer=user)),
        low_items=low,
        low_count=low_count,
    )


def age_bars(owed: Ageing) -> list[Bar]:
    """The totals of an ageing as bars, each with the address of its open items."""
    return [
        Bar(
            label=TONES[bucket][0],
            title=TONES[bucket][0],
            value=amount,
            shown=formats.money(amount, owed.base_currency),
            url=at.open_items(as_of=owed.as_of, bucket=bucket.name),
            tone=TONES[bucket][1],
        )
        for bucket, amount in owed.total.buckets.items()
    ]


# -- the four figures --------------------------------------------------------------------------------------------------


def _figures(user: User, day: date, currency: str, owed: Ageing) -> list[Figure]:
    rates = rates_on(day)
    entered, entered_worth = _worth(
        select(Order.currency, func.count(), func.sum(Order.total)).where(
            Order.order_number.is_not(None), Order.order_date == day, visible(Order, user)
        ),
        rates, currency,
    )  # fmt: skip
    held, held_worth = _worth(
        select(Order.currency, func.count(), func.sum(Order.total))
        .join(CreditHold, CreditHold.order_id == Order.id)
        .where(CreditHold.state == HoldState.OPEN, visible(Order, user)),
        rates, currency,
    )  # fmt: skip
    ready = count_orders({"ship": {"view": "ship"}, "late": {"view": "late"}}, user)
    total = owed.total
    share = round_money(total.overdue * 100 / total.open_amount, "JPY") if total.open_amount else ZERO
    return [
        Figure(
            "Orders entered today",
            str(entered),
            formats.amount(entered_worth, currency),
            at.orders(view="all", from_=day),
        ),
        Figure("Ready to ship", str(ready["ship"]), _late(ready["late"]), at.orders(view="ship")),
        Figure("Held for credit", formats.amount(held_worth, currency), _orders(held), at.orders(view="held")),
        Figure(
            "Overdue",
            formats.amount(total.overdue, currency),
            f"{formats.percent(share)} of receivables",
            at.open_items(as_of=day, overdue=1),
        ),
    ]


def _worth(statement: Select[str, int, Decimal], rates: dict[str, Decimal], currency: str) -> tuple[int, Decimal]:
    """Count and worth in the base currency of the orders summed; currencies without a rate add nothing."""
    count, worth = 0, ZERO
    for of_currency, number, amount in db.session.execute(statement.group_by(Order.currency)):
        count += number
        if of_currency in rates:
            worth += round_money(WIDE.multiply(amount, rates[of_currency]), currency)
    return count, worth


def _late(count: int) -> str:
    return "1 open order is late" if count == 1 else f"{count} open orders are late"


def _orders(count: int) -> str:
    return "1 order" if count == 1 else f"{count} orders"


# -- charts and lists --------------------------------------------------------------------------------------------------


def _lines_across(months: Sequence[Bar]) -> list[Tick]:
    """Lines at the multiples of 1, 2 or 5 times a power of ten, at most five up to the highest bar."""
    top = max((amount for month in months for amount in (month.value, month.before or ZERO)), default=ZERO)
    if top <= 0:
        return []
    steps = (Decimal(part).scaleb(top.adjusted() + power) for power in (-1, 0) for part in (1, 2, 5))
    step = next(step for step in steps if top / step <= MOST_LINES)
    return [Tick(step * n, formats.quantity(step * n / THOUSAND)) for n in range(1, int(top / step) + 1)]


def _month(month: MonthSales) -> Bar:
    first, last = month.first_day, month.last_day
    return Bar(
        label=formats.month(first),
        title=formats.month(first, with_year=True),
        value=month.amount,
        shown=formats.quantity(round_money(month.amount / THOUSAND, "JPY")),
        url=at.invoices(tab="all", from_=first, to=last),
        before=month.year_before,
    )


def _with_shares(customers: Sequence[CustomerSales]) -> list[Share]:
    most = max((customer.amount for customer in customers), default=ZERO)
    return [Share(customer, _percent(customer.amount, most)) for customer in customers]


def _low_items() -> tuple[list[Share], str]:
    """The items furthest below their reorder level, and how many there are."""
    found = list_stock(StockFilter(low_only=True), limit=MOST_LOW_ITEMS)
    shares = sorted((_level(row) for row in found.rows), key=lambda one: one.share)
    count = f"more than {MOST_LOW_ITEMS} items" if found.cursor else _items(len(found.rows))
    return shares[:ITEMS_SHOWN], count


def _level(row: Stocked) -> Share:
    return Share(row, _percent(row.on_hand - row.allocated, row.variant.reorder_level))


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return round_money(part * 100 / whole, "JPY") if whole > 0 else ZERO


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"

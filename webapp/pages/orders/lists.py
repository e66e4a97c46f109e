"""The lists of orders and quotes: tabs, filters and sort as the address says them; five statements, never a count.

What is to be allocated takes some more, which tell of which orders something is free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from webapp import formats
from webapp.db import Scaled, db
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput
from webapp.domain.numbers import parse_date
from webapp.domain.orders.counts import LineCounts
from webapp.domain.states import BEGUN, ENDED, ApprovalState, HoldState, OrderState
from webapp.models import Approval, CreditHold, Customer, Order, OrderLine, User
from webapp.pages import addresses as at
from webapp.pages.orders.words import ON_HOLD, STATE_TAGS, Tag, progress_tags
from webapp.queries.approvals.facts import stopped_by_declined_change
from webapp.queries.company import today
from webapp.queries.paging import page_of
from webapp.queries.stock.free import BACKORDER, allocatable

OPEN = tuple(state for state in OrderState if state not in (*ENDED, OrderState.QUOTE))
SORTS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "number": (Order.id,),
    "date": (Order.order_date, Order.id),
}
COUNTERS = {
    "ordered": OrderLine.quantity,
    "allocated": OrderLine.allocated_qty,
    "picked": OrderLine.picked_qty,
    "shipped": OrderLine.shipped_qty,
    "cancelled": OrderLine.cancelled_qty,
    "returned": OrderLine.returned_qty,
    "invoiced": OrderLine.invoiced_qty,
    "drafted": OrderLine.drafted_qty,
    "credited": OrderLine.credited_qty,
    "returned_unbilled": OrderLine.returned_unbilled_qty,
    "rebill": OrderLine.rebill_qty,
}
NOTHING_FREE, CHANGE_DECLINED = "Nothing free", "Change declined"
WAITS = {
    OrderState.DRAFT: "not submitted yet",
    OrderState.SUBMITTED: "waits for a manager",
    OrderState.APPROVED: "not confirmed yet",
    OrderState.REJECTED: "goes back to sales",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One order of the list: before it is confirmed its state, afterwards how far it is."""

    order: Order
    state: Tag
    waits: str
    progress: tuple[Tag, Tag, Tag] | None
    is_late: bool
    can_allocate: bool = False
    """Whether the allocation would find something; asked in the view of what is to be allocated only."""
    cannot: str = NOTHING_FREE

    @property
    def url(self) -> str:
        return at.order_page(self.order)


@dataclass(frozen=True, slots=True)
class OrderList:
    """One page of a list with what its head shows."""

    base: str
    asked: Mapping[str, str]
    tab: str
    tabs: Sequence[tuple[str, str, bool, int]]
    chips: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    cursor: str | None
    sort: str

    def address(self, **changes: str | None) -> str:
        """This list with something changed; the page within it is forgotten."""
        kept = {**{key: value for key, value in self.asked.items() if key != "cursor"}, **changes}
        query = urlencode({key: value for key, value in kept.items() if value})
        return f"{self.base}?{query}" if query else self.base

    def sorted_by(self, sort: str) -> str:
        return self.address(sort=sort)

    @property
    def older(self) -> str | None:
        return self.address(cursor=self.cursor) if self.cursor else None

    @property
    def first(self) -> str | None:
        return self.address() if self.asked.get("cursor") else None

    @property
    def is_filtered(self) -> bool:
        return bool(self.chips or self.asked.get("q"))


TO_ALLOCATE = "allocate"
ORDER_TABS = {
    "open": "Open",
    "mine": "Mine",
    "waiting": "Waiting for approval",
    "held": "Held",
    TO_ALLOCATE: "To allocate",
    "ship": "To ship",
    "invoice": "To invoice",
    "late": "Late",
    "all": "All",
}
QUOTE_TABS = {"open": "Open", "mine": "Mine", "expired": "Expired", "all": "All"}


def order_list(asked: Mapping[str, str], user: User) -> OrderList:
    """The list of orders that an address asks for. Raises BadInput for what is none of its filters."""
    tab = asked.get("view", "open")
    statement = select(Order).where(Order.order_number.is_not(None), _of_tab(tab, user))
    return _list(at.orders(), ORDER_TABS, tab, statement, asked, user)


def count_orders(asked: Mapping[str, Mapping[str, str]], user: User) -> dict[str, int]:
    """How many orders each of some addresses of the list shows, by name; one statement."""
    counts = [
        _filtered(select(func.count()).select_from(Order).where(_of_tab(one.get("view", "open"), user)), one, user)
        .scalar_subquery()
        .label(name)
        for name, one in asked.items()
    ]
    return dict(zip(asked, db.session.execute(select(*counts)).one(), strict=True))


def quote_list(asked: Mapping[str, str], user: User) -> OrderList:
    """The list of quotes, those accepted since under All."""
    tab = asked.get("view", "open")
    statement = select(Order).where(Order.quote_number.is_not(None), _of_quote_tab(tab, user))
    return _list(at.quotes(), QUOTE_TABS, tab, statement, asked, user)


def _list(
    base: str, tabs: Mapping[str, str], tab: str, statement: Select[Any], asked: Mapping[str, str], user: User
) -> OrderList:
    sort = asked.get("sort") or "-number"
    keys = SORTS.get(sort.lstrip("-"))
    if keys is None:
        raise BadInput("Orders can be sorted by number and by date.", field="sort")
    statement = _filtered(statement, asked, user).options(
        joinedload(Order.customer, innerjoin=True), joinedload(Order.created_by, innerjoin=True)
    )
    found = page_of(statement, *keys, cursor=asked.get("cursor"), newest_first=sort.startswith("-"))
    listing = OrderList(base, asked, tab, (), (), _rows(found.rows, tab), found.cursor, sort)
    return OrderList(
        base,
        asked,
        tab,
        [(name, listing.address(view=key if key != "open" else None), key == tab, 0) for key, name in tabs.items()],
        [(words, listing.address(**{key: None})) for key, words in _chips(asked)],
        listing.rows,
        found.cursor,
        sort,
    )


# -- which orders ---------------------------------------------------------------------------------------------------


def _of_tab(tab: str, user: User) -> ColumnElement[bool]:
    confirmed = Order.state == OrderState.CONFIRMED
    is_open = Order.state.in_(OPEN)
    held = exists().where(CreditHold.order_id == Order.id, CreditHold.state == HoldState.OPEN)
    refused = exists().where(
        CreditHold.order_id == Order.id, CreditHold.state == HoldState.REJECTED, CreditHold.superseded_at.is_(None)
    )
    waits = exists().where(Approval.order_id == Order.id, Approval.state == ApprovalState.OPEN)
    unbilled = (
        OrderLine.shipped_qty
        - OrderLine.returned_unbilled_qty
        - OrderLine.invoiced_qty
        + OrderLine.rebill_qty
        - OrderLine.drafted_qty
    )
    conditions = {
        "open": is_open,
        "mine": and_(is_open, Order.created_by_id == user.id),
        "waiting": Order.state == OrderState.SUBMITTED,
        "held": and_(is_open, held),
        TO_ALLOCATE: and_(confirmed, ~held, ~refused, ~waits, _has_line(BACKORDER > ZERO)),
        "ship": and_(confirmed, ~held, _has_line(OrderLine.allocated_qty > ZERO)),
        "invoice": and_(Order.state.in_(BEGUN), Order.to_bill_amount > ZERO, _has_line(unbilled > ZERO)),
        "late": and_(is_open, Order.requested_date < today()),
        "all": Order.order_number.is_not(None),
    }
    return _chosen(conditions, tab)


def _of_quote_tab(tab: str, user: User) -> ColumnElement[bool]:
    is_quote = Order.state == OrderState.QUOTE
    conditions = {
        "open": is_quote,
        "mine": and_(is_quote, Order.created_by_id == user.id),
        "expired": and_(is_quote, Order.valid_until < today()),
        "all": Order.quote_number.is_not(None),
    }
    return _chosen(conditions, tab)


def _chosen(conditions: Mapping[str, ColumnElement[bool]], tab: str) -> ColumnElement[bool]:
    if tab not in conditions:
        raise BadInput("There is no such view of this list.", field="view")
    return conditions[tab]


def _has_line(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(OrderLine.order_id == Order.id, condition)


def _filtered(statement: Select[Any], asked: Mapping[str, str], user: User) -> Select[Any]:
    if user.own_customers_only:
        statement = statement.where(Order.customer.has(Customer.sales_rep_id == user.id))
    if asked.get("customer"):
        statement = statement.where(Order.customer.has(Customer.code == asked["customer"]))
    if asked.get("state"):
        statement = statement.where(Order.state == _state(asked["state"]))
    if asked.get("from"):
        statement = statement.where(Order.order_date >= parse_date(asked["from"], field="from"))
    if asked.get("until"):
        statement = statement.where(Order.requested_date <= parse_date(asked["until"], field="until"))
    return _searched(statement, asked.get("q", "").strip())


def _state(value: str) -> OrderState:
    try:
        return OrderState(value)
    except ValueError:
        raise BadInput("There is no such state of an order.", field="state") from None


def _searched(statement: Select[Any], text: str) -> Select[Any]:
    if not text:
        return statement
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    customers = select(Customer.id).where(
        or_(Customer.name.ilike(pattern, escape="\\"), Customer.code.ilike(pattern, escape="\\"))
    )
    return statement.where(
        or_(
            Order.order_number.ilike(pattern, escape="\\"),
            Order.quote_number.ilike(pattern, escape="\\"),
            Order.customer_reference.ilike(pattern, escape="\\"),
            Order.customer_id.in_(customers),
        )
    )


def _chips(asked: Mapping[str, str]) -> list[tuple[str, str]]:
    words: dict[str, Callable[[str], str]] = {
        "customer": lambda value: f"Customer: {value}",
        "state": lambda value: f"State: {STATE_TAGS[_state(value)].label}",
        "from": lambda value: f"Ordered: from {formats.short_day(parse_date(value))}",
        "until": lambda value: f"Promised: until {formats.short_day(parse_date(value))}",
    }
    return [(key, write(asked[key])) for key, write in words.items() if asked.get(key)]


# -- what their rows say --------------------------------------------------------------------------------------------


def _rows(orders: Sequence[Order], tab: str) -> list[Row]:
    ids = [order.id for order in orders]
    counts, held, day = _counts(ids), _held(ids), today()
    rows = [_row(order, counts.get(order.id), order.id in held, day) for order in orders]
    return _with_allocation(rows) if tab == TO_ALLOCATE else rows


def _with_allocation(rows: Sequence[Row]) -> list[Row]:
    stopped = stopped_by_declined_change(row.order.id for row in rows)
    helped = allocatable([row.order for row in rows]) - stopped
    return [
        replace(
            row,
            can_allocate=row.order.id in helped,
            cannot=CHANGE_DECLINED if row.order.id in stopped else NOTHING_FREE,
        )
        for row in rows
    ]


def _row(order: Order, counts: LineCounts | None, held: bool, day: date) -> Row:
    progress = progress_tags([counts]) if counts and order.state in BEGUN else None
    if progress and held:
        progress = (progress[0], Tag("On hold", "stop", "hold"), progress[2])
    late = order.requested_date is not None and order.requested_date < day and order.state not in ENDED
    state = ON_HOLD if held and not progress else STATE_TAGS[order.state]
    waits = "waits for the credit desk" if held else WAITS.get(order.state, "")
    return Row(order, state, waits, progress, late)


def _counts(ids: Sequence[int]) -> dict[int, LineCounts]:
    """Sums over the lines of each order: a whole is done exactly when each part is."""
    sums = [func.coalesce(func.sum(column), ZERO, type_=Scaled(6)).label(name) for name, column in COUNTERS.items()]
    rows = db.session.execute(
        select(OrderLine.order_id, *sums).where(OrderLine.order_id.in_(ids)).group_by(OrderLine.order_id)
    )
    return {row.order_id: LineCounts(**{name: getattr(row, name) for name in COUNTERS}) for row in rows}


def _held(ids: Sequence[int]) -> set[int]:
    return set(
        db.session.scalars(
            select(CreditHold.order_id).where(CreditHold.order_id.in_(ids), CreditHold.state == HoldState.OPEN)
        )
    )

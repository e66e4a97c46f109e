"""Price lists, their rows, and the prices agreed with customers, as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp import formats
from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.domain.permissions import Permission
from webapp.domain.pricing.lists import Basis, Ending
from webapp.models import Customer, CustomerGroup, CustomerPrice, ListPrice, PriceList, User, Variant
from webapp.pages.history import history_of
from webapp.pages.items.lists import matches
from webapp.pages.timeline import Entry
from webapp.queries.paging import Page, page_of
from webapp.queries.visibility import visible

PER_PAGE = 40


@dataclass(frozen=True, slots=True)
class ListSummary:
    """A price list with what it rests on, how many rows it has and who uses it."""

    price_list: PriceList
    basis: str
    rows: int
    customers: int
    groups: int


@dataclass(frozen=True, slots=True)
class PricesIndex:
    """All lists, and the customers with agreed prices."""

    lists: Sequence[ListSummary]
    customers: Sequence[tuple[Customer, int]]


@dataclass(frozen=True, slots=True)
class PriceRows:
    """One page of items that have prices somewhere, each with its rows by quantity and day."""

    items: Page[Variant]
    rows: dict[int, list[Any]]

    def of(self, variant: Variant) -> list[Any]:
        """The prices of one of the items."""
        return self.rows.get(variant.id, [])


def prices_index(user: User) -> PricesIndex:
    """Every list and every customer of ``user`` with prices of their own."""
    rows = _counts(ListPrice.price_list_id)
    customers = _counts(Customer.price_list_id)
    groups = _counts(CustomerGroup.price_list_id)
    lists = db.session.scalars(select(PriceList).options(joinedload(PriceList.parent)).order_by(PriceList.code))
    agreed = db.session.execute(
        select(Customer, func.count(CustomerPrice.id))
        .join(CustomerPrice, CustomerPrice.customer_id == Customer.id)
        .where(visible(Customer, user))
        .group_by(Customer.id)
        .order_by(Customer.name)
    )
    return PricesIndex(
        [
            ListSummary(
                one,
                basis_name(one, sees_costs=user.can(Permission.COSTS_READ)),
                rows.get(one.id, 0),
                customers.get(one.id, 0),
                groups.get(one.id, 0),
            )
            for one in lists
        ],
        [(row[0], row[1]) for row in agreed],
    )


def find_list(code: str) -> PriceList:
    """The list called ``code``. Raises NotFound."""
    found = db.session.scalars(
        select(PriceList).where(PriceList.code == code).options(joinedload(PriceList.parent))
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no price list {code}.")
    return found


def list_words(price_list: PriceList, *, sees_costs: bool) -> list[str]:
    """What the list makes its prices of and how, in sentences; percentages over cost only for those who see costs."""
    found = []
    if not price_list.is_active:
        found.append("Not in use: no order takes prices from it. Lists that rest on it still do.")
    if price_list.basis is not Basis.ROWS:
        found.append(f"What this list does not name {_basis_words(price_list, sees_costs=sees_costs)}.")
        if price_list.rounding_step is not None:
            ending = Ending(price_list.rounding_step, price_list.rounding_ending, price_list.rounding)
            found.append(f"These prices go {ending.words}.")
    return found + _bound_words(price_list, sees_costs=sees_costs)


def basis_name(price_list: PriceList, *, sees_costs: bool) -> str:
    """What the list rests on, in a few signs for a table; empty when on nothing."""
    if price_list.basis is Basis.ROWS:
        return ""
    name = price_list.parent.code if price_list.parent else price_list.basis.value.lower()
    if not price_list.percent or (price_list.basis is Basis.COST and not sees_costs):
        return name
    return f"{name} {_signed(price_list.percent)}"


def rows_of_list(price_list: PriceList, *, q: str = "", cursor: str | None = None) -> PriceRows:
    """One page of the list's items with their prices."""
    return _rows(ListPrice, ListPrice.price_list_id, price_list.id, q, cursor)


def rows_of_customer(customer: Customer, *, q: str = "", cursor: str | None = None) -> PriceRows:
    """One page of the items whose price was agreed with a customer."""
    return _rows(CustomerPrice, CustomerPrice.customer_id, customer.id, q, cursor)


def other_lists(price_list: PriceList | None = None) -> list[tuple[str, str]]:
    """The lists another one could rest on: code, and name with currency."""
    statement = select(PriceList).order_by(PriceList.code)
    if price_list is not None:
        statement = statement.where(PriceList.id != price_list.id, PriceList.currency == price_list.currency)
    return [(one.code, f"{one.name}, {one.currency}") for one in db.session.scalars(statement)]


def list_history(price_list: PriceList, viewer: User) -> list[Entry]:
    """What happened to the list."""
    return history_of(PriceList.document_kind, price_list.id, price_list.currency, viewer=viewer)


def _basis_words(price_list: PriceList, *, sees_costs: bool) -> str:
    changed = f", changed by {_signed(price_list.percent)}" if price_list.percent else ""
    if price_list.basis is Basis.COST:
        return f"costs its average cost{changed}" if sees_costs else "is made from its cost"
    source = f"as on {price_list.parent.name}" if price_list.parent else "its base price"
    return f"costs {source}{changed}"


def _bound_words(price_list: PriceList, *, sees_costs: bool) -> list[str]:
    floor, cap = price_list.floor_over_cost_percent, price_list.cap_over_cost_percent
    if floor is None and cap is None:
        return []
    if not sees_costs:
        return ["All its prices keep a distance from cost."]
    words = []
    if floor is not None:
        words.append(f"falls below cost {_signed(floor)}")
    if cap is not None:
        words.append(f"rises above cost {_signed(cap)}")
    return [f"No price of it {' or '.join(words)}, where the cost is known."]


def _signed(percent: Decimal) -> str:
    return f"{'+' if percent > 0 else ''}{formats.percent(percent)}"


def _rows(model: Any, owner: Any, owner_id: int, q: str, cursor: str | None) -> PriceRows:
    priced = select(model.id).where(model.variant_id == Variant.id, owner == owner_id).exists()
    statement = select(Variant).where(priced)
    if q:
        statement = statement.where(matches(q))
    items = page_of(statement, Variant.sku, cursor=cursor, limit=PER_PAGE, newest_first=False)
    rows: dict[int, list[Any]] = {}
    for row in db.session.scalars(
        select(model)
        .where(owner == owner_id, model.variant_id.in_([variant.id for variant in items.rows]))
        .order_by(model.variant_id, model.min_quantity, model.valid_from, model.id)
    ):
        rows.setdefault(row.variant_id, []).append(row)
    return PriceRows(items, rows)


def _counts(column: Any) -> dict[int, int]:
    statement = select(column, func.count()).where(column.is_not(None)).group_by(column)
    return {row[0]: row[1] for row in db.session.execute(statement)}

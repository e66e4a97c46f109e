"""Price lists, their rows, and the prices agreed with customers, as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.models import Customer, CustomerGroup, CustomerPrice, ListPrice, PriceList, User, Variant
from webapp.queries.history import history_of
from webapp.queries.items import matches
from webapp.queries.paging import Page, page_of
from webapp.queries.timeline import Entry
from webapp.queries.visibility import visible

PER_PAGE = 40


@dataclass(frozen=True, slots=True)
class ListSummary:
    """A price list with how many rows it has and who uses it."""

    price_list: PriceList
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
        [ListSummary(one, rows.get(one.id, 0), customers.get(one.id, 0), groups.get(one.id, 0)) for one in lists],
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


def list_history(price_list: PriceList) -> list[Entry]:
    """What happened to the list."""
    return history_of(PriceList.document_kind, price_list.id, price_list.currency)


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

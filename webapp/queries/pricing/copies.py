"""What copying a price list would do, page by page, before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, case, func, or_, select

from webapp.db import db
from webapp.domain.approvals.margins import margin_percent
from webapp.domain.pricing.copies import Copying, NewPrice, OldPrice
from webapp.domain.pricing.lists import ListRule, kept_price
from webapp.domain.states import CustomerStatus
from webapp.models import Customer, CustomerGroup, CustomerPrice, ListPrice, PriceList, User, Variant
from webapp.queries.company import company
from webapp.queries.paging import Page, page_of
from webapp.queries.pricing.list_choice import Lists, all_lists, resting_on
from webapp.queries.visibility import visible

PER_PAGE = 40
NAMED = 5


@dataclass(frozen=True, slots=True)
class Effect:
    """One new price beside its old one. ``sold_at`` is the new one between floor and cap of the list."""

    variant: Variant
    new: NewPrice
    sold_at: Decimal
    cost: Decimal | None
    customers: int

    @property
    def margin(self) -> Decimal | None:
        """What is left of the new price over cost, in percent of it to one decimal; None where the cost is unknown."""
        return None if self.cost is None else margin_percent(self.sold_at, self.cost)


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of effects by SKU, how many prices change in all, and who has the list."""

    items: Page[Variant]
    effects: Sequence[Effect]
    prices: int
    ended: int
    clash: bool
    customers: int
    some_customers: Sequence[Customer]


def old_prices(list_id: int, variant_ids: Iterable[int] | None = None) -> list[OldPrice]:
    """The rows of a list in the order of items and quantities, all or those of some items."""
    statement = (
        select(
            ListPrice.id, ListPrice.variant_id, ListPrice.min_quantity, ListPrice.unit_price, ListPrice.valid_from,
            ListPrice.valid_to,
        )
        .where(ListPrice.price_list_id == list_id)
        .order_by(ListPrice.variant_id, ListPrice.min_quantity, ListPrice.id)
    )  # fmt: skip
    if variant_ids is not None:
        statement = statement.where(ListPrice.variant_id.in_(set(variant_ids)))
    return [OldPrice(*row) for row in db.session.execute(statement)]


def starting_on(list_id: int, day: date) -> bool:
    """Whether a row of the list starts on ``day``."""
    statement = select(ListPrice.id).where(ListPrice.price_list_id == list_id, ListPrice.valid_from == day).limit(1)
    return db.session.scalar(statement) is not None


def preview_copy(price_list: PriceList, copying: Copying, *, user: User, cursor: str | None = None) -> Preview:
    """What ``copying`` would do, one page of items of it. Raises BadInput for a page there is not."""
    everything = copying.of(old_prices(price_list.id))
    touched = {new.old.variant_id for new in everything}
    items = page_of(
        select(Variant).where(Variant.id.in_(touched)), Variant.sku, cursor=cursor, limit=PER_PAGE, newest_first=False
    )
    lists = all_lists()
    users = _users_of(lists[price_list.id], lists) if copying.onto_itself else Customer.id.is_(None)
    count = _count(users)
    return Preview(
        items=items,
        effects=_effects(items.rows, everything, lists[price_list.id], _agreed(users, items.rows, copying.day), count),
        prices=len(everything),
        ended=len({new.old.id for new in everything}) if copying.onto_itself else 0,
        clash=copying.onto_itself and starting_on(price_list.id, copying.day),
        customers=count,
        some_customers=_some(users, user),
    )


def _effects(
    variants: Sequence[Variant], new: Sequence[NewPrice], rule: ListRule, agreed: dict[int, int], customers: int
) -> list[Effect]:
    ours = company()
    has_cost = ours is not None and ours.base_currency == rule.currency and not rule.prices_include_tax
    by_variant: dict[int, list[NewPrice]] = defaultdict(list)
    for one in new:
        by_variant[one.old.variant_id].append(one)
    found = []
    for variant in variants:
        cost = variant.average_cost if has_cost else None
        for one in by_variant[variant.id]:
            sold_at = kept_price(rule, one.unit_price, cost)
            found.append(Effect(variant, one, sold_at, cost, customers - agreed.get(variant.id, 0)))
    return found


def _users_of(rule: ListRule, lists: Lists) -> ColumnElement[bool]:
    """Customers for whom the list counts, or one that rests on it."""
    in_use = [one.id for one in lists.values() if one.is_active]
    ours = company()
    default = ours.default_price_list_id if ours else None
    counts = case(
        (Customer.price_list_id.in_(in_use), Customer.price_list_id),
        (
            select(CustomerGroup.price_list_id)
            .where(CustomerGroup.id == Customer.group_id)
            .scalar_subquery()
            .in_(in_use),
            select(CustomerGroup.price_list_id).where(CustomerGroup.id == Customer.group_id).scalar_subquery(),
        ),
        else_=default if default in in_use else None,
    )
    return (Customer.status != CustomerStatus.CLOSED) & counts.in_(resting_on(rule, lists))


def _count(users: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Customer).where(users)) or 0


def _some(users: ColumnElement[bool], user: User) -> Sequence[Customer]:
    statement = select(Customer).where(users, visible(Customer, user)).order_by(Customer.name, Customer.id)
    return db.session.scalars(statement.limit(NAMED)).all()


def _agreed(users: ColumnElement[bool], variants: Sequence[Variant], day: date) -> dict[int, int]:
    """How many of the customers have a price of their own for each variant on that day, whatever the list says."""
    rows = db.session.execute(
        select(CustomerPrice.variant_id, func.count(CustomerPrice.customer_id.distinct()))
        .join(Customer, Customer.id == CustomerPrice.customer_id)
        .where(
            users,
            CustomerPrice.variant_id.in_([variant.id for variant in variants]),
            CustomerPrice.min_quantity <= 1,
            or_(CustomerPrice.valid_from.is_(None), CustomerPrice.valid_from <= day),
            or_(CustomerPrice.valid_to.is_(None), CustomerPrice.valid_to >= day),
        )
        .group_by(CustomerPrice.variant_id)
    )
    return {row[0]: row[1] for row in rows}

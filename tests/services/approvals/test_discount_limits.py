"""Limits by category: who sets them, what holds for a line then, and what they cost to read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.books import events_on
from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff
from tests.support.scenes import scene
from tests.support.statements import count_statements
from webapp.db import atomic, db
from webapp.domain.errors import BadInput, Forbidden, NotFound, Refused
from webapp.models import Category, Company, DiscountLimit, Item, User, Variant
from webapp.queries.approvals.authority import authority_over
from webapp.services.approvals.discount_limits import (
    remove_role_limit,
    remove_user_limit,
    set_role_limit,
    set_user_limit,
)
from webapp.services.company import system_user
from webapp.services.items.records import add_category, remove_category
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

D = Decimal


@pytest.fixture
@scene
def staff(session) -> Staff:
    """A-1 is tea, which is a drink; B-1 is in no category."""
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=None)
    add_category("Drinks", actor=staff.admin)
    add_category("Tea", parent="Drinks", actor=staff.admin)
    make_item("A-1")
    make_item("B-1")
    put_in("Tea", "A-1")
    return staff


def put_in(category: str, sku: str) -> None:
    with atomic():
        item = db.session.scalars(db.select(Item).join(Variant).where(Variant.sku == sku)).one()
        item.category_id = db.session.scalars(db.select(Category.id).where(Category.name == category)).one()


def maximum(user: User, sku: str = "A-1") -> Decimal:
    variant_id = db.session.scalars(db.select(Variant.id).where(Variant.sku == sku)).one()
    return authority_over([variant_id]).maximum_of(user, variant_id)


def test_a_role_and_a_person_have_their_own_maximum_in_a_category_and_below(staff):
    set_role_limit("Drinks", "sales", "2", actor=staff.admin)
    assert (maximum(staff.sales), maximum(staff.sales, "B-1"), maximum(staff.manager)) == (2, 5, 20)

    set_user_limit(staff.sales.email, "Drinks", D(30), actor=staff.admin)
    set_role_limit("Tea", "sales", "1", actor=staff.admin)
    assert (maximum(staff.sales), maximum(staff.colleague)) == (30, 1)

    remove_user_limit(staff.sales.email, "Drinks", actor=staff.admin)
    remove_role_limit("Tea", "sales", actor=staff.admin)
    assert maximum(staff.sales) == 2


def test_the_system_may_give_anything(staff):
    set_role_limit("Tea", "admin", "0", actor=staff.admin)

    assert (maximum(system_user()), maximum(staff.admin)) == (100, 0)


def test_each_line_stores_the_maximum_on_its_own_item(staff):
    set_role_limit("Tea", "sales", "2", actor=staff.admin)

    order = create_order(OrderInput("ACME", [LineInput("A-1", D(1)), LineInput("B-1", D(1))]), actor=staff.sales)

    assert [line.entered_limit for line in order.lines] == [2, 5]


def test_a_limit_is_changed_in_place_and_the_trail_tells(staff):
    set_role_limit("Tea", "sales", "2", actor=staff.admin)
    set_role_limit("Tea", "sales", "3", actor=staff.admin)
    set_user_limit(staff.sales.email, "Tea", "4", actor=staff.admin)

    assert [limit.percent for limit in db.session.scalars(db.select(DiscountLimit).order_by("id"))] == [3, 4]
    assert events_on(db.session.get_one(Company, 1)).count("company.discount_limit_changed") == 2
    assert events_on(staff.sales) == ["company.discount_limit_changed"]


@pytest.mark.parametrize(
    ("category", "role", "percent", "field"),
    [
        ("Nowhere", "sales", "2", "category"),
        ("", "sales", "2", "category"),
        ("Tea", "boss", "2", "role"),
        ("Tea", "sales", "", "percent"),
        ("Tea", "sales", "100.1", "percent"),
        ("Tea", "sales", "-1", "percent"),
    ],
)
def test_a_wrong_limit_is_refused_by_field(staff, category, role, percent, field):
    with pytest.raises(BadInput) as refusal:
        set_role_limit(category, role, percent, actor=staff.admin)
    assert refusal.value.field == field


def test_only_administrators_set_limits_and_never_their_own(staff):
    for user in (staff.sales, staff.manager, staff.accountant):
        with pytest.raises(Forbidden):
            set_role_limit("Tea", "sales", "50", actor=user)
        with pytest.raises(Forbidden):
            set_user_limit(staff.colleague.email, "Tea", "50", actor=user)
    with pytest.raises(Refused):
        set_user_limit(staff.admin.email, "Tea", "50", actor=staff.admin)
    with pytest.raises(NotFound):
        remove_role_limit("Tea", "sales", actor=staff.admin)


def test_a_category_that_is_removed_takes_its_limits_along(staff):
    add_category("Coffee", actor=staff.admin)
    set_role_limit("Coffee", "sales", "2", actor=staff.admin)

    remove_category("Coffee", actor=staff.admin)

    assert db.session.scalars(db.select(DiscountLimit)).all() == []


def test_limits_of_many_items_take_as_many_statements_as_of_one(staff):
    set_role_limit("Drinks", "sales", "2", actor=staff.admin)
    variants = [make_item(f"S-{n}").id for n in range(30)]

    assert (
        count_statements(lambda: authority_over(variants))
        == count_statements(lambda: authority_over(variants[:1]))
        == 3
    )

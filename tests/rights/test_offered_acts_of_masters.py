"""Customers, promotions, price lists, items: their pages offer an act exactly when its command allows it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.rights.acts import Act, check
from tests.support.factories import (
    make_customer,
    make_desk,
)
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.states import CustomerStatus
from webapp.models import (
    Address,
    AddressKind,
    Customer,
    ListPrice,
    PriceList,
    Promotion,
    User,
    Variant,
)
from webapp.services.customers import records as customers
from webapp.services.items.records import change_item
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.pricing.copies import copy_price_list
from webapp.services.pricing.lists import add_price_list, change_price_list, put_price, remove_price
from webapp.services.pricing.of_customers import put_customer_price
from webapp.services.promotions.authoring import add_promotion, change_promotion, end_promotion, publish_promotion
from webapp.services.stock.receipts import ReceiptLine, adjust_stock, receive_stock

pytestmark = pytest.mark.engines("sqlite")

D = Decimal
CUSTOMER, CREDIT_PAGE = "/customers/{}", "/customers/{}/credit"


def _version(code: str) -> int:
    return db.session.scalars(select(Customer.version).where(Customer.code == code)).one()


def _status(code: str, who: User) -> object:
    now = db.session.scalars(select(Customer.status).where(Customer.code == code)).one()
    other = CustomerStatus.BLOCKED if now is CustomerStatus.OPEN else CustomerStatus.OPEN
    return customers.change_status(code, other, reason="So", version=_version(code), actor=who)


def _limit(code: str, who: User) -> object:
    return customers.change_credit_limit(code, credit_limit="5", reason="So", version=_version(code), actor=who)


def _extra(code: str, who: User) -> object:
    until = clock.today("Europe/Berlin") + timedelta(days=9)
    return customers.grant_extra_credit(
        code, amount="5", until=until.isoformat(), reason="So", version=_version(code), actor=who
    )


def _address(code: str, who: User) -> object:
    given = {"name": "Yard", "street": "Weg 1", "postal_code": "1", "city": "Berlin", "country": "DE"}
    return customers.add_address(code, version=_version(code), actor=who, **given)


CUSTOMER_ACTS = [
    Act(
        "edit",
        CUSTOMER,
        ("/customers/{}/edit",),
        lambda n, who: customers.change_customer(n, version=_version(n), notes="x", actor=who),
    ),
    Act("change its status", CUSTOMER, ("/customers/{}/status",), _status),
    Act("change its limit", CUSTOMER, ("/customers/{}/credit",), _limit),
    Act("set the limit", CREDIT_PAGE, ("/customers/{}/credit-limit",), _limit),
    Act("grant an extra", CREDIT_PAGE, ("/customers/{}/extra-credit",), _extra),
    Act("add an address", CUSTOMER, ("/customers/{}/addresses/new",), _address),
    Act(
        "enter an order", CUSTOMER, ("/orders/new?customer={}",), lambda n, who: create_order(OrderInput(n), actor=who)
    ),
    Act(
        "agree on a price",
        "/prices/customers/{}",
        ("/prices/customers/{}/rows",),
        lambda n, who: put_customer_price(n, sku="A-1", unit_price="90", actor=who),
    ),
]


def test_acts_of_customers(browsers) -> None:
    staff = make_desk()
    make_customer("FREE", credit_limit=None)
    make_customer("SHUT", status=CustomerStatus.CLOSED)
    make_customer("STOP", status=CustomerStatus.BLOCKED)
    documents = {"open": "ACME", "without a limit": "FREE", "closed": "SHUT", "blocked": "STOP"}
    check(CUSTOMER_ACTS, documents, browsers(staff))


def test_acts_of_addresses(browsers) -> None:
    staff = make_desk()
    with atomic():
        customer = db.session.scalars(select(Customer).where(Customer.code == "ACME")).one()
        for default in (True, False):
            customer.addresses.append(
                Address(kind=AddressKind.SHIPPING, is_default=default, name="Yard", street="Weg 1", postal_code="1",
                        city="Berlin", country="DE")
            )  # fmt: skip
    (usual, other) = (
        str(one.id)
        for one in db.session.scalars(
            select(Address).where(Address.kind == AddressKind.SHIPPING).order_by(Address.id)
        ).all()
    )
    acts = [
        Act(
            "remove",
            "/customers/ACME",
            ("/customers/ACME/addresses/{}/removal",),
            lambda n, who: customers.remove_address("ACME", int(n), version=_version("ACME"), actor=who),
        ),
    ]
    check(acts, {"usual": usual, "other": other}, browsers(staff))


def _promotion_version(code: str) -> int:
    return db.session.scalars(select(Promotion.version).where(Promotion.code == code)).one()


def test_acts_of_promotions(browsers) -> None:
    staff = make_desk()
    for code in ("DRAFT", "LIVE", "OVER"):
        add_promotion(code=code, name=code, percent="10", items="A-1", actor=staff.manager)
    for code in ("LIVE", "OVER"):
        publish_promotion(code, actor=staff.manager)
    end_promotion("OVER", actor=staff.manager)
    page = "/promotions/{}"
    acts = [
        Act("publish", page, ("/promotions/{}/publication",), lambda n, who: publish_promotion(n, actor=who)),
        Act("end", page, ("/promotions/{}/ending",), lambda n, who: end_promotion(n, actor=who)),
        Act(
            "edit",
            page,
            ("/promotions/{}/edit",),
            lambda n, who: change_promotion(n, version=_promotion_version(n), name="Other", actor=who),
        ),
    ]
    check(acts, {code.lower(): code for code in ("DRAFT", "LIVE", "OVER")}, browsers(staff))


def test_acts_of_price_lists_items_and_stock(browsers) -> None:
    staff = make_desk()
    add_price_list(code="RETAIL", name="Retail", currency="EUR", actor=staff.admin)
    put_price("RETAIL", sku="A-1", unit_price="95", actor=staff.admin)
    page = "/prices/lists/{}"

    def version() -> int:
        return db.session.scalars(select(PriceList.version).where(PriceList.code == "RETAIL")).one()

    def row() -> int:
        return db.session.scalars(select(ListPrice.id)).one()

    acts = [
        Act(
            "edit",
            page,
            ("/prices/lists/{}/edit",),
            lambda n, who: change_price_list(n, version=version(), name="Other", actor=who),
        ),
        Act(
            "add a price",
            page,
            ("/prices/lists/{}/rows",),
            lambda n, who: put_price(n, sku="B-1", unit_price="9", actor=who),
        ),
        Act(
            "remove a price",
            page,
            (f"/prices/lists/{{}}/rows/{row()}/removal",),
            lambda n, who: remove_price(n, row(), actor=who),
        ),
        Act(
            "copy it",
            page,
            ("/prices/lists/{}/copies/new",),
            lambda n, who: copy_price_list(n, version=version(), percent="5", valid_from="2040-01-01", actor=who),
        ),
    ]
    people = browsers(staff)
    check(acts, {"list": "RETAIL"}, people)

    def item_version(sku: str) -> int:
        return db.session.scalars(select(Variant.version).where(Variant.sku == sku)).one()

    item_acts = [
        Act(
            "edit",
            "/items/{}",
            ("/items/{}/edit",),
            lambda n, who: change_item(n, version=item_version(n), name="Other", actor=who),
        ),
        Act(
            "receive",
            "/stock",
            ("/stock/receipts/new",),
            lambda n, who: receive_stock("MAIN", [ReceiptLine(n, D(1))], actor=who),
        ),
        Act(
            "put right",
            "/stock",
            ("/stock/adjustments/new",),
            lambda n, who: adjust_stock("MAIN", n, D(1), reason="Found", actor=who),
        ),
    ]
    check(item_acts, {"item": "A-1"}, people)

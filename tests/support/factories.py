"""Small things that tests need before they can begin: a company, people, a customer, an item with stock.

Everything goes through sessions of its own and is committed; documents are made by the services themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.permissions import Role
from webapp.models import (
    Address,
    AddressKind,
    Company,
    Customer,
    CustomerPrice,
    ExchangeRate,
    Invoice,
    Item,
    Location,
    TaxCode,
    TaxRate,
    Tracking,
    User,
    UserRole,
    Variant,
)
from webapp.services import company as company_service
from webapp.services.approvals.deciding import approve_order
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order
from webapp.services.stock.receipts import ReceiptLine, receive_stock

LONG_AGO = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Staff:
    """One person for each role, a second salesperson and a second accountant."""

    sales: User
    colleague: User
    manager: User
    warehouse: User
    accountant: User
    second_accountant: User
    admin: User


def noon(days_ago: int) -> datetime:
    """Noon of a day counted back from the company's today: the same day in summer and in winter time."""
    return datetime.combine(clock.today("Europe/Berlin") - timedelta(days=days_ago), time(12), tzinfo=UTC)


@scene
def make_company(**settings: Any) -> Company:
    """A company in Germany that counts in euros, with one warehouse MAIN and one tax code STD of 0 %."""
    company_service.found_company(
        name="Counterfoil Test GmbH",
        country="DE",
        base_currency="EUR",
        time_zone="Europe/Berlin",
        street="Hafenstr. 1",
        postal_code="20457",
        city="Hamburg",
        tax_id="DE136695976",
    )
    with atomic():
        company = db.session.get_one(Company, 1)
        company.default_location = Location(code="MAIN", name="Main warehouse")
        for name, value in settings.items():
            setattr(company, name, value)
        make_tax_code("STD", Decimal(0), category="Z")
    return company


def make_tax_code(code: str, percent: Decimal, *, category: str = "S", exemption_reason: str = "") -> TaxCode:
    """A tax code with one rate since long ago; call it inside ``atomic``."""
    tax_code = TaxCode(code=code, name=code, category=category, exemption_reason=exemption_reason)
    tax_code.rates = [TaxRate(valid_from=LONG_AGO, percent=percent)]
    db.session.add(tax_code)
    return tax_code


def make_user(role: Role | None, name: str, *more: Role, **fields: Any) -> User:
    """An active user with that role (and perhaps more), committed."""
    with atomic():
        user = User(email=f"{name.lower().replace(' ', '.')}@example.com", name=name, created_at=clock.now(), **fields)
        user.role_rows = [UserRole(role=one) for one in ([role] if role else []) + list(more)]
        db.session.add(user)
    return user


def make_staff() -> Staff:
    """Everybody a working day needs."""
    with atomic():
        return Staff(
            sales=make_user(Role.SALES, "Nancy Davolio"),
            colleague=make_user(Role.SALES, "Janet Leverling"),
            manager=make_user(Role.SALES_MANAGER, "Steven Buchanan"),
            warehouse=make_user(Role.WAREHOUSE, "Walter Haus"),
            accountant=make_user(Role.ACCOUNTANT, "Anna Conti"),
            second_accountant=make_user(Role.ACCOUNTANT, "Bruno Saldo"),
            admin=make_user(Role.ADMIN, "Adam Mint"),
        )


def make_customer(code: str = "ACME", *, credit_limit: Decimal | None = Decimal(10000), **fields: Any) -> Customer:
    """A customer in Hamburg on 30 days, in euros, with one address, committed."""
    with atomic():
        customer = Customer(
            code=code,
            name=fields.pop("name", f"{code.title()} Ltd"),
            currency=fields.pop("currency", "EUR"),
            credit_limit=credit_limit,
            payment_terms_code=fields.pop("payment_terms_code", "NET30"),
            email=f"{code.lower()}@example.com",
            created_at=clock.now(),
            **fields,
        )
        customer.addresses = [
            Address(
                kind=AddressKind.BILLING,
                name=customer.name,
                street="Markt 5",
                postal_code="20095",
                city="Hamburg",
                country="DE",
            )
        ]
        db.session.add(customer)
    return customer


def make_item(
    sku: str = "A-1",
    *,
    base_price: Decimal | None = Decimal(100),
    tax_code: str = "STD",
    tracking: Tracking = Tracking.NONE,
    **fields: Any,
) -> Variant:
    """An item with one variant, committed; without stock."""
    with atomic():
        code = db.session.scalars(db.select(TaxCode).where(TaxCode.code == tax_code)).one()
        name = fields.pop("name", f"Product {sku}")
        variant = Variant(
            item=Item(name=name),
            sku=sku,
            name=name,
            base_price=base_price,
            tax_code=code,
            tracking=tracking,
            created_at=clock.now(),
            **fields,
        )
        db.session.add(variant)
    return variant


def put_in_stock(sku: str, quantity: Decimal | int, *, actor: User, location: str = "MAIN", **fields: Any) -> None:
    """Receive goods of one SKU."""
    receive_stock(location, [ReceiptLine(sku, Decimal(quantity), **fields)], actor=actor)


def make_confirmed_order(
    lines: Mapping[str, Decimal | int], staff: Staff, *, customer: str = "ACME", **fields: Any
) -> str:
    """An order of base quantities by SKU, approved by a colleague and confirmed; answers its number."""
    given = OrderInput(customer, [LineInput(sku, Decimal(quantity)) for sku, quantity in lines.items()], **fields)
    number = create_order(given, actor=staff.sales).number
    submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    outcome = confirm_order(number, actor=staff.sales)
    assert outcome.hold is None, outcome.check
    return number


def ship(number: str, staff: Staff, quantities: Mapping[int, Decimal | int] | None = None) -> str:
    """Allocate and ship what an order still wants, or base quantities by line number; answers the shipment's number."""
    allocate_order(number, actor=staff.warehouse)
    lines = None if quantities is None else {line: Decimal(quantity) for line, quantity in quantities.items()}
    (shipment,) = shipping.create_shipments(number, lines=lines, actor=staff.warehouse)
    shipping.pick_shipment(shipment.number, actor=staff.warehouse)
    shipping.pack_shipment(shipment.number, actor=staff.warehouse)
    shipping.ship_shipment(shipment.number, actor=staff.warehouse)
    return shipment.number


def make_shipped_order(
    lines: Mapping[str, Decimal | int], staff: Staff, *, customer: str = "ACME", **fields: Any
) -> str:
    """A confirmed order with everything shipped; answers its number."""
    number = make_confirmed_order(lines, staff, customer=customer, **fields)
    ship(number, staff)
    return number


def make_posted_invoice(order_number: str, staff: Staff, *, lines: Mapping[int, Decimal] | None = None) -> Invoice:
    """The invoice over what an order has shipped, drafted, validated and posted."""
    draft = draft_invoice(order_number, lines=lines, actor=staff.accountant)
    validate_invoice(draft.id, actor=staff.accountant)
    return post_invoice(draft.id, actor=staff.accountant)


@scene
def make_desk(**settings: Any) -> Staff:
    """A company with a day's worth of everything: staff; ACME in euros and YANK in dollars, worth 0.8 and later 0.9
    euros; A-1 at 100 with 19 % tax and B-1 at 9.99 with 7 %, a thousand of each in stock."""
    make_company(**settings)
    staff = make_staff()
    make_customer("ACME", credit_limit=Decimal(100000))
    yank = make_customer("YANK", currency="USD", credit_limit=None)
    with atomic():
        make_tax_code("VAT19", Decimal(19))
        make_tax_code("VAT7", Decimal(7))
        db.session.add(ExchangeRate(currency="USD", valid_from=LONG_AGO, rate=Decimal("0.8")))
        db.session.add(ExchangeRate(currency="USD", valid_from=date(2026, 5, 1), rate=Decimal("0.9")))
    for sku, price, tax_code in (("A-1", Decimal(100), "VAT19"), ("B-1", Decimal("9.99"), "VAT7")):
        variant = make_item(sku, base_price=price, tax_code=tax_code)
        with atomic():
            db.session.add(CustomerPrice(customer_id=yank.id, variant_id=variant.id, unit_price=price))
        put_in_stock(sku, 1000, actor=staff.warehouse, unit_cost=Decimal(5))
    return staff

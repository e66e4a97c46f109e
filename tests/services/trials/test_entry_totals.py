"""What a typed line says the order will come to is what it comes to once the line is there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, make_tax_code
from tests.support.statements import counted_statements
from webapp.db import atomic, db
from webapp.domain.documents.amounts import TaxRounding
from webapp.domain.orders.entry import parse_entry
from webapp.models import CashRounding, Customer, ExchangeRate, Order, PriceList, User, Variant
from webapp.models.taxes import TaxCodePart
from webapp.queries.orders.sums import order_without_lines
from webapp.services.orders.charges import ChargeInput
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.line_edits import add_lines
from webapp.services.orders.line_preview import line_input, quote_entry
from webapp.services.orders.lines import LineInput
from webapp.services.promotions.authoring import launch_promotion

D = Decimal
PRICES = ("0.33", "1.07", "12.99", "0.05", "7.77", "3.333333", "19.99")


def staff_of(**settings: object) -> Staff:
    make_company(**settings)
    make_customer("ACME", credit_limit=None)
    with atomic():
        gst, qst = make_tax_code("GST", D(5)), make_tax_code("QST", D("9.975"))
        make_tax_code("VAT19", D(19))
        both = make_tax_code("BOTH", D(0))
        db.session.flush()
        for place, part in enumerate((gst, qst), 1):
            db.session.add(
                TaxCodePart(tax_code_id=both.id, position=place, part_code_id=part.id, on_previous=place == 2)
            )
    for place, price in enumerate(PRICES):
        make_item(f"I{place}", base_price=D(price), tax_code=("STD", "VAT19", "GST")[place % 3])
    make_item("TWO", base_price=D("8.35"), tax_code="BOTH")
    return make_staff()


def ordered(staff: Staff, *extra: LineInput, **head: object) -> str:
    lines = [LineInput(f"I{place}", D(place + 1), discount_percent=D(place % 4)) for place in range(len(PRICES))]
    return create_order(OrderInput("ACME", [*lines, *extra], **head), actor=staff.sales).number


def told_and_true(number: str, staff: Staff, text: str) -> tuple[Decimal, Decimal]:
    entry = parse_entry(text, decimal_comma=False)
    quote = quote_entry(order_without_lines(number, staff.sales), entry, staff.sales)
    assert quote.totals is not None
    db.session.rollback()
    add_lines(number, [line_input(entry)], actor=staff.sales)
    db.session.rollback()
    return quote.totals.payable, db.session.scalars(select(Order).where(Order.order_number == number)).one().total


@pytest.mark.parametrize(
    "head",
    [
        {},
        {"order_discount_percent": D("3.5")},
        {"order_discount_percent": D("7"), "charges": [ChargeInput("freight", D("9.95"), "VAT19")]},
        {"charges": [ChargeInput("allowance", D("-1.05"), "GST", "Late.")]},
    ],
)
@pytest.mark.parametrize("rounding", list(TaxRounding))
def test_the_total_with_a_typed_line(app, session, head, rounding):
    staff = staff_of(tax_rounding=rounding)
    told, true = told_and_true(ordered(staff, **head), staff, "I1 x7 -2%")
    assert told == true


def test_with_taxes_on_taxes_every_line_is_weighed(app, session):
    staff = staff_of()
    told, true = told_and_true(ordered(staff, LineInput("TWO", D(3)), order_discount_percent=D(3)), staff, "TWO x7")
    assert told == true


def test_with_cash_rounding_and_gross_prices(app, session):
    staff = staff_of()
    with atomic():
        db.session.add(CashRounding(currency="EUR", unit=D("0.05")))
        gross = PriceList(code="SHELF", name="Shelf", currency="EUR", prices_include_tax=True)
        db.session.add(gross)
    with atomic():
        db.session.scalars(select(Customer)).one().price_list_id = gross.id
    told, true = told_and_true(ordered(staff, order_discount_percent=D(3)), staff, "I1 x7")
    assert told == true
    assert true % D("0.05") == 0


def test_a_promotion_over_several_lines_counts_for_the_typed_one(app, session):
    staff = staff_of()
    launch_promotion(
        code="MANY", name="Many", percent="10", over_lines="yes", min_quantity="8", items="I0\nI1", actor=staff.manager
    )
    number = ordered(staff)  # 1 of I0 and 2 of I1 so far
    quote = quote_entry(
        order_without_lines(number, staff.sales), parse_entry("I0 x5", decimal_comma=False), staff.sales
    )
    assert quote.unit_price == D("0.297")
    quote = quote_entry(
        order_without_lines(number, staff.sales), parse_entry("I0 x4", decimal_comma=False), staff.sales
    )
    assert quote.unit_price == D("0.33")


def test_the_number_of_lines_changes_no_statement(app, session):
    staff = staff_of()
    few, many = ordered(staff), ordered(staff, *[LineInput("I1", D(1))] * 300)
    entry = parse_entry("I1 x7", decimal_comma=False)
    counts = []
    for number in (few, many):
        with counted_statements() as statements:
            user = db.session.get_one(User, staff.sales.id)
            quote_entry(order_without_lines(number, user), entry, user)
        counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("rate", "margin"), [(None, None), ("0.5", "20.0")])
def test_the_margin_of_a_typed_line_is_taken_in_the_currency_of_the_costs(session, rate, margin):
    staff = staff_of()
    make_customer("USA", currency="USD", credit_limit=None)
    with atomic():
        db.session.scalars(select(Variant).where(Variant.sku == "I0")).one().average_cost = D(4)
        if rate is not None:
            db.session.add(ExchangeRate(currency="USD", valid_from=date(2020, 1, 1), rate=D(rate)))
    number = create_order(OrderInput("USA"), actor=staff.manager).number

    quote = quote_entry(order_without_lines(number, staff.manager), parse_entry("I0 x1 @10"), staff.manager)

    assert quote.margin == (None if margin is None else D(margin))

"""What waits to be billed is shown as the invoice will be: with its share of charges, discount, tax and rounding."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from tests.support.books import order_called
from tests.support.factories import make_confirmed_order, make_posted_invoice, make_shipped_order, ship
from tests.support.statements import count_statements
from webapp.db import atomic, db
from webapp.models import CashRounding, Order
from webapp.services.invoices.drafts import draft_invoice, void_invoice
from webapp.services.invoices.posting import bill_order
from webapp.services.invoices.to_come import totals_to_come
from webapp.services.orders.charges import ChargeInput

D = Decimal
FREIGHT = [ChargeInput("freight", D("19.99"), "VAT19", "Freight")]


def shown(*numbers: str) -> list[Decimal | None]:
    db.session.rollback()
    orders = db.session.scalars(select(Order).where(Order.order_number.in_(numbers))).all()
    found = totals_to_come(orders)
    return [found.get(order.id) for order in orders]


def drafted(number: str, staff) -> Decimal:
    """What the draft comes to; it is given up again."""
    draft = draft_invoice(number, actor=staff.accountant)
    void_invoice(draft.id, reason="Only to see", actor=staff.accountant)
    return draft.total


def test_part_by_part_it_is_what_the_invoice_comes_to(staff):
    number = make_confirmed_order({"A-1": 7, "B-1": 10}, staff, charges=FREIGHT)
    for quantities in ({1: 3}, {1: 4, 2: 1}, {2: 9}):
        ship(number, staff, quantities)
        (total,) = shown(number)
        assert total == drafted(number, staff)
        assert total != order_called(number).to_bill_amount or quantities == {2: 9}
        assert bill_order(number, total=total, actor=staff.accountant).total == total
    assert shown(number) == [None]


def test_it_rounds_for_cash_as_the_invoice_does(staff):
    with atomic():
        db.session.add(CashRounding(currency="EUR", unit=D("0.05")))
    number = make_shipped_order({"B-1": 7}, staff, charges=FREIGHT)
    assert shown(number) == [drafted(number, staff)]
    assert shown(number)[0] % D("0.05") == 0


def test_the_statements_do_not_grow_with_orders_and_lines(staff):
    one = make_shipped_order({"A-1": 1}, staff, charges=FREIGHT)
    few = count_statements(lambda: shown(one))
    many = [make_shipped_order({"A-1": 1, "B-1": 2}, staff, charges=FREIGHT) for _ in range(4)]
    assert None not in shown(one, *many)
    assert count_statements(lambda: shown(one, *many)) == few


def test_what_was_posted_is_no_longer_to_come(staff):
    number = make_shipped_order({"A-1": 1}, staff)
    make_posted_invoice(number, staff)
    assert shown(number) == [None]

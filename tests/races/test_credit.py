"""Two orders checked together never pass a limit together, and nothing falls between the sums of a check."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from sqlalchemy import select

from tests.support.factories import (
    make_company,
    make_customer,
    make_item,
    make_shipped_order,
    make_staff,
    put_in_stock,
)
from tests.support.racing import race
from webapp.db import db
from webapp.domain.states import OrderState
from webapp.models import Customer, Order, User
from webapp.services.approvals.deciding import approve_order
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.stock.allocation import allocate_order

D = Decimal
ROUNDS = 50
POSTINGS = 20


def approved_order(customer: str, quantity: int, staff) -> str:
    number = create_order(OrderInput(customer, [LineInput("A-1", D(quantity))]), actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    return number


def confirm(number: str, user_id: int) -> bool:
    return confirm_order(number, actor=db.session.get_one(User, user_id)).hold is None


def test_two_orders_together_over_the_limit_never_both_pass(app, session):
    make_company()
    staff = make_staff()
    make_item("A-1", base_price=D(100))
    user_id = staff.sales.id
    for place in range(ROUNDS):
        code = f"C{place}"
        make_customer(code, credit_limit=D(1000))
        numbers = [approved_order(code, 6, staff) for _ in range(2)]
        session.rollback()

        results = race(app, *[partial(confirm, number, user_id) for number in numbers])

        assert sorted(results) == [False, True], results

    session.rollback()
    confirmed = session.scalars(select(Order).where(Order.state == OrderState.CONFIRMED)).all()
    assert len(confirmed) == ROUNDS
    assert all(order.total <= session.get_one(Customer, order.customer_id).credit_limit for order in confirmed)


def test_an_order_of_sixty_percent_of_the_limit_confirms_and_allocates(app, session):
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=D(10000))
    make_item("A-1", base_price=D(100))
    put_in_stock("A-1", 60, actor=staff.warehouse, unit_cost=D(50))
    number = approved_order("ACME", 60, staff)

    assert confirm(number, staff.sales.id)
    (result,) = allocate_order(number, actor=staff.warehouse).results
    assert (result.success, result.allocated_qty) == (True, D(60))


def test_an_invoice_posted_during_a_check_falls_between_no_sums(app, session):
    """What is shipped (B) becomes an open invoice (A) while another order is checked: it counts once, in either."""
    make_company()
    staff = make_staff()
    make_item("A-1", base_price=D(100))
    put_in_stock("A-1", 6 * POSTINGS, actor=staff.warehouse, unit_cost=D(50))
    user_id, accountant_id = staff.sales.id, staff.accountant.id
    for place in range(POSTINGS):
        code = f"P{place}"
        make_customer(code, credit_limit=D(1000))
        shipped = make_shipped_order({"A-1": 6}, staff, customer=code)
        draft = draft_invoice(shipped, actor=staff.accountant)
        validate_invoice(draft.id, actor=staff.accountant)
        draft_id, number = draft.id, approved_order(code, 6, staff)
        session.rollback()

        posted, passed = race(app, partial(post, draft_id, accountant_id), partial(confirm, number, user_id))

        assert (posted, passed) == ("APPROVED", False)
    session.rollback()


def post(invoice_id: int, user_id: int) -> str:
    return post_invoice(invoice_id, actor=db.session.get_one(User, user_id)).state.value

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.support import web
from tests.support.factories import make_customer
from tests.support.masters import alfki, count_events, events_of, load
from webapp.db import db
from webapp.domain.credit_control.rule import HoldReason
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, NotFound, Refused, StaleVersion
from webapp.domain.permissions import Role
from webapp.domain.states import CustomerStatus, HoldState, OrderState
from webapp.models import CreditHold, Customer
from webapp.queries.customers.records import customer_record, customers_by_code
from webapp.services.customers import records as customers
from webapp.services.pricing import lists as price_lists


def found(code: str = "ALFKI") -> Customer:
    return customers_by_code([code])[code]


def test_a_customer_is_added_with_addresses_given_as_mappings(manager):
    before = count_events()
    customers.add_customer(
        **alfki(credit_limit="100"), billing_address={"city": "Berlin", "country": "DE"}, actor=manager
    )
    record = customer_record(found())
    assert (record["billing_city"], record["shipping_city"], record["credit_limit"]) == ("Berlin", "", Decimal(100))
    assert count_events() == before + 1


def test_a_code_is_taken_once(manager):
    customers.add_customer(**alfki(), actor=manager)
    with pytest.raises(BadInput, match="There is a customer ALFKI already"):
        customers.add_customer(**alfki(), actor=manager)


def test_every_wrong_field_is_named_at_once(manager):
    with pytest.raises(BadInput) as refusal:
        customers.add_customer(code="A", name="", currency="EUR", credit_limit="x", payment_terms="", actor=manager)
    assert set(refusal.value.details) == {"name", "credit_limit", "payment_terms"}


def test_a_change_keeps_what_it_does_not_name_and_leaves_both_values(manager):
    load("customers", alfki(email="a@example.com"))
    customers.change_customer("ALFKI", version=1, name="Alfreds", actor=manager)
    assert (found().name, found().email, found().version) == ("Alfreds", "a@example.com", 2)
    assert events_of(found())[-1].details == {
        "before": {"name": "Alfreds Futterkiste"},
        "after": {"name": "Alfreds"},
    }


def test_an_older_version_is_refused_with_both_values(manager):
    load("customers", alfki())
    customers.change_customer("ALFKI", version=1, name="Alfreds", actor=manager)
    with pytest.raises(StaleVersion) as refusal:
        customers.change_customer("ALFKI", version=1, name="Alfred", actor=manager)
    assert refusal.value.details == {"version": 2, "fields": {"name": {"yours": "Alfred", "now": "Alfreds"}}}
    assert found().name == "Alfreds"


def test_code_stays_and_currency_stays_once_there_are_documents(manager, confirmed):
    with pytest.raises(BadInput, match="A customer's code stays"):
        customers.change_customer("ACME", version=1, code="NEW1", actor=manager)
    with pytest.raises(BadInput, match="ACME has documents in EUR"):
        customers.change_customer("ACME", version=1, currency="USD", actor=manager)


def test_currency_may_change_before_the_first_document(manager):
    load("customers", alfki())
    customers.change_customer("ALFKI", version=1, currency="USD", actor=manager)
    assert found().currency == "USD"


def test_who_may_not_set_limits_changes_the_rest_of_a_customer_only(system):
    load("customers", alfki())
    seller = web.add_user(Role.SALES)
    for command in (
        lambda: customers.add_customer(**alfki(code="B"), actor=seller),
        lambda: customers.change_customer("ALFKI", version=1, name="A", actor=seller),
        lambda: customers.change_credit_limit("ALFKI", credit_limit="1", reason="r", version=1, actor=seller),
        lambda: customers.change_status("ALFKI", CustomerStatus.BLOCKED, reason="r", version=1, actor=seller),
    ):
        with pytest.raises(Forbidden):
            command()
    assert (found().version, found().credit_limit) == (1, None)


@pytest.fixture
def confirmed(system):
    """A confirmed order of 600.00 for the customer ACME with a limit of 1,000.00."""
    from tests.support.factories import make_item
    from webapp.services.approvals.deciding import approve_order
    from webapp.services.order_steps.confirmation import confirm_order
    from webapp.services.order_steps.moves import submit_order
    from webapp.services.orders.entry import OrderInput, create_order
    from webapp.services.orders.lines import LineInput

    make_customer("ACME", credit_limit=Decimal(1000))
    make_item("A", base_price=Decimal(100), tax_code="VAT19")
    nancy = web.add_user(Role.SALES, email="n@example.com")
    boss = web.add_user(Role.SALES_MANAGER, email="b@example.com")
    order = create_order(OrderInput(customer="ACME", lines=(LineInput("A", Decimal(6)),)), actor=nancy)
    number = order.number
    submit_order(number, actor=nancy)
    approve_order(number, actor=boss)
    confirm_order(number, actor=nancy)
    assert order.state is OrderState.CONFIRMED
    return order


def holds() -> list[CreditHold]:
    return list(db.session.query(CreditHold).order_by(CreditHold.id))


def test_a_lower_limit_holds_what_no_longer_fits_in_the_same_transaction(manager, confirmed):
    customers.change_credit_limit("ACME", credit_limit="500", reason="Bad news", version=1, actor=manager)
    assert [(hold.kind, hold.state) for hold in holds()] == [(HoldReason.LIMIT, HoldState.OPEN)]
    assert [event.action for event in events_of(found("ACME"))][-1] == "customer.limit_changed"


def test_a_lower_limit_that_is_loaded_holds_too(manager, confirmed):
    load("customers", {"code": "ACME", "credit_limit": "500"})
    assert [hold.state for hold in holds()] == [HoldState.OPEN]


def test_a_higher_limit_holds_nothing(manager, confirmed):
    customers.change_credit_limit("ACME", credit_limit="", reason="Trusted", version=1, actor=manager)
    assert (found("ACME").credit_limit, holds()) == (None, [])


def test_blocking_holds_orders_and_opening_again_is_told(manager, confirmed):
    customers.change_status("ACME", CustomerStatus.BLOCKED, reason="Insolvent?", version=1, actor=manager)
    assert [hold.kind for hold in holds()] == [HoldReason.BLOCKED]
    with pytest.raises(IllegalMove, match="is blocked already"):
        customers.change_status("ACME", CustomerStatus.BLOCKED, reason="x", version=2, actor=manager)
    customers.change_status("ACME", CustomerStatus.OPEN, reason="Paid", version=2, actor=manager)
    assert events_of(found("ACME"))[-1].reason == "Paid"


def test_a_reason_is_mandatory_for_limit_and_status(manager):
    load("customers", alfki())
    with pytest.raises(BadInput, match="A reason is needed"):
        customers.change_credit_limit("ALFKI", credit_limit="1", reason=" ", version=1, actor=manager)
    with pytest.raises(BadInput, match="A reason is needed"):
        customers.change_status("ALFKI", CustomerStatus.CLOSED, reason="", version=1, actor=manager)


def test_extra_credit_holds_until_a_day_and_names_who_granted_it(manager):
    load("customers", alfki(credit_limit="100"))
    with pytest.raises(BadInput, match="Say until which day"):
        customers.grant_extra_credit("ALFKI", amount="50", until="", reason="Fair", version=1, actor=manager)
    customers.grant_extra_credit("ALFKI", amount="50", until="2026-12-24", reason="Fair", version=1, actor=manager)
    customer = found()
    assert customer.limit_on(date(2026, 12, 24)) == Decimal(150)
    assert customer.limit_on(date(2026, 12, 25)) == Decimal(100)
    assert customer.extra_credit_by == manager
    customers.grant_extra_credit("ALFKI", amount="0", until="", reason="Over", version=2, actor=manager)
    assert found().extra_credit_until is None


def test_without_a_limit_there_is_nothing_to_raise(manager):
    load("customers", alfki())
    with pytest.raises(Refused, match="has no credit limit"):
        customers.grant_extra_credit("ALFKI", amount="1", until="2026-12-24", reason="r", version=1, actor=manager)


def test_delivery_addresses_are_added_chosen_and_removed(manager):
    load("customers", alfki())
    customers.add_address("ALFKI", version=1, name="Lager", city="Ulm", country="DE", actor=manager)
    customers.add_address("ALFKI", version=2, name="Filiale", city="Bonn", country="DE", actor=manager)
    first, second = found().addresses
    assert (first.is_default, second.is_default) == (True, False)
    customers.make_default_address("ALFKI", second.id, version=3, actor=manager)
    assert customer_record(found())["shipping_city"] == "Bonn"
    customers.remove_address("ALFKI", first.id, version=4, actor=manager)
    assert [address.city for address in found().addresses] == ["Bonn"]
    with pytest.raises(NotFound):
        customers.remove_address("ALFKI", 999, version=5, actor=manager)
    with pytest.raises(BadInput) as refusal:
        customers.add_address("ALFKI", version=5, city="Ulm", actor=manager)
    assert set(refusal.value.details) == {"name", "country"}


def test_a_group_brings_its_price_list(manager):
    price_lists.add_price_list(code="GOLD", name="Gold", currency="EUR", actor=manager)
    group = customers.put_group("KEY", "Key accounts", price_list="GOLD", actor=manager)
    assert group.price_list_id is not None
    with pytest.raises(BadInput, match="There is no price list TIN"):
        customers.put_group("KEY", "Key accounts", price_list="TIN", actor=manager)
    load("customers", alfki(group="KEY"))
    assert customer_record(found())["group"] == "KEY"

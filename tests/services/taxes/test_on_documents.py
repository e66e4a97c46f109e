"""Several taxes on a line, tax by country, and prices that include tax, from the order to the credit note."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.support.factories import (
    make_posted_invoice,
    make_shipped_order,
    make_tax_code,
)
from webapp.db import atomic, db
from webapp.domain.errors import BadInput, StaleVersion
from webapp.domain.orders.entry import Entry
from webapp.models import (
    CreditNote,
    Customer,
    Invoice,
    ListPrice,
    Order,
    PriceList,
    TaxClassRule,
    TaxCode,
    TaxRate,
    Variant,
)
from webapp.services.credit_notes.lines import CreditLine
from webapp.services.credit_notes.notes import draft_credit_note, post_credit_note
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import ChargeInput, OrderInput, create_order
from webapp.services.orders.head import HeadChange, change_order
from webapp.services.orders.line_edits import change_line
from webapp.services.orders.line_preview import quote_entry
from webapp.services.orders.lines import LineInput
from webapp.services.papers.printed import printed
from webapp.services.pricing.lists import add_price_list, change_price_list
from webapp.services.taxes.codes import set_tax_class_rule
from webapp.services.taxes.parts import set_tax_parts

D = Decimal


def one(model, **fields):
    return db.session.scalars(db.select(model).filter_by(**fields)).one()


def use_tax(sku, code):
    with atomic():
        one(Variant, sku=sku).tax_code = one(TaxCode, code=code)


@pytest.fixture
def quebec(staff):
    """A-1 is taxed by GST 5 % and QST 9.975 %, B-1 by QST on GST too."""
    with atomic():
        for code, percent in (("GST", "5"), ("QST", "9.975"), ("BOTH", "0"), ("STACKED", "0")):
            make_tax_code(code, D(percent))
    set_tax_parts("BOTH", [("GST", False), ("QST", False)], version=1, actor=staff.admin)
    set_tax_parts("STACKED", [("GST", False), ("QST", True)], version=1, actor=staff.admin)
    use_tax("A-1", "BOTH")
    use_tax("B-1", "STACKED")
    return staff


def draft(staff, *lines, **fields):
    given = OrderInput("ACME", [LineInput(sku, D(quantity)) for sku, quantity in lines], **fields)
    return create_order(given, actor=staff.sales)


def parts(line):
    return [(part["name"], part["amount"]) for part in line.tax_parts]


# -- several taxes


def test_an_order_keeps_each_tax_of_a_line(quebec):
    order = draft(quebec, ("A-1", 1), ("B-1", 3), charges=[ChargeInput("freight", D(10), "BOTH")])
    first, second = order.lines
    assert parts(first) == [("GST", "5.00"), ("QST", "9.97")]
    assert (first.tax_percent, first.tax_amount) == (D("14.975"), D("14.97"))
    assert (second.net_amount, second.tax_percent) == (D("29.97"), D("15.4738"))
    assert sum(D(amount) for _, amount in parts(second)) == second.tax_amount
    assert parts(order.charges[0]) == [("GST", "0.50"), ("QST", "1.00")]
    assert order.tax_total == sum(line.tax_amount for line in order.lines) + order.charges[0].tax_amount


def test_an_invoice_tells_each_tax_and_full_credit_in_any_steps_leaves_nothing(quebec):
    number = make_shipped_order({"A-1": 3, "B-1": 7}, quebec, charges=[ChargeInput("freight", D("9.99"), "STACKED")])
    invoice = make_posted_invoice(number, quebec)
    assert [(tax.name, tax.percent) for tax in invoice.taxes] == [("QST", D("9.975")), ("GST", D(5))]
    assert sum(tax.tax_amount for tax in invoice.taxes) == invoice.tax_total
    paper = printed(invoice.snapshot)
    assert [tax.label.replace("\N{NO-BREAK SPACE}", " ") for tax in paper.taxes] == ["QST 9.975 %", "GST 5 %"]
    assert (paper.tax_word, paper.sums[-2].label) == ("Tax", "Tax")

    for wanted in (
        [CreditLine(1, quantity=1), CreditLine(2, quantity=2)],
        [CreditLine(2, amount="3.33")],
        [CreditLine(2, quantity=3)],
        None,
    ):
        note = draft_credit_note(invoice.invoice_number, lines=wanted, reason="Returned", actor=quebec.accountant)
        post_credit_note(note.id, actor=quebec.second_accountant)
    notes = db.session.scalars(db.select(CreditNote)).all()
    taken = {}
    for line in (line for note in notes for line in note.lines):
        for part in line.tax_parts:
            key = line.invoice_line_id, part["name"]
            taken[key] = taken.get(key, D(0)) + D(part["amount"])
    billed = {(line.id, part["name"]): D(part["amount"]) for line in invoice.lines for part in line.tax_parts}
    assert taken == billed
    assert sum(note.total for note in notes) == invoice.total
    assert one(Invoice, id=invoice.id).open_amount == 0
    assert {tax.name for tax in notes[0].taxes} == {"GST", "QST"}


def test_an_invoice_takes_the_rate_of_each_tax_on_the_day_of_delivery(quebec):
    with atomic():
        one(TaxCode, code="QST").rates.append(TaxRate(valid_from=date(2026, 1, 1), percent=D(10)))
    order = draft(quebec, ("A-1", 1), requested_date=date(2025, 6, 1))
    assert parts(order.lines[0]) == [("GST", "5.00"), ("QST", "9.98")]
    number = make_shipped_order({"A-1": 1}, quebec, requested_date=date(2025, 6, 1))
    assert parts(make_posted_invoice(number, quebec).lines[0]) == [("GST", "5.00"), ("QST", "10.00")]


def test_an_order_that_rounds_by_line_rounds_each_tax_by_line(quebec):
    with atomic():
        db.session.execute(db.text("UPDATE company SET tax_rounding = 'LINE'"))
    order = draft(quebec, ("A-1", 1), ("A-1", 1))
    assert [parts(line) for line in order.lines] == [[("GST", "5.00"), ("QST", "9.98")]] * 2


@pytest.mark.parametrize(
    ("code", "chosen", "sentence"),
    [
        ("STD", [("GST", False)], "STD charges no tax, so it is made of none."),
        ("GST", [("QST", False)], "GST is itself a part of BOTH."),
        ("VAT19", [("NONE", False)], "There is no tax code NONE."),
        ("VAT19", [("VAT19", False)], "A tax code is no part of itself."),
        ("VAT19", [("BOTH", False)], "BOTH is made of parts itself. Choose those."),
        ("VAT19", [("GST", False), ("GST", True)], "A part stands there twice."),
        ("VAT19", [("GST", False)] * 5, "A tax code has at most 4 parts."),
    ],
)
def test_codes_that_cannot_be_parts_are_refused(quebec, code, chosen, sentence):
    with pytest.raises(BadInput, match=sentence):
        set_tax_parts(code, chosen, version=1, actor=quebec.admin)
    assert one(TaxCode, code=code).version == 1


def test_parts_are_taken_away_again_and_a_stale_form_is_told(quebec):
    with pytest.raises(StaleVersion):
        set_tax_parts("BOTH", [], version=1, actor=quebec.admin)
    assert set_tax_parts("BOTH", [], version=2, actor=quebec.admin).parts == []
    assert draft(quebec, ("A-1", 1)).lines[0].tax_parts == []


# -- by country


def test_the_tax_of_a_country_goes_before_that_of_every_country(staff):
    with atomic():
        make_tax_code("EXPORT", D(0), category="G", exemption_reason="Export")
        make_tax_code("SWISS", D("8.1"))
    for country, code in (("", "EXPORT"), ("CH", "SWISS")):
        set_tax_class_rule("domestic", "VAT19", code, country=country, actor=staff.admin)

    def taxed(country):
        order = draft(staff, ("A-1", 1), ("B-1", 1), shipping_address={"name": "Acme", "country": country})
        return [line.tax_percent for line in order.lines]

    assert taxed("DE") == [D(0), D(7)]
    assert taxed("CH") == taxed("ch") == [D("8.1"), D(7)]
    set_tax_class_rule("domestic", "VAT19", "", country="", actor=staff.admin)
    assert taxed("DE") == [D(19), D(7)]
    assert db.session.scalars(db.select(TaxClassRule.country)).all() == ["CH"]
    with pytest.raises(BadInput, match="two letters of a country"):
        set_tax_class_rule("domestic", "VAT19", "SWISS", country="Swiss", actor=staff.admin)


def test_another_country_of_delivery_changes_the_tax_of_lines_and_charges_and_back(staff):
    with atomic():
        make_tax_code("SWISS", D("8.1"))
    set_tax_class_rule("domestic", "VAT19", "SWISS", country="CH", actor=staff.admin)
    order = draft(staff, ("A-1", 1), charges=[ChargeInput("freight", D(10), "VAT19")])
    assert (order.tax_total, order.charges[0].tax_percent) == (D("20.90"), D(19))

    abroad = change_order(
        order.number, HeadChange(shipping_address={"name": "Acme", "country": "CH"}), actor=staff.sales
    )
    assert (abroad.tax_total, abroad.charges[0].tax_percent, abroad.lines[0].unit_price) == (D("8.91"), D("8.1"), 100)
    home = change_order(order.number, HeadChange(shipping_address={"name": "Acme", "country": "DE"}), actor=staff.sales)
    assert (home.tax_total, home.charges[0].tax_percent) == (D("20.90"), D(19))


def test_the_tax_class_that_the_customer_has_at_submit_decides(staff):
    set_tax_class_rule("trade", "VAT19", "VAT7", actor=staff.admin)
    order = draft(staff, ("A-1", 1), charges=[ChargeInput("freight", D(10), "VAT19")])
    assert order.tax_total == D("20.90")
    with atomic():
        one(Customer, code="ACME").tax_class = "trade"
    submitted = submit_order(order.number, actor=staff.sales)
    assert (submitted.tax_class, submitted.tax_total, submitted.total) == ("trade", D("7.70"), D("117.70"))


# -- prices that include tax


@pytest.fixture
def gross(staff):
    """ACME buys from a list whose prices include tax: A-1 at 119, B-1 not named."""
    add_price_list(code="SHOP", name="Shop", currency="EUR", prices_include_tax="yes", actor=staff.admin)
    with atomic():
        shop, item = one(PriceList, code="SHOP"), one(Variant, sku="A-1")
        db.session.add(ListPrice(price_list=shop, variant=item, unit_price=D(119), min_quantity=D(0)))
        one(Customer, code="ACME").price_list_id = shop.id
    return staff


def test_an_order_of_a_gross_list_states_every_price_with_tax(gross):
    order = draft(gross, ("A-1", 3), ("B-1", 2), charges=[ChargeInput("freight", D("11.90"), "VAT19")])
    listed, base = order.lines
    assert order.prices_include_tax
    assert (listed.unit_price, listed.total, listed.net_amount, listed.tax_amount) == (119, 357, 300, 57)
    # the base price is net: 9.99 and 7 %
    assert (base.unit_price, base.total) == (D("10.6893"), D("21.38"))
    assert [step["label"] for step in base.derivation][:2] == ["Base price", "With tax"]
    assert base.derivation[1]["detail"] == "The price is without tax; 7 % come on top."
    assert (order.charges[0].amount, order.charges[0].total) == (D("11.90"), D("11.90"))
    assert order.net_total + order.tax_total == order.total == D("390.28")


def test_a_gross_price_holds_against_the_net_document_and_the_other_way(gross):
    with atomic():
        one(PriceList, code="SHOP").prices_include_tax = False
    order = draft(gross, ("A-1", 1))
    with atomic():
        one(PriceList, code="SHOP").prices_include_tax = True
    changed = change_line(order.number, 1, quantity=D(2), actor=gross.sales)
    assert not changed.prices_include_tax
    assert (changed.lines[0].unit_price, changed.lines[0].net_amount) == (100, 200)
    assert [step["label"] for step in changed.lines[0].derivation][:2] == ["Price list Shop", "Without tax"]
    again = copy_order(order.number, actor=gross.sales)
    assert (again.prices_include_tax, again.lines[0].unit_price, again.lines[0].total) == (True, 119, 238)


def test_a_typed_price_of_a_copied_order_goes_over_to_the_new_kind(gross):
    order = draft(gross, ("A-1", 1))
    change_line(order.number, 1, unit_price=D("107.10"), actor=gross.sales)
    with atomic():
        one(PriceList, code="SHOP").prices_include_tax = False
    again = copy_order(order.number, actor=gross.sales)
    assert (again.prices_include_tax, again.lines[0].price_typed, again.lines[0].unit_price) == (False, True, 90)


def test_a_customer_of_another_tax_pays_its_own_on_the_same_net(gross):
    with atomic():
        make_tax_code("REDUCED", D(6))
    set_tax_class_rule("domestic", "VAT19", "REDUCED", actor=gross.admin)
    order = draft(gross, ("A-1", 1))
    assert (order.lines[0].unit_price, order.lines[0].net_amount, order.lines[0].tax_amount) == (106, 100, 6)


def test_an_invoice_with_gross_prices_says_so_and_credits_to_nothing(gross):
    number = make_shipped_order(
        {"A-1": 3, "B-1": 7},
        gross,
        charges=[ChargeInput("freight", D("5.95"), "VAT19")],
        order_discount_percent=D(3),
    )
    order = one(Order, order_number=number)
    invoice = make_posted_invoice(number, gross)
    assert (invoice.prices_include_tax, invoice.total) == (True, order.total)
    assert order.charges[0].invoiced_amount == D("5.95")
    paper = printed(invoice.snapshot)
    assert (paper.amount_word, paper.lines[0].net, paper.sums[0].value) == ("Gross", "357.00", "431.83")
    assert ("Prices", "include tax") in [(fact.label, fact.value) for fact in paper.facts]

    for wanted in ([CreditLine(1, quantity=1), CreditLine(2, quantity=3)], [CreditLine(1, amount="10")], None):
        note = draft_credit_note(invoice.invoice_number, lines=wanted, reason="Returned", actor=gross.accountant)
        assert all(line.entered_amount == line.total for line in note.lines)
        post_credit_note(note.id, actor=gross.second_accountant)
    notes = db.session.scalars(db.select(CreditNote)).all()
    assert sum(note.total for note in notes) == invoice.total
    assert sum(note.tax_total for note in notes) == invoice.tax_total
    assert one(Invoice, id=invoice.id).open_amount == 0


def test_a_typed_line_is_quoted_with_tax_and_its_discount_compares_gross_with_gross(gross):
    order = draft(gross, ("A-1", 1))
    quote = quote_entry(order, Entry("B-1", quantity=D(2)), gross.sales)
    assert (quote.unit_price, quote.amounts.total, quote.amounts.net_amount) == (D("10.6893"), D("21.38"), D("19.98"))
    typed = quote_entry(order, Entry("A-1", unit_price=D("107.10")), gross.sales)
    assert (typed.given_percent, typed.needs_approval) == (10, True)


def test_a_list_rests_on_one_of_its_own_kind_only(gross):
    with pytest.raises(BadInput, match="Prices of SHOP include tax; this list must be of the same kind"):
        add_price_list(code="NET", name="Net", currency="EUR", parent="SHOP", actor=gross.admin)
    add_price_list(code="NET", name="Net", currency="EUR", actor=gross.admin)
    with pytest.raises(BadInput, match="Prices of NET do not include tax"):
        change_price_list("SHOP", parent="NET", version=1, actor=gross.admin)

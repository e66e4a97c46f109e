from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.documents.totals import (
    DocumentCharge,
    DocumentLine,
    LineTotal,
    TaxRounding,
    TaxTotal,
    adds_up,
    calculate_line,
    check_adds_up,
    document_totals,
)
from webapp.domain.errors import BadInput, Refused
from webapp.domain.money import is_whole_minor

D = Decimal


def line(number=1, price="100", quantity="1", discount="0", rate="19", category="S", sku=None, **more):
    return DocumentLine(number, sku or f"SKU{number}", D(quantity), D(price), D(discount), category, D(rate), **more)


def charge(amount, rate="19", category="S", description="Freight"):
    return DocumentCharge(description, D(amount), category, D(rate))


# -- one line


@pytest.mark.parametrize(
    ("price", "quantity", "discount", "tax", "amounts"),
    [
        ("100", "10", "0", "19", ("1000.00", "0.00", "1000.00", "190.00", "1190.00")),
        ("9.80", "10", "5", "0", ("98.00", "4.90", "93.10", "0.00", "93.10")),
        # the net is rounded, the discount is the rest: 10.15 at 50 % leaves 5.08, not 5.07
        ("10.15", "1", "50", "0", ("10.15", "5.07", "5.08", "0.00", "5.08")),
        ("0.0035", "1", "0", "19", ("0.00", "0.00", "0.00", "0.00", "0.00")),
        ("0.005", "1", "0", "100", ("0.01", "0.00", "0.01", "0.01", "0.02")),
        ("10.15", "-1", "50", "10", ("-10.15", "-5.07", "-5.08", "-0.51", "-5.59")),
        ("5", "1", "100", "19", ("5.00", "5.00", "0.00", "0.00", "0.00")),
        ("0", "3", "0", "19", ("0.00", "0.00", "0.00", "0.00", "0.00")),
    ],
)
def test_a_line_rounds_its_net_and_leaves_the_rest_to_the_discount(price, quantity, discount, tax, amounts):
    assert calculate_line(D(price), D(quantity), D(discount), D(tax)) == LineTotal(*map(D, amounts))


def test_a_price_for_several_units_needs_no_rounded_quantities():
    assert calculate_line(D("200"), D(10), D(0), D(0), price_base=D(2)).subtotal == D("1000.00")
    assert calculate_line(D("1"), D(1), D(0), D(0), price_base=D(3)).subtotal == D("0.33")
    assert calculate_line(D("1"), D(3), D(0), D(0), price_base=D(3)).subtotal == D("1.00")


def test_charges_and_allowances_of_the_line_change_its_net_but_not_its_discount():
    total = calculate_line(D(410), D(10), D(0), D(25), charges=D(1), allowances=D(101))
    assert (total.subtotal, total.discount_amount, total.net_amount, total.tax_amount) == (4100, 0, 4000, 1000)


def test_a_line_is_counted_in_the_decimals_of_its_currency():
    assert calculate_line(D("22689"), D(1), D(0), D(19), currency="JPY").tax_amount == D("4311")
    assert calculate_line(D("1.2345"), D(1), D(0), D(0), currency="KWD").subtotal == D("1.235")


@pytest.mark.parametrize(
    ("discount", "tax", "base", "sentence"),
    [
        (D(-1), D(0), D(1), "Discount must be between 0 and 100"),
        (D("100.01"), D(0), D(1), "Discount must be between 0 and 100"),
        (D("NaN"), D(0), D(1), "Discount must be between 0 and 100"),
        (D(0), D(101), D(1), "Tax rate must be between 0 and 100"),
        (D(0), D(0), D(0), "quantity a price is for must be more than 0"),
    ],
)
def test_impossible_percentages_and_price_bases_are_refused(discount, tax, base, sentence):
    with pytest.raises(BadInput, match=sentence):
        calculate_line(D(1), D(1), discount, tax, price_base=base)


def test_an_amount_beyond_the_money_column_is_refused():
    with pytest.raises(BadInput, match="too large"):
        calculate_line(D("9223372036854"), D("9223372036854"), D(0), D(0))
    with pytest.raises(BadInput, match="too large"):
        calculate_line(D("9000000000000"), D(100), D(0), D(19))


def test_a_float_never_becomes_an_amount():
    with pytest.raises(TypeError):
        calculate_line(1.5, D(1), D(0), D(0))


# -- documents


def test_tax_is_rounded_once_per_category_and_rate():
    lines = [line(n, price="0.10", rate="19") for n in range(1, 4)]
    totals = document_totals(lines, currency="EUR")
    assert totals.taxes == (TaxTotal("S", D(19), D("0.30"), D("0.06")),)
    assert sum(one.tax_amount for one in totals.lines) == D("0.06")


def test_tax_is_rounded_on_each_line_where_the_company_chose_so():
    lines = [line(n, price="0.13", rate="19") for n in range(1, 5)]
    by_document = document_totals(lines, currency="EUR")
    by_line = document_totals(lines, currency="EUR", tax_rounding=TaxRounding.LINE)
    assert by_document.tax_total == D("0.10")
    assert by_line.tax_total == D("0.08")
    assert [one.tax_amount for one in by_line.lines] == [D("0.02")] * 4
    assert adds_up(by_line) == ()


def test_the_same_rate_in_two_categories_is_taxed_apart():
    totals = document_totals(
        [line(1, rate="0", category="Z"), line(2, rate="0", category="E"), line(3, rate="19.00"), line(4, rate="19")],
        currency="EUR",
    )
    assert [(tax.category, tax.percent, tax.net_amount) for tax in totals.taxes] == [
        ("S", D(19), D(200)),
        ("E", D(0), D(100)),
        ("Z", D(0), D(100)),
    ]


def test_lines_of_opposite_sign_keep_a_tax_of_their_own():
    totals = document_totals([line(1, price="100"), line(2, price="99.99", quantity="-1")], currency="EUR")
    assert [one.tax_amount for one in totals.lines] == [D("19.00"), D("-19.00")]
    assert totals.total == D("0.01")


def test_the_order_discount_is_spread_over_the_lines_by_largest_remainder():
    totals = document_totals(
        [line(1, price="500"), line(2, price="1000")], currency="EUR", order_discount_amount=D(100)
    )
    assert [one.order_discount_share for one in totals.lines] == [D("33.33"), D("66.67")]
    assert [one.net_amount for one in totals.lines] == [D("466.67"), D("933.33")]
    assert totals.net_total == 1400


def test_the_order_discount_goes_first_to_the_rates_and_then_to_their_lines():
    # Over the lines at once, line 1 would win the odd cent; by rate first, the 19 % lines together do.
    lines = [
        line(1, price="10", rate="7", sku="A"),
        line(2, price="10", rate="19", sku="C"),
        line(3, price="10", rate="19", sku="B"),
    ]
    totals = document_totals(lines, currency="EUR", order_discount_amount=D("0.02"))
    assert [one.order_discount_share for one in totals.lines] == [D("0.01"), D("0"), D("0.01")]


def test_ties_of_the_order_discount_go_to_the_higher_rate_then_larger_net_then_sku_then_line_number():
    cent = D("0.01")

    def winner(*lines):
        totals = document_totals(lines, currency="EUR", order_discount_amount=cent)
        return [one.line_number for one in totals.lines if one.order_discount_share]

    assert winner(line(1, rate="7"), line(2, rate="19")) == [2]
    assert winner(line(1, sku="B"), line(2, sku="A")) == [2]
    assert winner(line(2, sku="A"), line(1, sku="A")) == [1]
    # 0.02 over 3 : 1 leaves remainders of one half each; the larger net wins
    totals = document_totals([line(1, price="1"), line(2, price="3")], currency="EUR", order_discount_amount=D("0.02"))
    assert [one.order_discount_share for one in totals.lines] == [D(0), D("0.02")]


def test_a_percentage_of_the_order_rounds_what_is_left_like_a_line_does():
    totals = document_totals([line(1, price="10.15", rate="0")], currency="EUR", order_discount_percent=D(50))
    assert (totals.order_discount_amount, totals.net_total) == (D("5.07"), D("5.08"))


def test_charges_and_allowances_of_the_document_are_taxed_by_their_own_code_and_not_discounted():
    totals = document_totals(
        [line(1, price="100", rate="7")],
        [charge("10"), charge("-4", rate="7", description="Allowance")],
        currency="EUR",
        order_discount_percent=D(10),
    )
    assert totals.charges_total == 6
    assert [one.net_amount for one in totals.charges] == [10, -4]
    assert totals.lines[0].net_amount == 90
    assert totals.taxes == (TaxTotal("S", D(19), D(10), D("1.90")), TaxTotal("S", D(7), D(86), D("6.02")))
    assert totals.total == D("103.92")


def test_prepaid_is_no_discount_and_rounding_comes_last():
    totals = document_totals([line(1, price="336.90", rate="0")], currency="EUR", prepaid=D(100), rounding=D("0.01"))
    assert (totals.total, totals.payable) == (D("336.90"), D("236.91"))


@pytest.mark.parametrize(
    ("prices", "rate", "net", "tax"),
    [
        (["52.50"], "12", "46.87", "5.63"),
        (["124.40"], "8", "115.19", "9.21"),
        (["11.90", "2.80"], "21", "12.15", "2.55"),
        (["90", "55"], "5", "138.10", "6.90"),
    ],
)
def test_where_prices_include_tax_the_gross_stays_and_the_net_is_what_is_left(prices, rate, net, tax):
    lines = [line(n, price=price, rate=rate) for n, price in enumerate(prices, 1)]
    totals = document_totals(lines, currency="EUR", prices_include_tax=True)
    assert totals.total == sum(map(D, prices))
    assert (totals.net_total, totals.tax_total) == (D(net), D(tax))
    assert [one.total for one in totals.lines] == [D(price) for price in prices]
    assert adds_up(totals) == ()


def test_a_document_without_lines_comes_to_nothing():
    totals = document_totals([], currency="EUR")
    assert (totals.total, totals.taxes, totals.lines) == (0, (), ())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"order_discount_amount": D("100.01")}, r"between 0 and the net of the lines, 100\.00"),
        ({"order_discount_amount": D(-1)}, "between 0 and the net"),
        ({"order_discount_amount": D("0.005")}, "smallest unit of EUR"),
        ({"order_discount_percent": D(101)}, "Order discount must be between 0 and 100"),
        ({"order_discount_percent": D(5), "order_discount_amount": D(5)}, "not both"),
        ({"charges": [charge("0.001")]}, "A charge must be a whole number"),
        ({"charges": [charge("1", rate="101")]}, "Tax rate must be between"),
    ],
)
def test_discounts_and_charges_that_cannot_be_are_refused(arguments, sentence):
    with pytest.raises(BadInput, match=sentence):
        document_totals([line()], currency="EUR", **arguments)


def test_nothing_can_be_taken_off_a_document_of_negative_lines():
    with pytest.raises(BadInput, match=r"net of the lines, 0\.00"):
        document_totals([line(quantity="-1")], currency="EUR", order_discount_amount=D(1))


def test_a_document_beyond_the_money_column_is_refused():
    lines = [line(n, price="400000000", quantity="1000", rate="0") for n in range(1, 4)]
    with pytest.raises(BadInput, match="total of the document is too large"):
        document_totals(lines, currency="EUR")


# -- properties

rates = st.sampled_from([("S", "19"), ("S", "7"), ("Z", "0"), ("AE", "0"), ("S", "25")])
document_lines = st.lists(
    st.tuples(
        st.integers(0, 10**7).map(lambda units: D(units).scaleb(-3)),
        st.integers(-20, 10**4).map(lambda units: D(units).scaleb(-1)),
        st.integers(0, 10_000).map(lambda units: D(units).scaleb(-2)),
        rates,
        st.sampled_from("ABC"),
    ),
    max_size=12,
).map(
    lambda rows: [
        DocumentLine(number, sku, quantity, price, discount, category, D(rate))
        for number, (price, quantity, discount, (category, rate), sku) in enumerate(rows, 1)
    ]
)
document_charges = st.lists(
    st.tuples(st.integers(-1000, 1000).map(lambda units: D(units).scaleb(-2)), rates).map(
        lambda row: DocumentCharge("Freight", row[0], row[1][0], D(row[1][1]))
    ),
    max_size=3,
)
options = st.fixed_dictionaries(
    {
        "order_discount_percent": st.integers(0, 10_000).map(lambda units: D(units).scaleb(-2)),
        "tax_rounding": st.sampled_from(TaxRounding),
        "prices_include_tax": st.booleans(),
        "prepaid": st.integers(0, 1000).map(D),
    }
)


@given(document_lines, document_charges, options)
def test_every_document_adds_up_to_the_cent(lines, charges, chosen):
    totals = document_totals(lines, charges, currency="EUR", **chosen)
    assert adds_up(totals) == ()
    assert sum(one.order_discount_share for one in totals.lines) == totals.order_discount_amount
    assert sum(tax.tax_amount for tax in totals.taxes) == totals.tax_total
    assert totals.net_total + totals.tax_total == totals.total
    assert all(is_whole_minor(one.tax_amount, "EUR") for one in totals.lines)


@given(document_lines, document_charges, options, st.randoms())
def test_the_order_of_the_lines_changes_nothing(lines, charges, chosen, random):
    straight = document_totals(lines, charges, currency="EUR", **chosen)
    mixed = list(lines)
    random.shuffle(mixed)
    shuffled = document_totals(mixed, charges, currency="EUR", **chosen)
    assert sorted(shuffled.lines, key=lambda one: one.line_number) == list(straight.lines)
    assert replace(shuffled, lines=()) == replace(straight, lines=())


@given(document_lines, st.integers(0, 100))
def test_a_fixed_order_discount_is_taken_off_exactly_and_never_more_than_a_line_has(lines, percent):
    positive = [one for one in lines if one.quantity > 0]
    net = document_totals(positive, currency="EUR").net_total
    amount = (net * percent / 100).quantize(D("0.01"))
    totals = document_totals(positive, currency="EUR", order_discount_amount=amount)
    assert totals.net_total == net - amount
    assert all(one.net_amount >= 0 for one in totals.lines)


@given(document_lines, options)
def test_the_shares_of_the_tax_are_their_exact_tax_rounded_up_or_down(lines, chosen):
    totals = document_totals(lines, currency="EUR", **{**chosen, "prices_include_tax": False})
    for one in totals.lines:
        assert abs(one.tax_amount - one.net_amount * one.tax_percent / 100) < D("0.01")


# -- does it add up?

GOOD = document_totals(
    [line(1, price="100.10", discount="5"), line(2, price="33.33", rate="7")],
    [charge("10")],
    currency="EUR",
    order_discount_percent=D(3),
)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"subtotal": D("133.44")}, "The subtotals of the lines come to 133.43, the document says 133.44."),
        ({"line_discount_total": D(0)}, "The discounts of the lines come to"),
        ({"order_discount_amount": D(0)}, "The shares of the order discount come to"),
        ({"charges_total": D(11)}, "The charges come to 10, the document says 11."),
        ({"net_total": D(1)}, "The net amounts come to"),
        ({"tax_total": D(1)}, "The tax amounts come to"),
        ({"total": D(1)}, "Net and tax come to"),
        ({"payable": D(1)}, "Total, prepaid and rounding come to"),
        ({"taxes": GOOD.taxes[:1]}, "The taxes by category and rate are not those"),
        ({"lines": (replace(GOOD.lines[0], net_amount=D(90)), GOOD.lines[1])}, "Line 1: subtotal less discounts"),
        ({"lines": (replace(GOOD.lines[0], total=D(90)), GOOD.lines[1])}, "Line 1: net and tax do not add up"),
        ({"charges": (replace(GOOD.charges[0], total=D(90)),)}, "Charge 1: net and tax do not add up"),
        ({"lines": (replace(GOOD.lines[0], tax_amount=D(90)), GOOD.lines[1])}, "The tax of category S at 19 %"),
        ({"rounding": D("0.001")}, "An amount is not a whole number of the smallest unit of EUR."),
    ],
)
def test_each_amount_that_does_not_add_up_is_named(change, sentence):
    assert adds_up(GOOD) == ()
    assert any(fault.startswith(sentence) for fault in adds_up(replace(GOOD, **change)))


def test_a_tax_share_off_by_a_cent_is_found_on_its_line_where_tax_is_rounded_by_line():
    good = document_totals([line(1), line(2)], [charge("10")], currency="EUR", tax_rounding=TaxRounding.LINE)
    first, second = good.lines
    moved = replace(
        good,
        lines=(
            replace(first, tax_amount=first.tax_amount + 1, total=first.total + 1),
            replace(second, tax_amount=second.tax_amount - 1, total=second.total - 1),
        ),
    )
    assert adds_up(moved) == tuple(f"Line {n}: the tax is not its rate of the net amount." for n in (1, 2))
    taxed = replace(good, charges=(replace(good.charges[0], tax_amount=D(2), total=D(12)),))
    assert "Charge 1: the tax is not its rate of the net amount." in adds_up(taxed)


def test_a_document_that_does_not_add_up_is_refused_with_every_fault():
    check_adds_up(GOOD, "Invoice draft 12")
    with pytest.raises(Refused, match=r"Invoice draft 12 does not add up\. Net and tax come to") as refusal:
        check_adds_up(replace(GOOD, total=D(1)), "Invoice draft 12")
    assert len(refusal.value.details["faults"]) == 2

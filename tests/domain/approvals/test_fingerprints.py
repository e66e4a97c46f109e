from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.approvals.fingerprints import ApprovedLine, Fingerprint, covers, reasons_void

D = Decimal
FIRST = ApprovedLine(1, "CHAI", D(10), D("18.50"), D(5))
SECOND = ApprovedLine(2, "CHANG", D(4), D("19"), D(0), price_base=D(24))
APPROVED = Fingerprint("ALFKI", "EUR", (FIRST, SECOND), D("240.00"), D(3), D(0), D(5))


def edited(number=1, **changes):
    lines = tuple(replace(one, **changes) if one.line_number == number else one for one in APPROVED.lines)
    return replace(APPROVED, lines=lines)


@pytest.mark.parametrize(
    ("now", "reasons"),
    [
        (APPROVED, ()),
        (replace(APPROVED, total=D("239.99")), ()),
        (replace(APPROVED, total=D("240.01")), ("The total is higher.",)),
        (replace(APPROVED, customer="ANATR"), ("The customer is another.",)),
        (replace(APPROVED, currency="USD"), ("The currency is another.",)),
        (replace(APPROVED, order_discount_percent=D("3.0001")), ("The order discount is higher.",)),
        (replace(APPROVED, order_discount_amount=D("0.01")), ("The order discount is higher.",)),
        (replace(APPROVED, allowances=D("5.01")), ("The order discount is higher.",)),
        (replace(APPROVED, order_discount_percent=D(2), allowances=D(0)), ()),
        (edited(sku="CHANG"), ("Line 1 has another item.",)),
        (edited(unit_price=D("18.49")), ("Line 1 has a lower price.",)),
        (edited(unit_price=D("18.51")), ()),
        (edited(discount_percent=D("5.0001")), ("Line 1 has a higher discount.",)),
        (edited(discount_percent=D("4")), ()),
        (edited(quantity=D(11)), ("Line 1 has a higher quantity.",)),
        (edited(quantity=D(9)), ()),
        (edited(2, price_base=D(25)), ("Line 2 has a lower price.",)),
        (edited(2, unit_price=D("9.5"), price_base=D(12)), ()),
        (replace(APPROVED, lines=(FIRST,)), ()),
        (replace(APPROVED, lines=()), ()),
        (replace(APPROVED, lines=(*APPROVED.lines, replace(FIRST, line_number=3))), ("Line 3 is new.",)),
        (replace(APPROVED, lines=(*APPROVED.lines, replace(FIRST, line_number=3, quantity=D(0)))), ()),
        (
            edited(unit_price=D(1), discount_percent=D(9), quantity=D(99)),
            ("Line 1 has a lower price.", "Line 1 has a higher discount.", "Line 1 has a higher quantity."),
        ),
    ],
)
def test_an_approval_is_voided_by_what_goes_beyond_it_and_kept_by_what_takes_off(now, reasons):
    assert reasons_void(APPROVED, now) == reasons
    assert covers(APPROVED, now) is not bool(reasons)


def test_a_fingerprint_survives_json_with_its_exact_numbers():
    assert Fingerprint.from_dict(json.loads(json.dumps(APPROVED.as_dict()))) == APPROVED
    assert APPROVED.as_dict()["lines"][0]["unit_price"] == "18.50"
    assert replace(APPROVED, total=D("1E+3")).as_dict()["total"] == "1000"


quantities = st.integers(0, 20).map(D)


@given(quantities, quantities)
def test_taking_quantity_off_at_the_same_prices_never_voids(first, second):
    now = edited(quantity=min(first, FIRST.quantity))
    now = replace(now, lines=(now.lines[0], replace(SECOND, quantity=min(second, SECOND.quantity))))
    assert covers(APPROVED, now)
    assert covers(APPROVED, Fingerprint.from_dict(now.as_dict()))

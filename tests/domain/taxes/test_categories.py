from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from webapp.domain.errors import BadInput, Refused
from webapp.domain.taxes.categories import TaxCategory, check_tax, rate_on

RATES = [(date(2021, 1, 1), Decimal(19)), (date(2007, 1, 1), Decimal(19)), (date(2020, 7, 1), Decimal(16))]


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        (date(2020, 6, 30), 19),
        (date(2020, 7, 1), 16),
        (date(2020, 12, 31), 16),
        (date(2021, 1, 1), 19),
        (date(2007, 1, 1), 19),
    ],
)
def test_the_rate_is_the_latest_that_has_started(on, rate):
    assert rate_on(RATES, on) == rate


def test_a_day_before_the_first_rate_is_refused():
    with pytest.raises(Refused, match="No rate of this tax code is valid on 2006-12-31"):
        rate_on(RATES, date(2006, 12, 31))


@pytest.mark.parametrize(
    ("category", "zero", "reason"),
    [
        ("S", False, False), ("Z", True, False), ("E", True, True), ("AE", True, True), ("K", True, True),
        ("G", True, True), ("O", True, True), ("L", False, False), ("M", False, False), ("B", False, False),
    ],
)  # fmt: skip
def test_each_category_knows_its_rate_and_reason(category, zero, reason):
    assert TaxCategory(category).must_be_zero is zero
    assert TaxCategory(category).needs_exemption_reason is reason
    assert TaxCategory(category).label


def test_a_rate_on_an_exempt_category_and_a_missing_reason_are_refused():
    check_tax(TaxCategory.STANDARD, Decimal(19), "")
    check_tax(TaxCategory.EXPORT, Decimal(0), "Export")
    with pytest.raises(BadInput, match=r"Export outside the EU \(G\) must have the rate 0"):
        check_tax(TaxCategory.EXPORT, Decimal(19), "Export")
    with pytest.raises(BadInput, match=r"Reverse charge \(AE\) needs an exemption reason"):
        check_tax(TaxCategory.REVERSE_CHARGE, Decimal(0), " ")
    with pytest.raises(BadInput, match="between 0 and 100"):
        check_tax(TaxCategory.STANDARD, Decimal(101), "")

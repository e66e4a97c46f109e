"""The part of the goods that allowances take off, and discounts one after the other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.domain.approvals.allowances import allowance_percent, together
from webapp.domain.approvals.fingerprints import ApprovedLine, Fingerprint, covers

D = Decimal


@pytest.mark.parametrize(
    ("allowances", "net", "percent"),
    [
        ("50", "1000", "5"),
        ("0", "1000", "0"),
        ("0", "0", "0"),
        ("-5", "10", "0"),
        ("10", "0", "100"),
        ("30", "20", "100"),
    ],
)
def test_the_part_of_the_goods(allowances, net, percent):
    assert allowance_percent(D(allowances), D(net)) == D(percent)


def test_a_third_is_not_rounded():
    assert D("33.3333333333333333") < allowance_percent(D(10), D(30)) < D("33.3333333333333334")


@pytest.mark.parametrize(
    ("first", "then", "both"),
    [("10", "5", "14.5"), ("0", "5", "5"), ("5", "0", "5"), ("100", "5", "100"), ("5", "100", "100")],
)
def test_one_after_the_other(first, then, both):
    assert together(D(first), D(then)) == D(both)


LINES = (ApprovedLine(1, "A", D(10), D(100), D(0)),)


def test_a_larger_part_of_fewer_goods_is_beyond_the_approval():
    approved = Fingerprint("ACME", "EUR", LINES, D(950), allowances=D(50), allowance_percent=D(5))
    fewer = (ApprovedLine(1, "A", D(5), D(100), D(0)),)

    assert covers(approved, Fingerprint("ACME", "EUR", LINES, D(950), allowances=D(50), allowance_percent=D(5)))
    assert not covers(approved, Fingerprint("ACME", "EUR", fewer, D(450), allowances=D(50), allowance_percent=D(10)))
    assert covers(approved, Fingerprint("ACME", "EUR", fewer, D(475), allowances=D(25), allowance_percent=D(5)))


def test_what_was_approved_before_the_part_was_noted_still_covers():
    approved = Fingerprint("ACME", "EUR", LINES, D(950), allowances=D(50), allowance_percent=D(5))
    old = {name: value for name, value in approved.as_dict().items() if name != "allowance_percent"}

    assert covers(Fingerprint.from_dict(old), approved)
    assert Fingerprint.from_dict(approved.as_dict()) == approved

"""What it costs to ask every invariant, and that nothing cuts it short."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.support.factories import make_desk, make_posted_invoice, make_shipped_order
from tests.support.statements import counted_statements
from webapp.queries.invariants import run_all


def test_it_takes_as_many_statements_for_five_orders_as_for_one(session: Session) -> None:
    staff = make_desk()
    sent = []
    for orders in (1, 4):
        for _ in range(orders):
            make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff)
        with counted_statements() as statements:
            assert run_all() == []
        sent.append(len(statements))
    assert sent[0] == sent[1] < 40


@pytest.mark.engines("postgresql")
def test_it_may_take_longer_than_a_page(session: Session) -> None:
    make_desk()
    session.execute(text("SET LOCAL statement_timeout = 1"))
    assert run_all() == []

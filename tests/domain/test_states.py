from __future__ import annotations

from itertools import product

import pytest

from webapp.domain.errors import IllegalMove
from webapp.domain.states import MOVES, InvoiceState, OrderState, ShipmentState, may_move, move

ALLOWED = {
    OrderState: """
        QUOTE DRAFT · QUOTE CANCELLED · DRAFT SUBMITTED · DRAFT CANCELLED · SUBMITTED APPROVED · SUBMITTED REJECTED
        · SUBMITTED DRAFT · SUBMITTED CANCELLED · REJECTED DRAFT · REJECTED CANCELLED · APPROVED CONFIRMED
        · APPROVED DRAFT · APPROVED CANCELLED · CONFIRMED CLOSED · CONFIRMED CANCELLED
    """,
    ShipmentState: """
        DRAFT PICKED · DRAFT CANCELLED · PICKED PACKED · PICKED CANCELLED · PACKED SHIPPED · PACKED CANCELLED
    """,
    InvoiceState: "DRAFT VALIDATED · DRAFT VOID · VALIDATED APPROVED · VALIDATED DRAFT · VALIDATED VOID",
}
PAIRS = [(kind, old, new) for kind in ALLOWED for old, new in product(kind, kind)]


def allowed(kind):
    return {tuple(pair.split()) for pair in ALLOWED[kind].split("·")}


@pytest.mark.parametrize(("kind", "old", "new"), PAIRS)
def test_a_document_moves_exactly_as_its_table_says(kind, old, new):
    expected = (old.value, new.value) in allowed(kind)
    assert may_move(old, new) is expected
    if expected:
        assert move(old, new, "Order SO-2026-001") is new
    else:
        with pytest.raises(IllegalMove) as refusal:
            move(old, new, "Order SO-2026-001")
        assert refusal.value.status == 409
        assert refusal.value.message == f"Order SO-2026-001 is {old.lower()} and cannot become {new.lower()}."
        assert refusal.value.details == {"status": old.value}


@pytest.mark.parametrize("kind", ALLOWED)
def test_every_state_has_its_row_in_the_table(kind):
    assert set(MOVES[kind]) == set(kind)


@pytest.mark.parametrize(
    "final",
    [
        OrderState.CLOSED,
        OrderState.CANCELLED,
        ShipmentState.SHIPPED,
        ShipmentState.CANCELLED,
        InvoiceState.APPROVED,
        InvoiceState.VOID,
    ],
)
def test_final_states_are_final(final):
    assert not MOVES[type(final)][final]


def test_every_order_can_be_cancelled_before_it_is_closed():
    for state in OrderState:
        is_open = state not in (OrderState.CLOSED, OrderState.CANCELLED)
        assert may_move(state, OrderState.CANCELLED) is is_open

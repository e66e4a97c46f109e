"""A command knows the right it takes, and asks for it inside its own transaction."""

from __future__ import annotations

import pytest

from tests.support import web
from webapp.db import in_transaction
from webapp.domain.errors import Forbidden
from webapp.domain.permissions import Permission, Role
from webapp.services.commands import command, may
from webapp.services.order_steps.confirmation import confirm_order, place_order


@command(Permission.ORDERS_CONFIRM, Permission.SHIPMENTS_WRITE)
def act(*, actor) -> str:
    """Needs two rights."""
    return "done" if in_transaction() else "outside"


def test_a_command_is_for_who_has_all_the_rights_it_takes(system):
    both = web.add_user(Role.SALES, Role.WAREHOUSE, email="both@example.com")
    sales = web.add_user(Role.SALES)
    assert (may(both, act), may(sales, act), may(system, act)) == (True, False, True)
    assert act(actor=both) == "done"
    with pytest.raises(Forbidden, match="shipments:write"):
        act(actor=sales)


def test_a_command_keeps_its_name_its_words_and_its_parameters():
    assert (act.__name__, act.__doc__) == ("act", "Needs two rights.")
    assert confirm_order.permissions == (Permission.ORDERS_CONFIRM,)
    assert place_order.permissions == (Permission.ORDERS_WRITE, Permission.ORDERS_CONFIRM)

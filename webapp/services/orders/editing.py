"""Who may change an order now, and what every change of it ends with."""

from __future__ import annotations

from webapp.domain.errors import StaleVersion
from webapp.domain.states import EDITABLE
from webapp.models import Order, User
from webapp.services import locks
from webapp.services.orders.after_edit import settle_edit
from webapp.services.orders.charges import refuse_less_than_nothing


def editable_order(number: str, version: int | None, actor: User) -> Order:
    """The locked order, if ``actor`` may change it now. Raises Forbidden, NotFound, IllegalMove, StaleVersion."""
    order = locks.lock_order(number, actor=actor)
    order.must_be(*EDITABLE)
    check_version(order, version)
    return order


def check_version(order: Order, version: int | None) -> None:
    """Raise StaleVersion when a form read another version than the one that stands now; None compares nothing."""
    if version is not None and version != order.version:
        raise StaleVersion(
            f"{order.label} was changed by somebody else since you opened it.",
            {"version": order.version, "yours": version},
        )


def finish_edit(order: Order, actor: User) -> None:
    refuse_less_than_nothing(order)
    order.bump()
    settle_edit(order, actor=actor)

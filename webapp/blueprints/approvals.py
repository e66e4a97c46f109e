"""The inbox of decisions: orders, discounts and credit holds, each with what a decision needs.

Decisions themselves are sent to the order (``/orders/SO-…/approval``, ``/hold``, …) and lead back here.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template

from webapp.auth import current_user, requires
from webapp.domain.errors import NotFound
from webapp.domain.permissions import Permission
from webapp.models import ApprovalKind
from webapp.queries.approvals import Item, habits_of, inbox
from webapp.queries.credit_queue import credit_case
from webapp.queries.deciders import deciders_of, order_deciders
from webapp.queries.order_page import OrderPage, order_page

bp = Blueprint("approvals", __name__, url_prefix="/approvals")


@bp.get("")
@requires(Permission.ORDERS_READ)
def index() -> str:
    """What waits; on a wide screen with the first of it opened."""
    items = inbox(current_user)
    if not items:
        return render_template("approvals/index.html", items=items, chosen=None)
    return _opened(items[0], items, is_list=True)


@bp.get("/orders/<number>")
@requires(Permission.ORDERS_READ)
def show_order(number: str) -> str:
    """An order that waits for approval."""
    return _order(number, inbox(current_user))


@bp.get("/discounts/<number>/<int:line_number>")
@requires(Permission.ORDERS_READ)
def show_discount(number: str, line_number: int) -> str:
    """A discount that waits for approval."""
    return _discount(number, line_number, inbox(current_user))


@bp.get("/holds/<number>")
@requires(Permission.ORDERS_READ)
def show_hold(number: str) -> str:
    """An order on credit hold, with the exposure behind it."""
    return _hold(number, inbox(current_user))


def _opened(item: Item, items: Sequence[Item], *, is_list: bool) -> str:
    parts = item.url.split("/")
    if item.kind == "discount":
        return _discount(parts[3], int(parts[4]), items, is_list=is_list)
    show = _hold if item.kind == "hold" else _order
    return show(parts[3], items, is_list=is_list)


def _order(number: str, items: Sequence[Item], *, is_list: bool = False) -> str:
    page = order_page(number, current_user)
    request = next((one for one in page.facts.waiting if one.kind is ApprovalKind.ORDER), None)
    deciders = order_deciders(page.facts)
    return render_template(
        "approvals/order.html",
        page=page,
        asked=request,
        items=items,
        chosen=f"/approvals/orders/{number}",
        is_list=is_list,
        deciders=deciders,
        may=current_user.id in {user.id for user in deciders},
    )


def _discount(number: str, line_number: int, items: Sequence[Item], *, is_list: bool = False) -> str:
    page = order_page(number, current_user)
    view = page.line(line_number)
    if view is None:
        raise NotFound(f"{page.order.label} has no line {line_number}.")
    deciders = deciders_of(page.facts, view.request) if view.request else []
    return render_template(
        "approvals/discount.html",
        page=page,
        view=view,
        asked=view.request,
        items=items,
        chosen=f"/approvals/discounts/{number}/{line_number}",
        is_list=is_list,
        deciders=deciders,
        may=current_user.id in {user.id for user in deciders},
        habits=habits_of(page.order.customer_id, view.line.variant_id, page.order),
    )


def _hold(number: str, items: Sequence[Item], *, is_list: bool = False) -> str:
    page = order_page(number, current_user)
    deciders = page.facts.staff.who_can(Permission.CREDIT_RELEASE, besides=_may_not_release(page))
    return render_template(
        "approvals/hold.html",
        page=page,
        hold=page.facts.hold,
        case=credit_case(page.order),
        items=items,
        chosen=f"/approvals/holds/{number}",
        is_list=is_list,
        deciders=deciders,
        may=current_user.id in {user.id for user in deciders},
    )


def _may_not_release(page: OrderPage) -> frozenset[int]:
    return page.facts.asked | ({page.facts.hold.applied_by_id} if page.facts.hold else set())

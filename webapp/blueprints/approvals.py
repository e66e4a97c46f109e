"""The inbox of decisions: orders, discounts and credit holds, each with what a decision needs.

Decisions themselves are sent to the order (``/orders/SO-…/approval``, ``/hold``, …) and lead back here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for

from webapp.domain.errors import NotFound
from webapp.domain.permissions import Permission
from webapp.models import ApprovalKind
from webapp.pages import addresses as at
from webapp.pages.approvals.hold_case import credit_case
from webapp.pages.approvals.inbox import Item, decided, inbox, last_verdict, place_of
from webapp.pages.orders.deciders import beyond, deciders_of, discount_decliners, hold_deciders, order_deciders
from webapp.pages.orders.discount_effects import effect_of
from webapp.pages.orders.page import order_page
from webapp.queries.approvals.usual_discounts import usual_discounts
from webapp.web.auth import current_user, requires

bp = Blueprint("approvals", __name__, url_prefix="/approvals")


@bp.get("")
@requires(Permission.ORDERS_READ)
def index() -> str:
    """What waits; a wide screen opens the first of it, or what stands where something was just decided (``?at=``)."""
    items = inbox(current_user)
    if not items:
        return render_template("approvals/index.html", items=items, chosen=None, decided=decided(current_user))
    place = min(max(request.args.get("at", 0, type=int), 0), len(items) - 1)
    return _opened(items[place], items, is_list=True)


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
    """An order on credit hold, with the exposure behind it; ``?write=1`` puts the caret where the reason is typed."""
    return _hold(number, inbox(current_user), write="write" in request.args)


def _opened(item: Item, items: Sequence[Item], *, is_list: bool) -> str:
    parts = item.url.split("/")
    if item.kind == "discount":
        return _discount(parts[3], int(parts[4]), items, is_list=is_list)
    show = _hold if item.kind == "hold" else _order
    return show(parts[3], items, is_list=is_list)


def _order(number: str, items: Sequence[Item], *, is_list: bool = False) -> str:
    page = order_page(number, current_user)
    asked = next((one for one in page.facts.waiting if one.kind is ApprovalKind.ORDER), None)
    deciders = order_deciders(page.facts)
    return _render(
        "approvals/order.html",
        at.asked_order(number),
        items,
        is_list,
        page=page,
        asked=asked,
        deciders=deciders,
        may=current_user.id in {user.id for user in deciders},
        beyond=[(one, deciders_of(page.facts, one)) for one in beyond(page.facts, current_user)],
        verdict=last_verdict(page.facts.approvals),
    )


def _discount(number: str, line_number: int, items: Sequence[Item], *, is_list: bool = False) -> str:
    page = order_page(number, current_user)
    view = page.line(line_number)
    if view is None:
        raise NotFound(f"{page.order.label} has no line {line_number}.")
    deciders = deciders_of(page.facts, view.request) if view.request else []
    return _render(
        "approvals/discount.html",
        at.asked_discount(number, line_number),
        items,
        is_list,
        page=page,
        view=view,
        asked=view.request,
        deciders=deciders,
        may=current_user.id in {user.id for user in deciders},
        may_decline=view.request is not None and current_user in discount_decliners(page.facts),
        maximum=page.facts.authority.maximum_of(current_user, view.line.variant_id),
        effect=effect_of(page.facts, view.line),
        usual=usual_discounts(page.order, view.line.variant_id),
        verdict=last_verdict(page.facts.approvals, view.line),
    )


def _hold(number: str, items: Sequence[Item], *, is_list: bool = False, write: bool = False) -> str:
    page = order_page(number, current_user)
    deciders = hold_deciders(page.facts)
    return _render(
        "approvals/hold.html",
        at.held_order(number),
        items,
        is_list,
        page=page,
        hold=page.facts.hold,
        case=credit_case(page.order),
        deciders=deciders,
        may=current_user.id in {user.id for user in deciders},
        write=write,
    )


def _render(template: str, chosen: str, items: Sequence[Item], is_list: bool, **facts: Any) -> str:
    """A page of the inbox with one thing opened; ``then`` is where a decision about it leads."""
    return render_template(
        template,
        chosen=chosen,
        items=items,
        is_list=is_list,
        decided=decided(current_user),
        then=url_for("approvals.index", at=place_of(chosen, items)),
        is_next="at" in request.args,
        **facts,
    )

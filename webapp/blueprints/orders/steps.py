"""The steps of an order: each is a noun under it, each answers the order as it is afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import order_again
from webapp.domain.errors import BadInput
from webapp.domain.numbers import parse_date, parse_money, parse_quantity
from webapp.domain.permissions import Permission
from webapp.domain.states import OrderState
from webapp.formats import decimal_comma
from webapp.models import Order
from webapp.pages import addresses as at
from webapp.pages.orders.facts import visible_order
from webapp.services.approvals import deciding as approvals
from webapp.services.invoices.drafts import prepare_invoice
from webapp.services.invoices.posting import bill_order
from webapp.services.order_steps import confirmation, credit_desk
from webapp.services.order_steps import moves as order_flow
from webapp.services.shipments.shipping import create_shipments, send_order
from webapp.services.stock import allocation
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, is_removal, run_once

LINE_PREFIX = "line-"


@bp.route("/<number>/submission", methods=["POST", "DELETE"])
@requires(Permission.ORDERS_WRITE)
def update_submission(number: str) -> Response:
    """Ask for approval, or take the order back to draft."""
    visible_order(number, current_user)
    if is_removal():
        run_once(lambda: _number(order_flow.withdraw_order(number, actor=current_user)))
        return order_again(number, f"{number} is a draft again.")
    if request.form.get("confirm"):
        return _placed(number)
    run_once(
        lambda: _number(order_flow.submit_order(number, reason=_reason(), version=form_version(), actor=current_user))
    )
    return order_again(number, f"{number} is submitted.")


def _placed(number: str) -> Response:
    def place() -> dict[str, Any]:
        outcome = confirmation.place_order(number, version=form_version(), actor=current_user)
        return {"held": outcome.hold is not None, "state": outcome.order.state.value}

    made = run_once(place)
    done = "confirmed" if made["state"] == OrderState.CONFIRMED else "submitted"
    return order_again(number, _held_or(made["held"], number, f"{number} is {done}."))


@bp.post("/<number>/approval")
@requires(Permission.ORDERS_APPROVE)
def create_approval(number: str) -> Response:
    """Approve the order, or the change of a confirmed one, with the discounts that wait."""
    visible_order(number, current_user)
    run_once(lambda: _number(approvals.approve_order(number, reason=_reason(), actor=current_user)))
    return order_again(number, f"{number} is approved.")


@bp.post("/<number>/rejection")
@requires(Permission.ORDERS_APPROVE)
def create_rejection(number: str) -> Response:
    """Send the order back with a reason."""
    visible_order(number, current_user)
    run_once(lambda: _number(approvals.reject_order(number, reason=_reason(), actor=current_user)))
    return order_again(number, f"{number} is rejected; its salesperson reads your reason.")


@bp.post("/<number>/confirmation")
@requires(Permission.ORDERS_CONFIRM)
def create_confirmation(number: str) -> Response:
    """Confirm the order, or see it held when credit runs out."""
    visible_order(number, current_user)
    made = run_once(lambda: {"held": confirmation.confirm_order(number, actor=current_user).hold is not None})
    return order_again(number, _held_or(made["held"], number, f"{number} is confirmed."))


@bp.post("/<number>/cancellation")
@requires(Permission.ORDERS_WRITE)
def create_cancellation(number: str) -> Response:
    """Cancel the order and give its stock back."""
    visible_order(number, current_user)
    run_once(lambda: _number(order_flow.cancel_order(number, reason=_reason(), actor=current_user)))
    return order_again(number, f"{number} is cancelled.")


@bp.route("/<number>/allocation", methods=["POST", "DELETE"])
@requires(Permission.ORDERS_ALLOCATE)
def update_allocation(number: str) -> Response:
    """Reserve what is free, or give back what no shipment holds."""
    visible_order(number, current_user)
    if is_removal():
        run_once(lambda: {"released": allocation.release_order_allocation(number, actor=current_user)})
        return order_again(number, "What no shipment holds is free again.")
    made = run_once(lambda: _allocated(number))
    return order_again(number, _held_or(made["held"], number, f"{made['message']}."))


@bp.post("/<number>/hold")
@requires(Permission.ORDERS_READ)
def update_hold(number: str) -> Response:
    """Put the order on hold, release its hold or reject the credit; the services ask for the right."""
    currency = visible_order(number, current_user).currency
    act = request.form.get("act", "apply")
    if act == "release":
        run_once(lambda: _release(number, currency))
        return order_again(number, f"The hold of {number} is released.")
    if act == "reject":
        run_once(lambda: {"hold": credit_desk.reject_hold(number, reason=_reason(), actor=current_user).id})
        return order_again(number, f"Credit for {number} is refused; its salesperson reads your reason.")
    if act != "apply":
        raise BadInput("A hold can be applied, released or rejected.", field="act")
    run_once(lambda: {"hold": credit_desk.hold_order(number, reason=_reason(), actor=current_user).id})
    return order_again(number, f"{number} is on hold.")


@bp.post("/<number>/shipments")
@requires(Permission.SHIPMENTS_WRITE)
def create_shipment(number: str) -> Response:
    """Put what is allocated (or the quantities named by ``line-3``) on new shipments, and go to the first."""
    visible_order(number, current_user)
    lines = _quantities()
    made = run_once(
        lambda: {
            "numbers": [
                shipment.shipment_number for shipment in create_shipments(number, lines=lines, actor=current_user)
            ]
        }
    )
    numbers = made["numbers"]
    return htmx.go_to(at.shipment(numbers[0]), said=f"{' and '.join(numbers)} can be picked.")


@bp.post("/<number>/departure")
@requires(Permission.SHIPMENTS_WRITE)
def create_departure(number: str) -> Response:
    """Let what is allocated and on no shipment leave at once, or see the order held when credit ran out."""
    visible_order(number, current_user)
    made = run_once(lambda: _sent(number))
    left = f"{' and '.join(made['left'])} {'are' if len(made['left']) > 1 else 'is'} shipped." if made["left"] else ""
    return order_again(number, f"{left} {_held_or(made['held'], number, '')}".strip())


@bp.post("/<number>/invoices")
@requires(Permission.INVOICES_WRITE)
def create_invoice(number: str) -> Response:
    """Draft and check an invoice over what was shipped and not billed, or post it at once, and go to it."""
    order = visible_order(number, current_user)
    if request.form.get("post"):
        return _billed(order)
    lines = _quantities()
    made = run_once(lambda: {"id": prepare_invoice(number, lines=lines, actor=current_user).id})
    return htmx.go_to(at.draft_invoice(made["id"]), said=f"The invoice for {number} is drafted.")


def _billed(order: Order) -> Response:
    number, total = order.number, parse_money(request.form.get("total", ""), order.currency, field="total")
    made = run_once(lambda: {"number": bill_order(number, total=total, actor=current_user).invoice_number})
    return htmx.go_to(at.invoice(made["number"]), said=f"{made['number']} is posted.")


def _number(order: Order) -> dict[str, str]:
    return {"number": order.number}


def _reason() -> str:
    return request.form.get("reason", "").strip()


def _held_or(held: bool, number: str, otherwise: str) -> str:
    return f"Credit ran out: {number} is on credit hold." if held else otherwise


def _allocated(number: str) -> dict[str, object]:
    outcome = allocation.allocate_order(number, actor=current_user)
    return {"held": outcome.hold is not None, "message": outcome.message}


def _sent(number: str) -> dict[str, object]:
    outcomes = send_order(number, version=form_version(), actor=current_user)
    left = [outcome.shipment.number for outcome in outcomes if outcome.hold is None]
    return {"held": len(left) < len(outcomes), "left": left}


def _release(number: str, currency: str) -> dict[str, int]:
    form = request.form
    up_to, until = form.get("up_to_amount", "").strip(), form.get("until", "").strip()
    hold = credit_desk.release_hold(
        number,
        reason=_reason(),
        up_to_amount=_money(up_to, currency) if up_to else None,
        until=parse_date(until, field="until") if until else None,
        single_step=form.get("single_step") == "y",
        actor=current_user,
    )
    return {"hold": hold.id}


def _money(text: str, currency: str) -> Decimal:
    return parse_money(text, currency, field="up_to_amount", decimal_comma=decimal_comma())


def _quantities() -> dict[int, Decimal] | None:
    """Quantities typed for single lines; None when none was, which means everything."""
    typed = {
        int(name.removeprefix(LINE_PREFIX)): parse_quantity(value, field=name, decimal_comma=decimal_comma())
        for name, value in request.form.items()
        if name.startswith(LINE_PREFIX) and name.removeprefix(LINE_PREFIX).isdecimal() and value.strip()
    }
    return typed or None

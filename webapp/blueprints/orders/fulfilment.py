"""An order on its way out of the house and onto an invoice: allocated, shipped, billed."""

from __future__ import annotations

from decimal import Decimal

from flask import request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import held_or, order_again
from webapp.domain.numbers import parse_money, parse_quantity
from webapp.formats import decimal_comma
from webapp.pages import addresses as at
from webapp.pages.orders.facts import visible_order
from webapp.services.invoices.drafts import prepare_invoice
from webapp.services.invoices.posting import bill_order
from webapp.services.shipments.shipping import create_shipments, send_order
from webapp.services.stock.allocation import allocate_order, release_order_allocation
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, run_once

LINE_PREFIX = "line-"


@bp.post("/<number>/allocation")
@requires(allocate_order)
def create_allocation(number: str) -> Response:
    """Reserve what is free, or see the order held when credit ran out."""
    made = run_once(lambda: _allocated(number))
    return order_again(number, held_or(made["held"], number, f"{made['message']}."))


@bp.post("/<number>/allocation/release")
@bp.delete("/<number>/allocation")
@requires(release_order_allocation)
def release_allocation(number: str) -> Response:
    """Give back what no shipment holds."""
    run_once(lambda: {"released": release_order_allocation(number, actor=current_user)})
    return order_again(number, "What no shipment holds is free again.")


@bp.post("/<number>/shipments")
@requires(create_shipments)
def create_shipment(number: str) -> Response:
    """Put what is allocated (or the quantities named by ``line-3``) on new shipments, and go to the first."""
    lines = _quantities()
    made = run_once(lambda: {"numbers": _numbers(number, lines)})
    numbers = made["numbers"]
    return htmx.go_to(at.shipment(numbers[0]), said=f"{' and '.join(numbers)} can be picked.")


@bp.post("/<number>/departure")
@requires(send_order)
def create_departure(number: str) -> Response:
    """Let what is allocated and on no shipment leave at once, or see the order held when credit ran out."""
    made = run_once(lambda: _sent(number))
    left = f"{' and '.join(made['left'])} {'are' if len(made['left']) > 1 else 'is'} shipped." if made["left"] else ""
    return order_again(number, f"{left} {held_or(made['held'], number, '')}".strip())


@bp.post("/<number>/invoices")
@requires(prepare_invoice)
def create_invoice(number: str) -> Response:
    """Draft and check an invoice over what was shipped and not billed, and go to it."""
    lines = _quantities()
    made = run_once(lambda: {"id": prepare_invoice(number, lines=lines, actor=current_user).id})
    return htmx.go_to(at.draft_invoice(made["id"]), said=f"The invoice for {number} is drafted.")


@bp.post("/<number>/billing")
@requires(bill_order)
def create_billing(number: str) -> Response:
    """Invoice what was shipped and post it at once, over the total that was seen."""
    currency = visible_order(number, current_user).currency
    total = parse_money(request.form.get("total", ""), currency, field="total")
    made = run_once(lambda: {"number": bill_order(number, total=total, actor=current_user).invoice_number})
    return htmx.go_to(at.invoice(made["number"]), said=f"{made['number']} is posted.")


def _allocated(number: str) -> dict[str, object]:
    outcome = allocate_order(number, actor=current_user)
    return {"held": outcome.hold is not None, "message": outcome.message}


def _numbers(number: str, lines: dict[int, Decimal] | None) -> list[str]:
    return [shipment.shipment_number for shipment in create_shipments(number, lines=lines, actor=current_user)]


def _sent(number: str) -> dict[str, object]:
    outcomes = send_order(number, version=form_version(), actor=current_user)
    left = [outcome.shipment.number for outcome in outcomes if outcome.hold is None]
    return {"held": len(left) < len(outcomes), "left": left}


def _quantities() -> dict[int, Decimal] | None:
    """Quantities typed for single lines; None when none was, which means everything."""
    typed = {
        int(name.removeprefix(LINE_PREFIX)): parse_quantity(value, field=name, decimal_comma=decimal_comma())
        for name, value in request.form.items()
        if name.startswith(LINE_PREFIX) and name.removeprefix(LINE_PREFIX).isdecimal() and value.strip()
    }
    return typed or None

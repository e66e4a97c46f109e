"""Payments on one invoice: the amount is what is open, and less leaves the rest open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.invoices import bp
from webapp.blueprints.invoices.page import posted
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.formats import amount
from webapp.models import Invoice
from webapp.pages.invoices.page import InvoicePage
from webapp.pages.payments.effects import Effect, effects_of
from webapp.pages.payments.page import active_methods
from webapp.queries.company import today
from webapp.services.payments.receiving import pay_invoice
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import try_once
from webapp.web.forms.typed import Typed, amount_in_field, as_typed, money_or_problem, typed_day, typed_money
from webapp.web.htmx import go_to, piece_or_page

FIELDS = {"payment_reference": "payment_reference", "amount_due": "payment_amount"}


@bp.get("/<path:number>/payments/new")
@requires(Permission.PAYMENTS_RECORD)
def new_payment(number: str) -> str:
    """The form, with everything filled in but the reference."""
    return _form(posted(number), Typed())


@bp.post("/<path:number>/payments")
@requires(pay_invoice)
def create_payment(number: str) -> Response | tuple[str, int]:
    """Record what came in."""
    page = posted(number)
    attempt = try_once(lambda: _record(page.invoice))
    if attempt.refusal:
        typed = as_typed(attempt.refusal, subject="payment_amount", fields=FIELDS)
        return _form(posted(number), typed), attempt.status
    return go_to(url_for("invoices.show", number=number), said=f"{attempt.data['payment']} is recorded.")


@bp.post("/<path:number>/payments/effects")
@requires(Permission.PAYMENTS_RECORD)
def show_effects(number: str) -> str:
    """What the amount typed so far would do; nothing is saved."""
    invoice = posted(number).invoice
    return render_template("payments/_effects.html", **_effects(invoice, _typed_so_far(invoice)))


def _record(invoice: Invoice) -> dict[str, Any]:
    paid = typed_money("payment_amount", invoice.currency)
    _check_open(invoice, paid)
    payment = pay_invoice(
        invoice.id,
        paid,
        request.form.get("payment_method", ""),
        request.form.get("payment_reference", ""),
        typed_day("payment_date"),
        actor=current_user,
    )
    return {"payment": payment.number}


def _check_open(invoice: Invoice, paid: Decimal) -> None:
    """Say it with both figures; the command decides once more under its lock."""
    if invoice.is_posted and paid > invoice.open_amount:
        raise BadInput(
            f"{amount(paid, invoice.currency)} is more than the {amount(invoice.open_amount, invoice.currency)} still "
            "open. Lower it, or enter it as a receipt and keep the rest on account.",
            field="payment_amount",
        )


def _typed_so_far(invoice: Invoice) -> Decimal | BadInput:
    return money_or_problem(request.form.get("payment_amount", ""), invoice.currency, "payment_amount")


def _effects(invoice: Invoice, paid: Decimal | BadInput) -> dict[str, Any]:
    problem = paid.message if isinstance(paid, BadInput) else None
    effects: list[Effect] = [] if isinstance(paid, BadInput) else effects_of(invoice.customer, [(invoice, paid)])
    return {"effects": effects, "problem": problem}


def _form(page: InvoicePage, form: Typed) -> str:
    invoice = page.invoice
    return piece_or_page(
        "invoices/_payment.html",
        "invoices/payment.html",
        page=page,
        invoice=invoice,
        form=form,
        proposed=form.value("payment_amount", amount_in_field(invoice.open_amount, invoice.currency)),
        methods=active_methods(),
        today=today(),
        **_effects(invoice, _typed_so_far(invoice) if form.values else invoice.open_amount),
    )

"""The page of a payment: what it settled, applying its rest, and taking it back."""

from __future__ import annotations

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.payments import bp
from webapp.domain.permissions import Permission
from webapp.pages.payments.page import payment_page
from webapp.pages.payments.receipts import open_invoices
from webapp.pages.timeline import history_of
from webapp.services.payments.receiving import apply_payment, reverse_payment
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import try_once
from webapp.web.forms.typed import Typed, as_typed, typed_money
from webapp.web.htmx import go_to

Answer = Response | tuple[str, int]


@bp.get("/<number>")
@requires(Permission.PAYMENTS_READ)
def show(number: str) -> str:
    """A payment with its applications."""
    return _page(number, Typed())


@bp.post("/<number>/applications")
@requires(apply_payment)
def create_application(number: str) -> Answer:
    """Let what is on account settle (a part of) an invoice."""
    currency = payment_page(number, viewer=current_user).currency
    invoice = request.form.get("invoice", "")

    def apply() -> dict[str, str]:
        part = typed_money("amount", currency)
        return {"payment": apply_payment(number, invoice, part, actor=current_user).number}

    attempt = try_once(apply)
    if attempt.refusal:
        return _page(number, as_typed(attempt.refusal, subject="amount"), asked="application"), attempt.status
    return go_to(url_for("payments.show", number=number), said=f"A part of {number} now settles {invoice}.")


@bp.post("/<number>/reversal")
@requires(reverse_payment)
def create_reversal(number: str) -> Answer:
    """Take the payment back: what it paid is open again."""
    payment_page(number, viewer=current_user)
    reason = request.form.get("reason", "")
    attempt = try_once(lambda: {"payment": reverse_payment(number, reason=reason, actor=current_user).number})
    if attempt.refusal:
        return _page(number, as_typed(attempt.refusal, subject="reason"), asked="reversal"), attempt.status
    return go_to(url_for("payments.show", number=number), said=f"{number} is reversed; what it paid is open again.")


def _page(number: str, form: Typed, asked: str = "") -> str:
    payment = payment_page(number, viewer=current_user)
    return render_template(
        "payments/show.html",
        payment=payment,
        form=form,
        asked=asked,
        open_invoices=open_invoices(payment.customer) if payment.unapplied else (),
        history=history_of("payment", payment.id, payment.currency),
    )

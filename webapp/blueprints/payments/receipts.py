"""A receipt: what a customer paid, over the oldest due invoices unless changed, and what stays on account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.payments import bp
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.formats import amount as written
from webapp.models import Invoice
from webapp.pages.payments.debtors import debtors
from webapp.pages.payments.effects import effects_of
from webapp.pages.payments.page import active_methods
from webapp.pages.payments.receipts import ReceiptPage, receipt_page
from webapp.queries.company import today
from webapp.services.payments.receiving import record_receipt
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import try_once
from webapp.web.forms.typed import Typed, amount_in_field, as_typed, money_or_problem, typed_day, typed_money
from webapp.web.htmx import go_to, piece_or_page

FIELDS = {"payment_reference": "payment_reference", "surplus": "keep_on_account"}


@bp.get("/new")
@requires(Permission.PAYMENTS_RECORD)
def new() -> str:
    """Whose money it is, then how much, and what it pays."""
    code = request.args.get("customer", "").strip()
    if code:
        return _form(code, Typed(), proposing="amount" in request.args)
    text = request.args.get("q", "").strip()
    return render_template("payments/customers.html", text=text, debtors=debtors(text, viewer=current_user))


@bp.post("")
@requires(record_receipt)
def create() -> Response | str | tuple[str, int]:
    """Record the receipt; ``act`` propose only fills in the proposal for the amount typed."""
    code = request.form.get("customer", "")
    if request.form.get("act") == "propose":
        return _form(code, as_typed(), proposing=True)
    page = receipt_page(code, viewer=current_user)
    attempt = try_once(lambda: _record(page))
    if attempt.refusal:
        return _form(code, as_typed(attempt.refusal, subject="amount", fields=FIELDS)), attempt.status
    number = attempt.data["payment"]
    return go_to(url_for("payments.show", number=number), said=f"{number} is recorded.")


@bp.post("/effects")
@requires(Permission.PAYMENTS_RECORD)
def show_effects() -> str:
    """What the receipt typed so far would do; nothing is saved."""
    page = receipt_page(request.form.get("customer", ""), viewer=current_user)
    context = _figures(page, as_typed())
    return render_template("payments/_effects.html", **context) + render_template(
        "payments/_receipt_totals.html", page=page, oob=True, **context
    )


def _record(page: ReceiptPage) -> dict[str, Any]:
    customer = page.customer
    payment = record_receipt(
        customer.code,
        typed_money("amount", customer.currency),
        request.form.get("payment_method", ""),
        request.form.get("payment_reference", ""),
        payment_date=typed_day("payment_date"),
        allocations=[(invoice.number, part) for invoice, part in _typed_parts(page) if part],
        keep_on_account="keep_on_account" in request.form,
        actor=current_user,
    )
    return {"payment": payment.number}


# -- what stands in the form -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """An open invoice in the form: what is typed beside it, and what that would leave open."""

    invoice: Invoice
    field: str
    typed: str
    left: Decimal


def field_of(invoice: Invoice) -> str:
    """The name of the field for an invoice's part."""
    return f"apply_{invoice.id}"


def _typed_parts(page: ReceiptPage) -> Iterable[tuple[Invoice, Decimal]]:
    """What the request pays on each invoice. Raises BadInput, also for more than is open."""
    for invoice in page.open_invoices:
        field = field_of(invoice)
        if not request.form.get(field, "").strip():
            continue
        part = typed_money(field, invoice.currency)
        if part > invoice.open_amount:
            still = written(invoice.open_amount, invoice.currency)
            raise BadInput(f"{invoice.number}: {still} is open. Lower the part, or keep the rest.", field=field)
        if part < ZERO:
            raise BadInput(f"{invoice.number}: a part must not be negative.", field=field)
        yield invoice, part


def _form(code: str, form: Typed, *, proposing: bool = False) -> str:
    amount, problem = _amount(code, form)
    page = receipt_page(code, viewer=current_user, amount=amount)
    if proposing and problem:
        form = Typed(form.values or request.args.to_dict(), problem, "amount")
    elif proposing:
        form = Typed({**(form.values or request.args.to_dict()), **_proposal(page)})
    return piece_or_page(
        "payments/_receipt.html",
        "payments/receipt.html",
        page=page,
        form=form,
        methods=active_methods(),
        today=today(),
        **_figures(page, form),
    )


def _amount(code: str, form: Typed) -> tuple[Decimal | None, BadInput | None]:
    currency = receipt_page(code, viewer=current_user).customer.currency
    typed = form.value("amount", request.args.get("amount", ""))
    paid = money_or_problem(typed, currency, "amount")
    if isinstance(paid, BadInput):
        return None, paid
    if paid <= ZERO:
        return None, BadInput("The amount of a payment must be more than 0.", field="amount")
    return paid, None


def _proposal(page: ReceiptPage) -> dict[str, str]:
    currency = page.customer.currency
    return {
        field_of(invoice): amount_in_field(page.proposal.get(invoice.number) or None, currency)
        for invoice in page.open_invoices
    }


def _figures(page: ReceiptPage, form: Typed) -> dict[str, Any]:
    """The rows of the form and what they come to; fields that cannot be read count nothing and are named."""
    currency = page.customer.currency
    problems: list[str] = []

    def read(name: str) -> Decimal:
        typed = form.value(name).strip()
        found = money_or_problem(typed, currency, name) if typed else ZERO
        if isinstance(found, BadInput):
            problems.append(found.message if name == "amount" else "One of the parts is no amount.")
            return ZERO
        return found

    received = read("amount")
    parts = [(invoice, read(field_of(invoice))) for invoice in page.open_invoices]
    applied = sum((part for _, part in parts), ZERO)
    return {
        "rows": [
            Row(invoice, field_of(invoice), form.value(field_of(invoice)), invoice.open_amount - part)
            for invoice, part in parts
        ],
        "received": received,
        "applied": applied,
        "surplus": received - applied,
        "effects": effects_of(page.customer, parts, received - applied),
        "problem": problems[0] if problems else None,
        "is_proposed": bool(applied) or not page.open_invoices,
    }

"""Invoices without an order: their lines are given one by one, and given anew while it is a draft."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.invoices import bp
from webapp.blueprints.invoices.free_form import FreeForm, empty_form, form_of, given_by, read_form
from webapp.blueprints.invoices.page import draft
from webapp.domain.permissions import Permission
from webapp.models import Invoice
from webapp.pages import addresses as at
from webapp.pages.customers.search import the_customer
from webapp.pages.settings.catalogues import tax_codes
from webapp.queries.company import today
from webapp.services.invoices.without_order import prepare_free_invoice, redraft_free_invoice
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, try_once
from webapp.web.htmx import go_to, piece_or_page

MORE = "more"


@bp.get("/new")
@requires(Permission.INVOICES_WRITE)
def new() -> str:
    """An empty invoice; ``?customer=`` fills the customer in."""
    return _page(empty_form({"customer": request.args.get("customer", "")}))


@bp.post("")
@requires(prepare_free_invoice)
def create() -> Response | str | tuple[str, int]:
    """Draft the invoice and check it, or show more rows of the form."""
    if request.form.get("act") == MORE:
        return _page(read_form(request.form, more=True))
    attempt = try_once(_create)
    if attempt.refusal:
        choices = getattr(attempt.refusal, "choices", ())
        return _page(read_form(request.form, attempt.refusal), choices=choices), attempt.status
    return go_to(url_for("invoices.show_draft", invoice_id=attempt.data["id"]), said="The invoice is drafted.")


@bp.get("/drafts/<int:invoice_id>/lines")
@requires(Permission.INVOICES_WRITE)
def edit_lines(invoice_id: int) -> Response | str:
    """What the draft says, in the same form."""
    page = draft(invoice_id)
    if not page.is_free_draft:
        return redirect(at.invoice_page(page.invoice))
    return _page(form_of(page.invoice, {code.id: code.code for code in tax_codes()}), page.invoice)


@bp.post("/drafts/<int:invoice_id>/lines")
@requires(redraft_free_invoice)
def update_lines(invoice_id: int) -> Response | str | tuple[str, int]:
    """Give the draft other lines, or show more rows of the form."""
    invoice = draft(invoice_id).invoice
    if request.form.get("act") == MORE:
        return _page(read_form(request.form, more=True), invoice)
    attempt = try_once(lambda: _update(invoice))
    if attempt.refusal:
        return _page(read_form(request.form, attempt.refusal), draft(invoice_id).invoice), attempt.status
    return go_to(url_for("invoices.show_draft", invoice_id=invoice_id), said="The draft is changed.")


def _create() -> dict[str, Any]:
    customer = the_customer(request.form.get("choice") or request.form.get("customer", ""), current_user)
    return {"id": prepare_free_invoice(given_by(request.form, customer.code), actor=current_user).id}


def _update(invoice: Invoice) -> dict[str, Any]:
    given = given_by(request.form, invoice.customer.code)
    return {"id": redraft_free_invoice(invoice.id, given, version=form_version(), actor=current_user).id}


def _page(form: FreeForm, invoice: Invoice | None = None, choices: Any = ()) -> str:
    return piece_or_page(
        "invoices/_free.html",
        "invoices/free.html",
        form=form,
        invoice=invoice,
        choices=choices,
        tax_codes=[(code.code, code.name) for code in tax_codes()],
        today=today(),
    )

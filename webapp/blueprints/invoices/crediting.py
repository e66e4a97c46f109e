"""Credit notes begin on the invoice they take back from: all that is left, or quantities or amounts of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.invoices import bp
from webapp.blueprints.invoices.page import posted
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.models import Invoice
from webapp.pages.credit_notes.page import creditable_lines
from webapp.pages.invoices.page import InvoicePage
from webapp.services.credit_notes.lines import CreditLine
from webapp.services.credit_notes.notes import draft_credit_note
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import try_once
from webapp.web.forms.typed import Typed, as_typed, typed_money, typed_quantity, typed_signed_quantity
from webapp.web.htmx import go_to, piece_or_page

WHOLE, LINES = "whole", "lines"


@bp.get("/<path:number>/credit-notes/new")
@requires(Permission.INVOICES_WRITE)
def new_credit_note(number: str) -> str:
    """What of the invoice can be credited."""
    return _form(posted(number), Typed())


@bp.post("/<path:number>/credit-notes")
@requires(draft_credit_note)
def create_credit_note(number: str) -> Response | tuple[str, int]:
    """Draft the credit note; it takes effect when it is posted."""
    page = posted(number)
    attempt = try_once(lambda: _draft(page.invoice))
    if attempt.refusal:
        return _form(posted(number), as_typed(attempt.refusal)), attempt.status
    to = url_for("credit_notes.show_draft", credit_note_id=attempt.data["id"])
    return go_to(to, said="The credit note is drafted. It counts once it is posted.")


def _draft(invoice: Invoice) -> dict[str, Any]:
    credit_note = draft_credit_note(
        invoice.number,
        lines=_chosen(invoice),
        reason=request.form.get("reason", ""),
        rebill="rebill" in request.form,
        actor=current_user,
    )
    return {"id": credit_note.id}


def _chosen(invoice: Invoice) -> list[CreditLine] | None:
    """What was typed beside the lines; None for all that is left."""
    lines = list(_typed_lines(invoice))
    if request.form.get("scope") == LINES:
        if not lines:
            raise BadInput("Type a quantity or an amount beside at least one line.", field="scope")
        return lines
    if lines:
        raise BadInput("Lines are filled in, but all that is left is chosen. Choose one of them.", field="scope")
    return None


def _typed_lines(invoice: Invoice) -> Iterator[CreditLine]:
    for line in invoice.lines:
        quantity, amount = f"quantity_{line.line_number}", f"amount_{line.line_number}"
        if _is_typed(quantity) and _is_typed(amount):
            raise BadInput("Credit a quantity or an amount of a line, not both.", field=amount)
        if _is_typed(quantity):
            read = typed_quantity if line.quantity > 0 else typed_signed_quantity
            yield CreditLine(line.line_number, quantity=read(quantity))
        elif _is_typed(amount):
            yield CreditLine(line.line_number, amount=typed_money(amount, invoice.currency))


def _is_typed(name: str) -> bool:
    return bool(request.form.get(name, "").strip())


def _form(page: InvoicePage, form: Typed) -> str:
    return piece_or_page(
        "invoices/_credit.html",
        "invoices/credit.html",
        page=page,
        invoice=page.invoice,
        form=form,
        creditable=creditable_lines(page.invoice),
        scope=form.value("scope", WHOLE),
    )

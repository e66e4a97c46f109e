"""Credit notes in a list, and the drafts that a return asks for."""

from __future__ import annotations

from collections.abc import Callable

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.credit_notes import bp
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState
from webapp.pages.credit_notes.lists import CreditNoteFilter, list_credit_notes
from webapp.pages.credit_notes.to_credit import returns_to_credit
from webapp.services.credit_notes.notes import draft_credit_notes_for_return
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import run_once
from webapp.web.htmx import go_to, piece_or_page
from webapp.web.list_addresses import list_address

TABS = {"all": "All", "drafts": "Drafts", "unapplied": "Not used up"}
FILTERS: dict[str, Callable[[str], str]] = {
    "customer": lambda code: f"Customer: {code}",
    "invoice": lambda number: f"Invoice: {number}",
}
EMPTY = {
    "all": "There is no credit note. One begins on the page of the invoice it takes back from.",
    "drafts": "No draft waits to be posted.",
    "unapplied": "Every credit note has settled an invoice in full.",
}


@bp.get("")
@requires(Permission.INVOICES_READ)
def index() -> str:
    """The credit notes of one tab, the newest first."""
    tab = request.args.get("tab", "all")
    tab = tab if tab in TABS else "all"
    address = list_address("credit_notes.index", ("tab", "q", *FILTERS))
    wanted = CreditNoteFilter(
        state=InvoiceState.DRAFT if tab == "drafts" else None,
        customer=address.value("customer"),
        invoice=address.value("invoice"),
        text=address.value("q"),
        unapplied_only=tab == "unapplied",
    )
    page = list_credit_notes(wanted, viewer=current_user, cursor=request.args.get("cursor"))
    return piece_or_page(
        "credit_notes/_list.html",
        "credit_notes/index.html",
        page=page,
        tab=tab,
        tabs=TABS,
        address=address,
        chips=address.chips(FILTERS),
        older=address.with_(cursor=page.cursor) if page.cursor else None,
        first=address.with_() if "cursor" in request.args else None,
        empty=EMPTY[tab],
    )


@bp.get("/to-credit")
@requires(Permission.INVOICES_READ)
def to_credit() -> str:
    """Returns that ask for a credit note, the oldest first."""
    return render_template("credit_notes/to_credit.html", returns=returns_to_credit(viewer=current_user), tabs=TABS)


@bp.post("")
@requires(draft_credit_notes_for_return)
def create() -> Response:
    """Draft the credit notes that a return asks for, one for each invoice that billed what came back."""
    number = request.form.get("return_number", "")
    ids = run_once(lambda: {"ids": [note.id for note in draft_credit_notes_for_return(number, actor=current_user)]})[
        "ids"
    ]
    if len(ids) == 1:
        to = url_for("credit_notes.show_draft", credit_note_id=ids[0])
        return go_to(to, said=f"The credit note for {number} is drafted. It counts once it is posted.")
    return go_to(url_for("credit_notes.index", tab="drafts"), said=f"{len(ids)} credit notes are drafted for {number}.")

"""Whether a draft may become an invoice: every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from sqlalchemy import bindparam, func, select

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.documents.totals import adds_up
from webapp.domain.errors import BadInput, Refused
from webapp.domain.orders.counts import billed
from webapp.domain.states import InvoiceState
from webapp.domain.taxes.categories import TaxCategory, check_tax
from webapp.models import Invoice, InvoiceLine, PaymentTerm
from webapp.queries.invoices.snapshots import invoice_snapshot
from webapp.queries.invoices.stored_totals import totals_of
from webapp.services.papers import pdf as paper

NEEDS_TAX_ID = frozenset({TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_COMMUNITY})
"""EN 16931 BR-AE-02 and BR-IC-02: the buyer is known to the tax office."""


DRAFTED = (
    select(InvoiceLine.order_line_id, func.sum(InvoiceLine.quantity))
    .join(Invoice, InvoiceLine.invoice_id == Invoice.id)
    .where(
        InvoiceLine.order_line_id.in_(bindparam("line_ids", expanding=True)),
        Invoice.state.in_([InvoiceState.DRAFT, InvoiceState.VALIDATED]),
    )
    .group_by(InvoiceLine.order_line_id)
)

Check = Callable[[Invoice], Iterator[str]]


def problems(invoice: Invoice) -> list[str]:
    """Sentences of what keeps the invoice from being posted; empty when all is well."""
    return _found(invoice, ALL)


def refuse_problems(invoice: Invoice) -> None:
    """Raise Refused with every problem of the invoice."""
    _refuse(invoice, problems(invoice))


def refuse_problems_in_the_books(invoice: Invoice) -> None:
    """Raise Refused with every problem but that of printing, which posting meets by itself."""
    _refuse(invoice, _found(invoice, IN_THE_BOOKS))


def _found(invoice: Invoice, checks: tuple[Check, ...]) -> list[str]:
    return [problem for check in checks for problem in check(invoice)]


def _refuse(invoice: Invoice, found: list[str]) -> None:
    if found:
        raise Refused(f"{invoice.label} is not in order. {' '.join(found)}", {"problems": found})


def _customer(invoice: Invoice) -> Iterator[str]:
    address = invoice.billing_address
    if not address.get("name"):
        yield "The billing address has no name."
    if not (address.get("street") or address.get("city")):
        yield "The billing address has neither street nor city."
    if not address.get("country"):
        yield "The billing address has no country."


def _lines(invoice: Invoice) -> Iterator[str]:
    if not invoice.lines:
        yield "It has no lines."


def _totals(invoice: Invoice) -> Iterator[str]:
    yield from adds_up(totals_of(invoice))


def _tax(invoice: Invoice) -> Iterator[str]:
    for tax in invoice.taxes:
        try:
            category = TaxCategory(tax.category)
            check_tax(category, tax.percent, tax.exemption_reason)
        except ValueError:
            yield f"There is no tax category {tax.category}."
        except BadInput as problem:
            yield problem.message
        else:
            if category in NEEDS_TAX_ID and not invoice.customer.tax_id:
                yield f"{category.label} needs the customer's tax number."


def _terms(invoice: Invoice) -> Iterator[str]:
    if db.session.get(PaymentTerm, invoice.payment_terms_code) is None:
        yield f"There are no payment terms {invoice.payment_terms_code}."


def _billed_once(invoice: Invoice) -> Iterator[str]:
    order_lines = {line.order_line for line in invoice.lines if line.order_line is not None}
    drafted = _drafted({line.id for line in order_lines})
    for line in sorted(order_lines, key=lambda line: (line.order_id, line.line_number)):
        counts = line.counts
        if counts.drafted != drafted.get(line.id, ZERO):
            yield f"Line {line.line_number} of the order counts other drafts than there are."
        if billed(counts) + counts.drafted > counts.shipped - counts.returned_unbilled:
            yield f"Line {line.line_number} of the order would be billed for more than was delivered."


def _drafted(order_line_ids: set[int]) -> dict[int, Decimal]:
    """What drafts hold of each order line."""
    if not order_line_ids:
        return {}
    rows = db.session.execute(DRAFTED, {"line_ids": order_line_ids})
    return {line_id: quantity for line_id, quantity in rows if line_id is not None}


def _printable(invoice: Invoice) -> Iterator[str]:
    try:
        paper.check_printable(invoice_snapshot(invoice))
    except paper.Unprintable as problem:
        yield problem.message


IN_THE_BOOKS: tuple[Check, ...] = (_customer, _lines, _totals, _tax, _terms, _billed_once)
ALL: tuple[Check, ...] = (*IN_THE_BOOKS, _printable)
"""In the order in which the sentences read."""

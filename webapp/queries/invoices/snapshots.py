"""What an invoice or credit note says, as plain data: frozen when it is posted, computed for a draft.

Amounts, prices and quantities are text in plain digits, dates are ISO dates, so that JSON keeps them exactly. Screen,
print, PDF and API show a posted document from here and not from tables that may change later.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from webapp.db import db
from webapp.domain.errors import Refused
from webapp.domain.money import plain
from webapp.domain.numbers import tidy
from webapp.models import (
    Company,
    CreditNote,
    CreditNoteLine,
    CreditNoteTax,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Order,
    PaymentTerm,
)

Snapshot = dict[str, Any]


def snapshot_of(document: Invoice | CreditNote) -> Snapshot:
    """The frozen snapshot of a posted document, or what a draft would say now."""
    if document.snapshot is not None:
        return document.snapshot
    return invoice_snapshot(document) if isinstance(document, Invoice) else credit_note_snapshot(document)


def invoice_snapshot(invoice: Invoice) -> Snapshot:
    """What the invoice says now."""
    terms = db.session.get(PaymentTerm, invoice.payment_terms_code)
    return _head("invoice", invoice) | {
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
        "terms": {"code": invoice.payment_terms_code, "text": terms.name if terms else ""},
        "order_discount_percent": _number(invoice.order_discount_percent),
        "order_discount_amount": plain(invoice.order_discount_amount, invoice.currency),
        "lines": [_invoice_line(line, invoice.currency) for line in invoice.lines],
    }


def credit_note_snapshot(credit_note: CreditNote) -> Snapshot:
    """What the credit note says now."""
    invoice = credit_note.invoice
    return _head("credit_note", credit_note) | {
        "invoice_number": invoice.number,
        "invoice_date": invoice.issue_date.isoformat() if invoice.issue_date else None,
        "reason": credit_note.reason,
        "lines": [
            _line(line, credit_note.currency) | {"invoice_line": line.invoice_line.line_number}
            for line in credit_note.lines
        ],
    }


def _head(kind: str, document: Invoice | CreditNote) -> Snapshot:
    company = db.session.get(Company, 1)
    if company is None:
        raise Refused("The company has not been set up yet.")
    customer = document.customer
    return {
        "kind": kind,
        "number": document.number if document.is_numbered else None,
        "language": customer.language,
        "locale": company.locale,
        "paper": company.paper,
        "currency": document.currency,
        "prices_include_tax": document.prices_include_tax,
        "issue_date": document.issue_date.isoformat() if document.issue_date else None,
        "delivery_date": document.delivery_date.isoformat() if document.delivery_date else None,
        "seller": {
            field: getattr(company, field)
            for field in (
                "name", "street", "postal_code", "city", "region", "country", "tax_id", "email", "phone",
                "bank_details", "invoice_footer",
            )
        },
        "buyer": {field: getattr(customer, field) for field in ("code", "name", "contact", "tax_id", "email")},
        "billing_address": dict(document.billing_address),
        "shipping_address": dict(document.shipping_address),
        "orders": [
            {"number": order.number, "customer_reference": order.customer_reference} for order in _orders_of(document)
        ],
        "taxes": [_tax(tax, document.currency) for tax in _by_rate(document.taxes)],
        "net_total": plain(document.net_total, document.currency),
        "tax_total": plain(document.tax_total, document.currency),
        "rounding_amount": plain(document.rounding_amount, document.currency),
        "total": plain(document.total, document.currency),
    }  # fmt: skip


def _orders_of(document: Invoice | CreditNote) -> list[Order]:
    if document.order is None:
        return []
    return [document.order]


def _invoice_line(line: InvoiceLine, currency: str) -> Snapshot:
    return _line(line, currency) | {
        "order_line": line.order_line.line_number if line.order_line else None,
        "adjustments": list(line.adjustments),
    }


def _line(line: InvoiceLine | CreditNoteLine, currency: str) -> Snapshot:
    return {
        "line_number": line.line_number,
        "is_charge": line.is_charge,
        "sku": line.sku,
        "description": line.description,
        "quantity": _number(line.quantity),
        "unit": line.unit,
        "price_base": _number(line.price_base),
        "unit_price": _number(line.unit_price),
        "discount_percent": _number(line.discount_percent),
        "subtotal": plain(line.subtotal, currency),
        "discount_amount": plain(line.discount_amount, currency),
        "order_discount_share": plain(line.order_discount_share, currency),
        "line_charges": plain(line.line_charges, currency),
        "net_amount": plain(line.net_amount, currency),
        "tax_category": line.tax_category,
        "tax_percent": _number(line.tax_percent),
        "tax_parts": line.tax_parts,
        "tax_amount": plain(line.tax_amount, currency),
        "total": plain(line.total, currency),
    }


def _by_rate(taxes: Iterable[InvoiceTax] | Iterable[CreditNoteTax]) -> list[InvoiceTax | CreditNoteTax]:
    return sorted(taxes, key=lambda tax: (-tax.percent, tax.category, tax.name))


def _tax(tax: InvoiceTax | CreditNoteTax, currency: str) -> Snapshot:
    return {
        "category": tax.category,
        "name": tax.name,
        "percent": _number(tax.percent),
        "net_amount": plain(tax.net_amount, currency),
        "tax_amount": plain(tax.tax_amount, currency),
        "exemption_reason": tax.exemption_reason,
    }


def _number(value: Decimal) -> str:
    return f"{tidy(value):f}"

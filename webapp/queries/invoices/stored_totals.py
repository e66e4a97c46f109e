"""The stored amounts of an invoice, as the check that they add up takes them."""

from __future__ import annotations

from webapp.domain.constants import ZERO
from webapp.domain.documents.amounts import ChargeAmounts, DocumentTotals, LineAmounts, TaxTotal
from webapp.domain.taxes.parts import restored
from webapp.models import CreditNoteLine, Invoice, InvoiceLine


def totals_of(invoice: Invoice) -> DocumentTotals:
    """Every stored amount of the invoice; nothing is computed but the sums that have no column.

    The invoice's total is what is owed; net and tax together are that less its cash rounding.
    """
    lines = tuple(amounts_of(line) for line in invoice.lines if not line.is_charge)
    charges = tuple(_charge(line) for line in invoice.lines if line.is_charge)
    return DocumentTotals(
        lines=lines,
        charges=charges,
        taxes=tuple(
            TaxTotal(tax.category, tax.percent, tax.net_amount, tax.tax_amount, tax.name) for tax in invoice.taxes
        ),
        subtotal=sum((line.subtotal for line in lines), ZERO),
        line_discount_total=sum((line.discount_amount for line in lines), ZERO),
        order_discount_amount=invoice.order_discount_amount,
        charges_total=sum((line.unit_price for line in invoice.lines if line.is_charge), ZERO),
        net_total=invoice.net_total,
        tax_total=invoice.tax_total,
        total=invoice.total - invoice.rounding_amount,
        payable=invoice.total,
        rounding=invoice.rounding_amount,
        currency=invoice.currency,
        tax_rounding=invoice.tax_rounding,
        prices_include_tax=invoice.prices_include_tax,
    )


def amounts_of(line: InvoiceLine | CreditNoteLine) -> LineAmounts:
    """The stored amounts of one line."""
    return LineAmounts(
        line_number=line.line_number,
        subtotal=line.subtotal,
        discount_amount=line.discount_amount,
        order_discount_share=line.order_discount_share,
        line_charges=line.line_charges,
        net_amount=line.net_amount,
        tax_amount=line.tax_amount,
        total=line.total,
        tax_category=line.tax_category,
        tax_percent=line.tax_percent,
        tax_parts=restored(line.tax_parts),
    )


def _charge(line: InvoiceLine) -> ChargeAmounts:
    return ChargeAmounts(
        line.net_amount, line.tax_amount, line.total, line.tax_category, line.tax_percent, restored(line.tax_parts)
    )

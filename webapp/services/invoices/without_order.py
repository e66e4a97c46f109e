"""Invoices without an order: services, fees, corrections. Checked, posted, paid and credited as every other invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ZERO
from webapp.domain.documents.amounts import ChargeAmounts, DocumentTotals, LineAmounts
from webapp.domain.documents.cash import check_agreed, rounded_for_cash, with_rounding
from webapp.domain.documents.totals import DocumentCharge, DocumentLine, document_totals
from webapp.domain.errors import BadInput, IllegalMove, Refused, StaleVersion
from webapp.domain.importing.fields import refuse_all
from webapp.domain.money import plain
from webapp.domain.numbers import parse_date
from webapp.domain.permissions import Permission
from webapp.domain.states import CustomerStatus, InvoiceState
from webapp.domain.taxes.parts import stored
from webapp.models import AddressKind, Customer, Invoice, InvoiceLine, TaxCode, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import cash_unit, the_company, today
from webapp.services.invoices.checks import problems
from webapp.services.invoices.drafts import validate_invoice
from webapp.services.invoices.lines import write_totals
from webapp.services.invoices.without_order_lines import (
    Adjustment,
    FreeCharge,
    FreeInvoice,
    FreeLine,
    read,
    tax_codes_named,
)
from webapp.services.taxes.on_lines import LineTax, taxes_for

__all__ = [
    "Adjustment",
    "FreeCharge",
    "FreeInvoice",
    "FreeLine",
    "draft_free_invoice",
    "prepare_free_invoice",
    "redraft_free_invoice",
]


@dataclass(frozen=True, slots=True)
class _Taxed:
    """What is billed, with the tax that each of its codes means for the customer on the day."""

    given: FreeInvoice
    taxes: Mapping[str, LineTax]


# -- commands ----------------------------------------------------------------------------------------------------------


@command(Permission.INVOICES_WRITE)
def draft_free_invoice(given: FreeInvoice, *, actor: User) -> Invoice:
    """Draft an invoice that bills no order; what it says is given line by line.

    Raises Forbidden, NotFound for the customer, BadInput with every wrong field, Refused for a closed customer and when
    it would come to less than 0.
    """
    customer = locks.lock_customer_by_code(given.customer, actor=actor)
    if customer.status is CustomerStatus.CLOSED:
        raise Refused(f"Customer {customer.name} is closed and gets no new document.")
    invoice = _begin(customer, actor)
    with db.session.no_autoflush:
        _fill(invoice, given)
    db.session.add(invoice)
    db.session.flush()
    locks.hold(invoice)
    audit.record(Action.INVOICE_DRAFTED, invoice, customer, actor=actor, after=_facts(invoice))
    return invoice


@command(Permission.INVOICES_WRITE)
def prepare_free_invoice(given: FreeInvoice, *, actor: User) -> Invoice:
    """Draft an invoice and check it in the same act; one with problems stays a draft. Raises as the draft does."""
    invoice = draft_free_invoice(given, actor=actor)
    _check(invoice, actor)
    audit.record(Action.INVOICE_DRAFTED, invoice, invoice.customer, actor=actor, after=_facts(invoice))
    return invoice


@command(Permission.INVOICES_WRITE)
def redraft_free_invoice(invoice_id: int, given: FreeInvoice, *, version: int | None = None, actor: User) -> Invoice:
    """Give a draft other content and check it again; its customer stays.

    Raises as ``draft_free_invoice`` does, IllegalMove for an invoice that is posted or bills an order, StaleVersion.
    """
    invoice, orders = locks.lock_invoice_with_orders(invoice_id, actor=actor)
    invoice.must_be(InvoiceState.DRAFT, InvoiceState.VALIDATED)
    if orders:
        raise IllegalMove(f"{invoice.label} bills {orders[0].number}. Change that order, or void the draft.")
    if version is not None and invoice.version != version:
        raise StaleVersion(f"{invoice.label} was changed by somebody else meanwhile.")
    if given.customer != invoice.customer.code:
        raise BadInput("The customer of a draft stays. Void it and draft another.", field="customer")
    if invoice.state is InvoiceState.VALIDATED:
        invoice.move_to(InvoiceState.DRAFT)
        invoice.validated_at = None
    before = _facts(invoice)
    invoice.lines.clear()
    invoice.taxes.clear()
    db.session.flush()
    with db.session.no_autoflush:
        _fill(invoice, given)
    invoice.bump()
    _check(invoice, actor)
    audit.record(Action.INVOICE_DRAFTED, invoice, invoice.customer, actor=actor, before=before, after=_facts(invoice))
    return invoice


def _check(invoice: Invoice, actor: User) -> None:
    if not problems(invoice):
        validate_invoice(invoice.id, actor=actor)


def _facts(invoice: Invoice) -> dict[str, object]:
    return {"total": invoice.total, "lines": [[line.description, line.quantity] for line in invoice.lines]}


# -- what goes on it ---------------------------------------------------------------------------------------------------


def _begin(customer: Customer, actor: User) -> Invoice:
    billing, shipping = customer.address(AddressKind.BILLING), customer.address(AddressKind.SHIPPING)
    address = billing.as_dict() if billing else {"name": customer.name}
    invoice = Invoice(
        customer=customer,
        currency=customer.currency,
        payment_terms_code=customer.payment_terms_code,
        tax_rounding=the_company().tax_rounding,
        billing_address=address,
        shipping_address=shipping.as_dict() if shipping else address,
        order_discount_percent=ZERO,
        order_discount_amount=ZERO,
        created_by=actor,
        created_at=clock.now(),
    )
    invoice.begin(InvoiceState.DRAFT)
    return invoice


def _fill(invoice: Invoice, given: FreeInvoice) -> None:
    """Give the invoice its lines, charges, taxes and totals."""
    clean = read(given, invoice.currency)
    invoice.delivery_date = _delivery_date(clean.delivery_date)
    billed = _Taxed(clean, _taxes(clean, invoice.customer, invoice.delivery_date))
    totals = _rounded(invoice, _totals(invoice, billed), clean.rounding)
    if totals.payable < 0:
        raise Refused(
            f"The invoice would come to {plain(totals.payable, invoice.currency)}. What is given back is credited on"
            " the invoice that billed it."
        )
    _write_lines(invoice, billed, totals)
    write_totals(invoice, totals, [tax.code for tax in billed.taxes.values()])


def _delivery_date(day: date | None) -> date:
    present = today()
    chosen = present if day is None else parse_date(day, field="delivery_date")
    if chosen > present:
        raise BadInput(f"Delivery date {chosen.isoformat()} is in the future.", field="delivery_date")
    return chosen


def _taxes(given: FreeInvoice, customer: Customer, day: date) -> dict[str, LineTax]:
    """By the code that was named, the tax that the customer's class makes of it. Raises BadInput for unknown ones."""
    named = dict(tax_codes_named(given))
    wanted = set(named.values())
    ids = dict(db.session.execute(select(TaxCode.code, TaxCode.id).where(TaxCode.code.in_(wanted))).all())
    refuse_all({path: f"There is no tax code {code}." for path, code in named.items() if code not in ids})
    delivery = customer.address(AddressKind.SHIPPING)
    taxes = taxes_for(customer.tax_class, delivery.country if delivery else "", ids.values(), on=day)
    return {code: taxes[id_] for code, id_ in ids.items()}


def _totals(invoice: Invoice, billed: _Taxed) -> DocumentTotals:
    return document_totals(
        [_document_line(number, line, billed) for number, line in enumerate(billed.given.lines, 1)],
        [
            DocumentCharge(one.description, _exact(one.amount), tax.category, tax.percent, tax_parts=tax.parts)
            for one, tax in ((one, billed.taxes[one.tax_code]) for one in billed.given.charges)
        ],
        currency=invoice.currency,
        tax_rounding=invoice.tax_rounding,
    )


def _document_line(number: int, line: FreeLine, billed: _Taxed) -> DocumentLine:
    tax = billed.taxes[line.tax_code]
    return DocumentLine(
        line_number=number,
        sku=line.sku,
        quantity=_exact(line.quantity),
        unit_price=_exact(line.unit_price),
        discount_percent=_exact(line.discount_percent),
        tax_category=tax.category,
        tax_percent=tax.percent,
        price_base=_exact(line.price_base),
        charges=sum((_exact(one.amount) for one in line.adjustments), ZERO),
        tax_parts=tax.parts,
    )


def _rounded(invoice: Invoice, totals: DocumentTotals, agreed: Any) -> DocumentTotals:
    """The totals with the rounding that was agreed, or else to the coin of the currency."""
    if agreed is None:
        invoice.rounding_unit = cash_unit(invoice.currency)
        return rounded_for_cash(totals, invoice.rounding_unit)
    check_agreed(agreed, invoice.currency)
    invoice.rounding_unit = None
    return with_rounding(totals, agreed)


def _write_lines(invoice: Invoice, billed: _Taxed, totals: DocumentTotals) -> None:
    given = billed.given
    for line, amounts in zip(given.lines, totals.lines, strict=True):
        invoice.lines.append(_line(line, billed.taxes[line.tax_code], amounts))
    for place, (charge, charged) in enumerate(zip(given.charges, totals.charges, strict=True), len(given.lines) + 1):
        invoice.lines.append(_charge(place, charge, billed.taxes[charge.tax_code], charged))


def _line(line: FreeLine, tax: LineTax, amounts: LineAmounts) -> InvoiceLine:
    return InvoiceLine(
        line_number=amounts.line_number,
        sku=line.sku,
        description=line.description,
        quantity=_exact(line.quantity),
        unit=line.unit,
        price_base=_exact(line.price_base),
        unit_price=_exact(line.unit_price),
        discount_percent=_exact(line.discount_percent),
        subtotal=amounts.subtotal,
        discount_amount=amounts.discount_amount,
        order_discount_share=ZERO,
        line_charges=amounts.line_charges,
        adjustments=[{"reason": one.reason, "amount": f"{_exact(one.amount):f}"} for one in line.adjustments],
        net_amount=amounts.net_amount,
        tax_code_id=tax.code.id,
        tax_category=tax.category,
        tax_percent=tax.percent,
        tax_parts=stored(amounts.tax_parts),
        tax_amount=amounts.tax_amount,
        total=amounts.total,
    )


def _charge(place: int, charge: FreeCharge, tax: LineTax, amounts: ChargeAmounts) -> InvoiceLine:
    return InvoiceLine(
        line_number=place,
        is_charge=True,
        description=charge.description,
        quantity=Decimal(1),
        unit_price=_exact(charge.amount),
        subtotal=amounts.net_amount,
        net_amount=amounts.net_amount,
        tax_code_id=tax.code.id,
        tax_category=tax.category,
        tax_percent=tax.percent,
        tax_parts=stored(amounts.tax_parts),
        tax_amount=amounts.tax_amount,
        total=amounts.total,
    )


def _exact(number: Any) -> Decimal:
    """A number that ``read`` has made a Decimal."""
    if not isinstance(number, Decimal):
        raise TypeError(f"an exact number is needed, not {number!r}")
    return number

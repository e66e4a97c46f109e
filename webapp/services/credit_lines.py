"""The lines of a credit note: what is left of an invoice's lines, and what a quantity or an amount of them is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.billing import credit_share
from webapp.domain.cash import credited_in_all
from webapp.domain.document_tax import rounded_tax
from webapp.domain.errors import BadInput, Refused
from webapp.domain.money import plain
from webapp.domain.numbers import Number, parse_money, parse_quantity, parse_signed_quantity, tidy
from webapp.models import CreditNote, CreditNoteLine, CreditNoteTax, Invoice, InvoiceLine
from webapp.queries.credited import Credited, GivenBack
from webapp.services.settlement import check_positive

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What to credit of one invoice line: a quantity (base units), or a net amount off its price, not both."""

    line_number: int
    quantity: Number | None = None
    amount: Number | None = None


def all_that_is_left(invoice: Invoice, before: Mapping[int, Credited]) -> list[CreditLine]:
    """Every quantity that is not credited yet."""
    rests = [
        CreditLine(line.line_number, quantity=line.quantity - before.get(line.id, Credited()).quantity)
        for line in invoice.lines
    ]
    return [rest for rest in rests if rest.quantity]


def lines_for(invoice: Invoice, before: Mapping[int, Credited], wanted: Sequence[CreditLine]) -> list[CreditNoteLine]:
    if not wanted:
        raise Refused(f"{invoice.label} has nothing left to credit.")
    if len({one.line_number for one in wanted}) != len(wanted):
        raise BadInput("Each line of the invoice can be named once.", field="lines")
    by_number = {line.line_number: line for line in invoice.lines}
    written = []
    for place, one in enumerate(wanted, 1):
        line = by_number.get(one.line_number)
        if line is None:
            raise BadInput(f"{invoice.label} has no line {one.line_number}.", field="line_number")
        done = before.get(line.id, Credited())
        credit = _off_the_price if one.amount is not None else _by_quantity
        written.append(credit(line, done, one, invoice.currency, place))
    return written


def _by_quantity(line: InvoiceLine, done: Credited, wanted: CreditLine, currency: str, place: int) -> CreditNoteLine:
    """A quantity at the price invoiced, less what was taken off that price before; the last takes the rest.

    A line that took something back has a negative quantity, and is credited by one.
    """
    parse = parse_quantity if line.quantity > 0 else parse_signed_quantity
    quantity = parse(wanted.quantity if wanted.quantity is not None else "", field="quantity")
    left = line.quantity - done.quantity
    if not min(left, ZERO) <= quantity <= max(left, ZERO):
        raise Refused(
            f"Line {line.line_number}: {tidy(left):f} {line.unit} can be credited, not {tidy(quantity):f}.",
            {"line_number": line.line_number, "to_credit": f"{tidy(left):f}"},
        )

    def share(amount: Decimal, before: Decimal) -> Decimal:
        return credit_share(
            amount,
            quantity_so_far=done.quantity + quantity,
            invoiced_quantity=line.quantity,
            credited_before=before,
            currency=currency,
        )

    subtotal = share(line.subtotal, done.subtotal)
    order_discount_share = share(line.order_discount_share, done.order_discount_share)
    line_charges = share(line.line_charges, done.line_charges)
    net = share(line.net_amount - done.price_net, done.net)
    return _line(
        line,
        place,
        quantity=quantity,
        price_base=line.price_base,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        subtotal=subtotal,
        order_discount_share=order_discount_share,
        line_charges=line_charges,
        discount_amount=subtotal - order_discount_share + line_charges - net,
        net=net,
        tax=share(line.tax_amount - done.price_tax, done.tax),
        counts_quantity=True,
    )


def _off_the_price(line: InvoiceLine, done: Credited, wanted: CreditLine, currency: str, place: int) -> CreditNoteLine:
    """A net amount off the line's price: no goods are given back, no count changes."""
    if wanted.quantity is not None:
        raise BadInput("Credit a quantity or an amount of a line, not both.", field="amount")
    net = parse_money(wanted.amount if wanted.amount is not None else "", currency, field="amount")
    check_positive(net, "The amount to credit")
    left, left_of_tax = line.net_amount - done.net - done.price_net, line.tax_amount - done.tax - done.price_tax
    if net > left:
        shown = plain(max(left, ZERO), currency)
        raise Refused(
            f"Line {line.line_number}: {shown} can be credited, not {plain(net, currency)}.",
            {"line_number": line.line_number, "to_credit": shown},
        )
    tax = left_of_tax if net == left else min(rounded_tax(net, line.tax_percent, currency, included=False), left_of_tax)
    return _line(
        line,
        place,
        quantity=ONE,
        price_base=ONE,
        unit_price=net,
        discount_percent=ZERO,
        subtotal=net,
        order_discount_share=ZERO,
        line_charges=ZERO,
        discount_amount=ZERO,
        net=net,
        tax=tax,
        counts_quantity=False,
    )


def _line(line: InvoiceLine, place: int, *, net: Decimal, tax: Decimal, **amounts: Decimal | bool) -> CreditNoteLine:
    return CreditNoteLine(
        line_number=place,
        invoice_line=line,
        sku=line.sku,
        description=line.description,
        unit=line.unit,
        tax_code_id=line.tax_code_id,
        tax_category=line.tax_category,
        tax_percent=line.tax_percent,
        net_amount=net,
        tax_amount=tax,
        total=net + tax,
        **amounts,
    )


def write_totals(credit_note: CreditNote, invoice: Invoice, before: GivenBack) -> None:
    """Sum the lines by category and rate; the taxes are shares of the invoice's, not computed anew.

    ``before`` is what other credit notes of the invoice come to: together they are rounded for cash.
    """
    reasons = {(tax.category, tax.percent): tax.exemption_reason for tax in invoice.taxes}
    sums: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = {}
    for line in credit_note.lines:
        rate = (line.tax_category, line.tax_percent)
        net, tax = sums.get(rate, (ZERO, ZERO))
        sums[rate] = (net + line.net_amount, tax + line.tax_amount)
    credit_note.taxes = [
        CreditNoteTax(
            category=rate[0], percent=rate[1], net_amount=net, tax_amount=tax, exemption_reason=reasons.get(rate, "")
        )
        for rate, (net, tax) in sums.items()
    ]
    credit_note.net_total = sum((net for net, _ in sums.values()), ZERO)
    credit_note.tax_total = sum((tax for _, tax in sums.values()), ZERO)
    _round_for_cash(credit_note, invoice, before)
    check_positive(credit_note.total, "What a credit note comes to")


def _round_for_cash(credit_note: CreditNote, invoice: Invoice, before: GivenBack) -> None:
    net_and_tax = credit_note.net_total + credit_note.tax_total
    so_far = before.net_and_tax + net_and_tax
    is_all = so_far == invoice.net_total + invoice.tax_total
    in_all = credited_in_all(invoice.total, so_far, invoice.rounding_unit, is_all=is_all)
    credit_note.rounding_unit = invoice.rounding_unit
    credit_note.total = in_all - before.total
    credit_note.rounding_amount = credit_note.total - net_and_tax

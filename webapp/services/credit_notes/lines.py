"""The lines of a credit note: what is left of an invoice's lines, and what a quantity or an amount of them is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.constants import ONE, ZERO
from webapp.domain.documents.cash import credited_in_all
from webapp.domain.documents.tax import exact_part, parts_of, rounded, tax_totals
from webapp.domain.errors import BadInput, Refused
from webapp.domain.invoices.shares import credit_share
from webapp.domain.money import plain
from webapp.domain.numbers import Number, parse_money, parse_quantity, parse_signed_quantity, tidy
from webapp.domain.taxes.parts import PartAmount, kept_parts, stored
from webapp.models import CreditNote, CreditNoteLine, CreditNoteTax, Invoice, InvoiceLine
from webapp.queries.credit_notes.credited import Credited, GivenBack
from webapp.queries.invoices.stored_totals import amounts_of
from webapp.services.payments.settlement import check_positive


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
    parts = [share(part.amount - off, taken) for part, taken, off in _taxes_of(line, done)]
    tax = sum(parts, ZERO)
    if line.invoice.prices_include_tax:  # the gross is shared, and the net is what is left of it
        entered = share(line.total - done.price_net - done.price_tax, done.net + done.tax)
        net = entered - tax
    else:
        entered = net = share(line.net_amount - done.price_net, done.net)
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
        discount_amount=subtotal - order_discount_share + line_charges - entered,
        net=net,
        parts=parts,
        counts_quantity=True,
    )


def _taxes_of(line: InvoiceLine, done: Credited) -> list[tuple[PartAmount, Decimal, Decimal]]:
    """Each tax on the line, with what is credited of it by quantity, and off the price."""
    parts = parts_of(amounts_of(line))
    if not line.tax_parts:
        return [(parts[0], done.tax, done.price_tax)]
    none = (ZERO,) * len(parts)
    return list(zip(parts, done.parts or none, done.price_parts or none, strict=True))


def _off_the_price(line: InvoiceLine, done: Credited, wanted: CreditLine, currency: str, place: int) -> CreditNoteLine:
    """A net amount off the line's price: no goods are given back, no count changes."""
    if wanted.quantity is not None:
        raise BadInput("Credit a quantity or an amount of a line, not both.", field="amount")
    net = parse_money(wanted.amount if wanted.amount is not None else "", currency, field="amount")
    check_positive(net, "The amount to credit")
    left = line.net_amount - done.net - done.price_net
    if net > left:
        shown = plain(max(left, ZERO), currency)
        raise Refused(
            f"Line {line.line_number}: {shown} can be credited, not {plain(net, currency)}.",
            {"line_number": line.line_number, "to_credit": shown},
        )
    parts = _taxes_off(line, done, net, currency, all_of_it=net == left)
    entered = net + sum(parts, ZERO) if line.invoice.prices_include_tax else net
    return _line(
        line,
        place,
        quantity=ONE,
        price_base=ONE,
        unit_price=entered,
        discount_percent=ZERO,
        subtotal=entered,
        order_discount_share=ZERO,
        line_charges=ZERO,
        discount_amount=ZERO,
        net=net,
        parts=parts,
        counts_quantity=False,
    )


def _taxes_off(line: InvoiceLine, done: Credited, net: Decimal, currency: str, *, all_of_it: bool) -> list[Decimal]:
    """Each tax on ``net`` off the price, at most what is left of it; the whole rest takes what is left."""
    taxes = _taxes_of(line, done)
    rates = tuple(part.part for part, _, _ in taxes)
    taken: list[Decimal] = []
    for place, (part, by_quantity, off) in enumerate(taxes):
        left = part.amount - by_quantity - off
        exact = exact_part(net, rates, place, sum(taken, ZERO), included=False)
        taken.append(left if all_of_it else min(rounded(exact, currency), left))
    return taken


def _line(
    line: InvoiceLine, place: int, *, net: Decimal, parts: Sequence[Decimal], **amounts: Decimal | bool
) -> CreditNoteLine:
    tax = sum(parts, ZERO)
    return CreditNoteLine(
        line_number=place,
        invoice_line=line,
        sku=line.sku,
        description=line.description,
        unit=line.unit,
        tax_code_id=line.tax_code_id,
        tax_category=line.tax_category,
        tax_percent=line.tax_percent,
        tax_parts=stored(list(map(PartAmount, kept_parts(line.tax_parts), parts))),
        net_amount=net,
        tax_amount=tax,
        total=net + tax,
        **amounts,
    )


def write_totals(credit_note: CreditNote, invoice: Invoice, before: GivenBack) -> None:
    """Sum the lines by category, rate and name; the taxes are shares of the invoice's, not computed anew.

    ``before`` is what other credit notes of the invoice come to: together they are rounded for cash.
    """
    reasons = {(tax.category, tax.percent): tax.exemption_reason for tax in invoice.taxes}
    credit_note.taxes = [
        CreditNoteTax(
            category=tax.category,
            percent=tax.percent,
            name=tax.name,
            net_amount=tax.net_amount,
            tax_amount=tax.tax_amount,
            exemption_reason=reasons.get((tax.category, tax.percent), ""),
        )
        for tax in tax_totals(amounts_of(line) for line in credit_note.lines)
    ]
    credit_note.net_total = sum((line.net_amount for line in credit_note.lines), ZERO)
    credit_note.tax_total = sum((line.tax_amount for line in credit_note.lines), ZERO)
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

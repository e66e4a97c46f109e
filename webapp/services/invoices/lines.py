"""Filling a draft: the lines, charges, taxes and totals of an invoice over certain deliveries of an order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select

from webapp.db import db
from webapp.domain.constants import HUNDRED, ZERO
from webapp.domain.documents.cash import rounded_for_cash
from webapp.domain.documents.totals import DocumentCharge, DocumentLine, DocumentTotals, document_totals
from webapp.domain.errors import Refused
from webapp.domain.invoices.shares import bill_share
from webapp.domain.money import WIDE
from webapp.domain.orders.counts import billed, to_bill, to_ship, wanted
from webapp.domain.states import InvoiceState
from webapp.domain.taxes.parts import TaxPart, stored
from webapp.models import (
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Order,
    OrderCharge,
    OrderLine,
    TaxCode,
)
from webapp.services.company import cash_unit, today
from webapp.services.invoices.deliveries import Delivery
from webapp.services.taxes.on_lines import codes_with_rates


@dataclass(frozen=True, slots=True)
class _Goods:
    """What one invoice line bills: a quantity of an order line at one tax rate, and the taxes it is made of."""

    line: OrderLine
    tax_percent: Decimal
    tax_parts: tuple[TaxPart, ...]
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class _Fixed:
    """What this invoice takes of a charge of the order."""

    charge: OrderCharge
    tax_percent: Decimal
    tax_parts: tuple[TaxPart, ...]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """What an invoice over certain deliveries comes to."""

    delivery_date: date
    goods: Sequence[_Goods]
    fixed: Sequence[_Fixed]
    totals: DocumentTotals


def fill_invoice(invoice: Invoice, order: Order, deliveries: Sequence[Delivery]) -> None:
    """Give the invoice its lines, charges, taxes and totals, and count them as drafted on the order."""
    codes, unit = codes_with_rates(tax_codes_of(order)), cash_unit(order.currency)
    discount = discounts_billed([order.id])[order.id] if has_fixed_discount(order) else ZERO
    bill = bill_over(order, deliveries, codes, rounding_unit=unit, discount_billed=discount)
    invoice.delivery_date, invoice.rounding_unit = bill.delivery_date, unit
    _write_lines(invoice, bill.goods, bill.fixed, bill.totals)
    invoice.order_discount_percent = order.order_discount_percent
    invoice.order_discount_amount = bill.totals.order_discount_amount
    write_totals(invoice, bill.totals, codes.values())
    for part in bill.goods:
        part.line.drafted_qty += part.quantity
    for taken in bill.fixed:
        taken.charge.drafted_amount += taken.amount


def tax_codes_of(order: Order) -> list[int]:
    """The ids of the tax codes that its lines and charges carry."""
    return [line.tax_code_id for line in order.lines] + [charge.tax_code_id for charge in order.charges]


def has_fixed_discount(order: Order) -> bool:
    """Whether the order's discount was agreed as an amount, which is billed cumulatively."""
    return bool(order.order_discount_amount and not order.order_discount_percent)


def bill_over(
    order: Order,
    deliveries: Sequence[Delivery],
    codes: Mapping[int, TaxCode],
    *,
    rounding_unit: Decimal | None,
    discount_billed: Decimal,
) -> Bill:
    """What an invoice over ``deliveries`` comes to; ``codes`` are those of the order, by id, with their rates.

    ``discount_billed`` is what invoices took of a discount agreed as an amount. Writes nothing. Raises Refused when
    nothing is left to bill or the invoice would be below zero.
    """
    day = max(one.shipped_on for one in deliveries) if deliveries else today()
    goods = _goods(deliveries, codes)
    share = _share_of_order(order, goods)
    fixed = _fixed_charges(order, codes, day, share)
    if not goods and not fixed:
        raise Refused(f"{order.label} has nothing left to bill.")
    discount = share(order.order_discount_amount, discount_billed) if has_fixed_discount(order) else None
    totals = rounded_for_cash(_totals(order, goods, fixed, discount), rounding_unit)
    if totals.total < 0:
        raise Refused(f"The invoice would come to {totals.total:f}: bill it together with other lines.")
    return Bill(day, goods, fixed, totals)


def _goods(deliveries: Sequence[Delivery], codes: Mapping[int, TaxCode]) -> list[_Goods]:
    """Deliveries of one order line at one tax rate together, at the rate of the day they left."""
    quantities: dict[tuple[int, Decimal, tuple[TaxPart, ...]], Decimal] = defaultdict(lambda: ZERO)
    lines = {one.line.line_number: one.line for one in deliveries}
    for one in deliveries:
        code = codes[one.line.tax_code_id]
        rate = code.rate_on(one.shipped_on), code.parts_on(one.shipped_on)
        quantities[one.line.line_number, *rate] += one.quantity
    by_line_and_rate = sorted(quantities.items(), key=lambda item: item[0][:2])
    return [_Goods(lines[number], percent, parts, quantity) for (number, percent, parts), quantity in by_line_and_rate]


Share = Callable[[Decimal, Decimal], Decimal]


def _share_of_order(order: Order, goods: Sequence[_Goods]) -> Share:
    """How much of a fixed amount of the order this invoice bills, given what was billed of it before."""
    now: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for part in goods:
        now[part.line.id] += part.quantity
    order_net = net_so_far = ZERO
    last = True
    for line in order.lines:
        counts, billing = line.counts, now[line.id]
        order_net += _worth(line, wanted(counts) - counts.returned_unbilled)
        net_so_far += _worth(line, billed(counts) + counts.drafted + billing)
        last = last and not to_ship(counts) and to_bill(counts) == billing

    def share(amount: Decimal, billed_before: Decimal) -> Decimal:
        return bill_share(
            amount,
            net_so_far=net_so_far,
            order_net=order_net,
            billed_before=billed_before,
            currency=order.currency,
            last=last,
        )

    return share


def _worth(line: OrderLine, quantity: Decimal) -> Decimal:
    """The unrounded net of a quantity, before the order discount."""
    price = WIDE.divide(WIDE.multiply(line.unit_price, HUNDRED - line.discount_percent), HUNDRED)
    return WIDE.divide(WIDE.multiply(price, quantity), line.price_base)


def _fixed_charges(order: Order, codes: Mapping[int, TaxCode], day: date, share: Share) -> list[_Fixed]:
    parts = (
        _Fixed(
            charge,
            codes[charge.tax_code_id].rate_on(day),
            codes[charge.tax_code_id].parts_on(day),
            share(charge.amount, charge.invoiced_amount + charge.drafted_amount),
        )
        for charge in order.charges
    )
    return [part for part in parts if part.amount]


def _totals(
    order: Order, goods: Sequence[_Goods], fixed: Sequence[_Fixed], discount_amount: Decimal | None
) -> DocumentTotals:
    """The invoice's own totals, with its part of an order discount that was agreed as an amount."""
    return document_totals(
        [
            DocumentLine(
                line_number=number,
                sku=part.line.variant.sku,
                quantity=part.quantity,
                unit_price=part.line.unit_price,
                discount_percent=part.line.discount_percent,
                tax_category=part.line.tax_category,
                tax_percent=part.tax_percent,
                price_base=part.line.price_base,
                tax_parts=part.tax_parts,
            )
            for number, part in enumerate(goods, 1)
        ],
        [
            DocumentCharge(
                part.charge.description,
                part.amount,
                part.charge.tax_category,
                part.tax_percent,
                tax_parts=part.tax_parts,
            )
            for part in fixed
        ],
        currency=order.currency,
        order_discount_percent=order.order_discount_percent,
        order_discount_amount=discount_amount,
        tax_rounding=order.tax_rounding,
        prices_include_tax=order.prices_include_tax,
    )


def discounts_billed(order_ids: Sequence[int]) -> dict[int, Decimal]:
    """By order id what invoices took of the order's discount, less what was credited to be billed again."""
    found: dict[int | None, Decimal] = defaultdict(lambda: ZERO)
    taken = (
        select(Invoice.order_id, func.sum(Invoice.order_discount_amount))
        .where(Invoice.order_id.in_(order_ids), Invoice.state != InvoiceState.VOID)
        .group_by(Invoice.order_id)
    )
    given_back = (
        select(CreditNote.order_id, -func.sum(CreditNoteLine.order_discount_share))
        .join(CreditNote, CreditNoteLine.credit_note_id == CreditNote.id)
        .where(CreditNote.order_id.in_(order_ids), CreditNote.rebill, CreditNote.state == InvoiceState.APPROVED)
        .group_by(CreditNote.order_id)
    )
    for statement in (taken, given_back):
        for order_id, amount in db.session.execute(statement):
            found[order_id] += amount
    return {order_id: found[order_id] for order_id in order_ids}


def _write_lines(invoice: Invoice, goods: Sequence[_Goods], fixed: Sequence[_Fixed], totals: DocumentTotals) -> None:
    for part, amounts in zip(goods, totals.lines, strict=True):
        line = part.line
        invoice.lines.append(
            InvoiceLine(
                line_number=amounts.line_number,
                order_line=line,
                sku=line.variant.sku,
                description=line.item_name,
                quantity=part.quantity,
                unit=line.unit,
                price_base=line.price_base,
                unit_price=line.unit_price,
                discount_percent=line.discount_percent,
                subtotal=amounts.subtotal,
                discount_amount=amounts.discount_amount,
                order_discount_share=amounts.order_discount_share,
                net_amount=amounts.net_amount,
                tax_code_id=line.tax_code_id,
                tax_category=line.tax_category,
                tax_percent=part.tax_percent,
                tax_parts=stored(amounts.tax_parts),
                tax_amount=amounts.tax_amount,
                total=amounts.total,
            )
        )
    for place, (taken, charged) in enumerate(zip(fixed, totals.charges, strict=True), len(goods) + 1):
        charge = taken.charge
        invoice.lines.append(
            InvoiceLine(
                line_number=place,
                order_charge=charge,
                is_charge=True,
                description=charge.description,
                quantity=Decimal(1),
                unit_price=taken.amount,
                subtotal=taken.amount,
                net_amount=charged.net_amount,
                tax_code_id=charge.tax_code_id,
                tax_category=charge.tax_category,
                tax_percent=taken.tax_percent,
                tax_parts=stored(charged.tax_parts),
                tax_amount=charged.tax_amount,
                total=charged.total,
            )
        )


def write_totals(invoice: Invoice, totals: DocumentTotals, codes: Iterable[TaxCode]) -> None:
    """Give the invoice its taxes, why some are not charged, and its sums; ``codes`` are those of its lines."""
    reasons = list(codes)
    invoice.taxes.extend(
        InvoiceTax(
            category=tax.category,
            percent=tax.percent,
            name=tax.name,
            net_amount=tax.net_amount,
            tax_amount=tax.tax_amount,
            exemption_reason=_exemption_reason(reasons, tax.category),
        )
        for tax in totals.taxes
    )
    invoice.net_total, invoice.tax_total = totals.net_total, totals.tax_total
    invoice.rounding_amount, invoice.total = totals.rounding, totals.payable


def _exemption_reason(codes: Iterable[TaxCode], category: str) -> str:
    """Why nothing is charged in a tax category, by the codes used."""
    reasons = {code.exemption_reasons.get(category, "") for code in codes} - {""}
    return " ".join(sorted(reasons))


def give_back(invoice: Invoice) -> None:
    """Count what the draft was to bill as not drafted."""
    for line in invoice.lines:
        if line.order_line is not None:
            line.order_line.drafted_qty -= line.quantity
        if line.order_charge is not None:
            line.order_charge.drafted_amount -= line.entered_amount

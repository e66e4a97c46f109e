"""What a payment would do, in sentences, before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.constants import ZERO
from webapp.formats import amount, money
from webapp.models import Customer, Invoice
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import standing_of


@dataclass(frozen=True, slots=True)
class Effect:
    """One sentence, its telling words apart; ``is_refused`` when the payment would not be taken."""

    before: str
    strong: str
    after: str = "."
    is_refused: bool = False


def effects_of(customer: Customer, parts: Sequence[tuple[Invoice, Decimal]], surplus: Decimal = ZERO) -> list[Effect]:
    """What happens to each invoice, to what is left over, and to the customer's exposure."""
    effects = [_on_invoice(invoice, part) for invoice, part in parts if part]
    if surplus > ZERO:
        effects.append(Effect("", amount(surplus, customer.currency), " stays on account for the next invoice."))
    paid = sum((part for _, part in parts), ZERO) + surplus
    if paid > ZERO and not any(effect.is_refused for effect in effects):
        left = standing_of(customer, today()).exposure.total - paid
        effects.append(Effect(f"The exposure of {customer.name} falls to ", amount(left, customer.currency)))
    return effects


def _on_invoice(invoice: Invoice, part: Decimal) -> Effect:
    left = invoice.open_amount - part
    if part < ZERO:
        return Effect("", "An amount must be more than 0", is_refused=True)
    if left < ZERO:
        more = f" would get {money(-left, invoice.currency)} more than is open; that is refused."
        return Effect("", invoice.number, more, is_refused=True)
    if left:
        return Effect(f"{invoice.number} becomes ", "Part paid", f", {money(left, invoice.currency)} open.")
    return Effect(f"{invoice.number} becomes ", "Paid")

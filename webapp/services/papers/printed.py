"""How a document reads on paper: every figure, date and address as text in the document's own number format.

Made from a snapshot alone, so that the print view, the PDF and the page of a posted document can never differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from webapp.domain.money import decimals_of
from webapp.domain.taxes.categories import TaxCategory

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it says."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line of goods; ``net`` is before the order discount, and gross where prices include tax. ``notes`` tell the
    line's own charges and allowances."""

    number: str
    description: str
    sku: str
    quantity: str
    unit: str
    price: str
    discount: str
    tax: str
    net: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintedTax:
    """One category and rate; of several taxes on a line each has its name."""

    label: str
    net: str
    tax: str
    reason: str


@dataclass(frozen=True, slots=True)
class PrintedDocument:
    """An invoice or credit note as it is printed."""

    title: str
    number: str
    language: str
    paper: str
    issue_date: str
    sender: str
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    delivered_to: tuple[str, ...]
    facts: tuple[Fact, ...]
    currency: str
    amount_word: str
    tax_word: str
    lines: tuple[PrintedLine, ...]
    taxes: tuple[PrintedTax, ...]
    sums: tuple[Fact, ...]
    terms: str
    due: str
    note: str
    footer: str
    bank_details: str
    contact: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes figures and dates in one number format (CLDR locale)."""

    locale: str

    def money(self, amount: str | Decimal, currency: str) -> str:
        """An amount with its currency's decimals, grouped."""
        decimals = decimals_of(currency)
        return self._decimal(amount, "#,##0" + ("." + "0" * decimals if decimals else ""))

    def price(self, price: str | Decimal) -> str:
        """A price: at least two decimals, as many as it has."""
        return self._decimal(price, "#,##0.00####")

    def number(self, number: str | Decimal) -> str:
        """A quantity or percentage without idle zeros."""
        return self._decimal(number, "#,##0.######")

    def percent(self, percent: str | Decimal) -> str:
        """A percentage with its sign."""
        return f"{self.number(percent)}{SPACE}%"

    def day(self, iso: str | None) -> str:
        """A date in words; a draft has none."""
        return format_date(date.fromisoformat(iso), "d MMMM y", locale=self.locale) if iso else ""

    def country(self, code: str) -> str:
        """A country's name."""
        name: str = Locale.parse(self.locale).territories.get(code, code)
        return name

    def _decimal(self, value: str | Decimal, pattern: str) -> str:
        text: str = format_decimal(Decimal(value), pattern, locale=self.locale, decimal_quantization=False)
        return text.replace("-", MINUS)


TITLES = {"invoice": "Invoice", "credit_note": "Credit note"}


def printed(snapshot: Mapping[str, Any]) -> PrintedDocument:
    """The document of a snapshot, ready to print."""
    write = Writer(snapshot["locale"])
    seller = snapshot["seller"]
    billing, shipping = snapshot["billing_address"], snapshot["shipping_address"]
    due = write.day(snapshot.get("due_date"))
    return PrintedDocument(
        title=TITLES[snapshot["kind"]],
        number=snapshot["number"] or "",
        language=snapshot["language"],
        paper=snapshot["paper"],
        issue_date=snapshot["issue_date"] or "",
        sender=" · ".join(_filled(seller["name"], seller["street"], _place(seller))),
        seller=tuple(_filled(seller["name"], seller["street"], _place(seller), write.country(seller["country"]))),
        buyer=address_lines(billing, seller["country"], write),
        delivered_to=() if shipping == billing else address_lines(shipping, seller["country"], write),
        facts=tuple(_facts(snapshot, write)),
        currency=snapshot["currency"],
        amount_word="Gross" if _is_gross(snapshot) else "Net",
        tax_word=_tax_word(snapshot),
        lines=tuple(
            _line(line, snapshot["currency"], write, gross=_is_gross(snapshot))
            for line in snapshot["lines"]
            if not line["is_charge"]
        ),
        taxes=tuple(_tax(tax, snapshot["currency"], write) for tax in snapshot["taxes"]),
        sums=tuple(_sums(snapshot, write)),
        terms=snapshot.get("terms", {}).get("text", ""),
        due=f"Due on {due}" if due else "",
        note=snapshot.get("reason", ""),
        footer=seller["invoice_footer"],
        bank_details=seller["bank_details"],
        contact=tuple(_filled(_vat(seller["tax_id"]), seller["phone"], seller["email"])),
    )


def _is_gross(snapshot: Mapping[str, Any]) -> bool:
    """Whether prices include tax; snapshots from before there were such prices do not say."""
    return bool(snapshot.get("prices_include_tax"))


def _tax_word(snapshot: Mapping[str, Any]) -> str:
    """What the sum of the taxes is called: VAT, unless they have names of their own."""
    return "Tax" if any(tax.get("name") for tax in snapshot["taxes"]) else "VAT"


def address_lines(address: Mapping[str, Any], home: str, write: Writer) -> tuple[str, ...]:
    """An address line by line; the country only when it is not ``home``."""
    country = address.get("country") or ""
    abroad = write.country(country) if country and country != home else ""
    return tuple(_filled(address.get("name"), address.get("street"), _place(address), address.get("region"), abroad))


def _place(address: Mapping[str, Any]) -> str:
    return " ".join(_filled(address.get("postal_code"), address.get("city")))


def _filled(*texts: str | None) -> list[str]:
    return [text for text in texts if text]


def _vat(tax_id: str) -> str:
    return f"VAT {tax_id}" if tax_id else ""


def _facts(snapshot: Mapping[str, Any], write: Writer) -> Iterable[Fact]:
    title = TITLES[snapshot["kind"]]
    yield Fact(f"{title} number", snapshot["number"] or "Draft", strong=True)
    told = [
        (f"{title} date", write.day(snapshot["issue_date"])),
        ("Delivered", write.day(snapshot["delivery_date"])),
        ("For invoice", snapshot.get("invoice_number") or ""),
        ("Dated", write.day(snapshot.get("invoice_date"))),
        *(("Your order", order["customer_reference"]) for order in snapshot["orders"]),
        *(("Our order", order["number"]) for order in snapshot["orders"]),
        ("Customer", snapshot["buyer"]["code"]),
        ("Your VAT number", snapshot["buyer"]["tax_id"]),
        ("Prices", "include tax" if _is_gross(snapshot) else ""),
    ]
    yield from (Fact(label, value) for label, value in told if value)


def _line(line: Mapping[str, Any], currency: str, write: Writer, *, gross: bool) -> PrintedLine:
    base = line["price_base"]
    amount = line["total"] if gross else line["net_amount"]
    price = write.price(line["unit_price"])
    return PrintedLine(
        number=str(line["line_number"]),
        description=line["description"],
        sku=line["sku"],
        quantity=write.number(line["quantity"]),
        unit=line["unit"],
        price=price if base == "1" else f"{price} / {write.number(base)}",
        discount="" if line["discount_percent"] == "0" else write.percent(line["discount_percent"]),
        tax=write.percent(line["tax_percent"]),
        net=write.money(Decimal(amount) + Decimal(line["order_discount_share"]), currency),
        notes=tuple(f"{one['reason']} {write.money(one['amount'], currency)}" for one in line.get("adjustments", ())),
    )


def _tax(tax: Mapping[str, Any], currency: str, write: Writer) -> PrintedTax:
    standard = tax["category"] == TaxCategory.STANDARD
    rate = " ".join(_filled(tax.get("name"), write.percent(tax["percent"])))
    return PrintedTax(
        label=rate if standard else f"{rate} {_category(tax['category'])}",
        net=write.money(tax["net_amount"], currency),
        tax=write.money(tax["tax_amount"], currency),
        reason=tax["exemption_reason"],
    )


def _category(code: str) -> str:
    """The category inside a sentence: "export outside the EU"."""
    known = {category.value: category.label for category in TaxCategory}
    label = known.get(code, code)
    return label[:1].lower() + label[1:]


def _sums(snapshot: Mapping[str, Any], write: Writer) -> Iterable[Fact]:
    currency = snapshot["currency"]
    goods = [line for line in snapshot["lines"] if not line["is_charge"]]
    charges = [line for line in snapshot["lines"] if line["is_charge"]]
    discount = sum((Decimal(line["order_discount_share"]) for line in goods), Decimal(0))
    amount = "total" if _is_gross(snapshot) else "net_amount"
    goods_alone = sum((Decimal(line[amount]) for line in goods), Decimal(0))
    if goods and (charges or discount):
        yield Fact("Lines", write.money(goods_alone + discount, currency))
    if discount:
        yield Fact(_discount_label(snapshot, write), write.money(-discount, currency))
    for charge in charges:
        yield Fact(charge["description"], write.money(charge[amount], currency))
    yield Fact("Net", write.money(snapshot["net_total"], currency))
    yield Fact(_tax_word(snapshot), write.money(snapshot["tax_total"], currency))
    rounding = Decimal(snapshot.get("rounding_amount", "0"))  # older snapshots have none
    if rounding:
        yield Fact("Rounding", write.money(rounding, currency))
    yield Fact(f"Total {currency}", write.money(snapshot["total"], currency), strong=True)


def _discount_label(snapshot: Mapping[str, Any], write: Writer) -> str:
    percent = snapshot.get("order_discount_percent", "0")
    return "Discount" if percent == "0" else f"Discount {write.percent(percent)}"

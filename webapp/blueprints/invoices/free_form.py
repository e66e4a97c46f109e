"""The form of an invoice without an order: rows of lines and charges, as typed and as the service takes them.

A field's name is the path of its value (``lines.0.quantity``), so that what a service says is wrong stands beside it.
Rows that were left empty are passed over, and the rows after them move up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from webapp.domain.errors import DomainError
from webapp.domain.importing.fields import written
from webapp.domain.numbers import parse_date
from webapp.models import Invoice, InvoiceLine
from webapp.services.invoices.without_order import Adjustment, FreeCharge, FreeInvoice, FreeLine
from webapp.web.forms.typed import Typed, neutral

LINE = ("description", "quantity", "unit", "unit_price", "price_base", "discount_percent", "tax_code", "sku")
ADJUSTMENT = ("reason", "amount")
CHARGE = ("description", "amount", "tax_code")
UNTYPED = frozenset({"tax_code", "sku"})
"""What nobody types into a row."""

NUMBERS = frozenset({"quantity", "unit_price", "price_base", "discount_percent", "amount"})
BLANK_LINES, BLANK_CHARGES = 4, 1
MORE_LINES = 5
MOST_ROWS = 500

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class FreeForm:
    """What stands in the form. ``lines`` and ``charges`` are its rows, each by the names of its fields."""

    typed: Typed
    lines: list[Row]
    charges: list[Row]

    @property
    def errors(self) -> list[tuple[str | None, str]]:
        """Each wrong field with its sentence; a refusal of the whole has no field."""
        return self.typed.errors

    def error(self, path: str) -> str | None:
        """What is wrong with one field."""
        return self.typed.error(path)

    def row_error(self, path: str) -> str | None:
        """The first thing that is wrong in the row at ``path``."""
        return next((sentence for name, sentence in self.errors if name and name.startswith(f"{path}.")), None)

    def value(self, name: str, default: str = "") -> str:
        """What stands in a field of the head."""
        return self.typed.value(name, default)


def read_form(form: Mapping[str, str], refusal: DomainError | None = None, *, more: bool = False) -> FreeForm:
    """The form of a request, to be shown again, with ``more`` rows."""
    lines, charges = _rows(form, "lines", (*LINE, "reason", "amount")), _rows(form, "charges", CHARGE)
    return _padded(Typed(dict(form), refusal), lines, charges, more=more)


def empty_form(values: Mapping[str, str]) -> FreeForm:
    """The form before anything was typed; ``values`` are those of its head."""
    return _padded(Typed(values), [], [], more=False)


def form_of(invoice: Invoice, codes: Mapping[int, str]) -> FreeForm:
    """The form with what a draft says; ``codes`` are tax codes by id."""
    lines = [_line_row(line, codes) for line in invoice.lines if not line.is_charge]
    charges = [_charge_row(line, codes) for line in invoice.lines if line.is_charge]
    is_agreed = invoice.rounding_amount and invoice.rounding_unit is None
    head = {
        "customer": invoice.customer.code,
        "delivery_date": written(invoice.delivery_date),
        "rounding": neutral(written(invoice.rounding_amount)) if is_agreed else "",
    }
    return _padded(Typed(head), lines, charges, more=False)


def given_by(form: Mapping[str, str], customer: str) -> FreeInvoice:
    """What the filled rows ask for; the service checks it. Raises BadInput for the day alone."""
    return FreeInvoice(
        customer=customer,
        lines=[_line(row) for row in _rows(form, "lines", (*LINE, "reason", "amount"))],
        charges=[FreeCharge(**_sent(row, CHARGE)) for row in _rows(form, "charges", CHARGE)],
        delivery_date=_day(form.get("delivery_date", "").strip()),
        rounding=neutral(form["rounding"]) if form.get("rounding", "").strip() else None,
    )


def _day(text: str) -> date | None:
    return parse_date(text, field="delivery_date") if text else None


def _line(row: Row) -> FreeLine:
    has_adjustment = any(row[name].strip() for name in ADJUSTMENT)
    return FreeLine(**_sent(row, LINE), adjustments=[Adjustment(**_sent(row, ADJUSTMENT))] if has_adjustment else [])


def _sent(row: Row, names: Iterable[str]) -> dict[str, Any]:
    return {name: neutral(row[name]) if name in NUMBERS else row[name] for name in names}


def _rows(form: Mapping[str, str], kind: str, names: tuple[str, ...]) -> list[Row]:
    """The rows of a request in which something was typed."""
    rows = []
    for place in range(MOST_ROWS):
        if f"{kind}.{place}.description" not in form:
            break
        row = {name: form.get(_path(kind, place, name), "") for name in names}
        if any(text.strip() for name, text in row.items() if name not in UNTYPED):
            rows.append(row)
    return rows


def _path(kind: str, place: int, name: str) -> str:
    is_adjustment = kind == "lines" and name in ADJUSTMENT
    return f"{kind}.{place}.adjustments.0.{name}" if is_adjustment else f"{kind}.{place}.{name}"


def _line_row(line: InvoiceLine, codes: Mapping[int, str]) -> Row:
    row = _written(lambda name: getattr(line, name), (name for name in LINE if name != "tax_code"))
    row["tax_code"] = codes[line.tax_code_id]
    row["reason"] = ", ".join(one["reason"] for one in line.adjustments)
    row["amount"] = neutral(written(line.line_charges)) if line.adjustments else ""
    return row


def _charge_row(line: InvoiceLine, codes: Mapping[int, str]) -> Row:
    return {
        "description": line.description,
        "amount": neutral(written(line.net_amount)),
        "tax_code": codes[line.tax_code_id],
    }


def _written(value_of: Callable[[str], Any], names: Iterable[str]) -> Row:
    return {name: neutral(written(value_of(name))) if name in NUMBERS else str(value_of(name)) for name in names}


def _padded(typed: Typed, lines: list[Row], charges: list[Row], *, more: bool) -> FreeForm:
    blank_lines = max(BLANK_LINES - len(lines), 1) + (MORE_LINES if more else 0)
    return FreeForm(
        typed,
        lines + [dict.fromkeys((*LINE, *ADJUSTMENT), "") for _ in range(blank_lines)],
        charges + [dict.fromkeys(CHARGE, "") for _ in range(BLANK_CHARGES + (1 if more else 0))],
    )

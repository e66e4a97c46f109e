"""Orders of files: rows of one number are one order, entered as a draft or confirmed as of its date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from webapp.domain.errors import BadInput, Refused
from webapp.domain.importing import fields
from webapp.models import Order, OrderLine, User
from webapp.queries.orders.records import in_unit, order_called
from webapp.services.importing.documents import Rows, Take
from webapp.services.importing.past_orders import confirm_as_of_date, take_past_order
from webapp.services.importing.reading import FileRow
from webapp.services.orders.entry import OrderInput
from webapp.services.orders.lines import LineInput

ORDER_COLUMNS = (
    "order_number", "customer", "order_date", "sku", "quantity", "unit_price", "discount_percent", "unit",
)  # fmt: skip
REQUIRED = ORDER_COLUMNS[:5]
HEAD = ("customer", "order_date")
TABLE: fields.Table = {
    "order_number": fields.code,
    "customer": fields.text(40, required=True),
    "order_date": fields.day,
    "sku": fields.text(40, required=True),
    "quantity": fields.quantity,
    "unit_price": fields.optional(fields.price),
    "discount_percent": fields.optional(fields.percent, Decimal(0)),
    "unit": fields.optional(fields.text(20)),
}


def drafts(actor: User) -> Take:
    """Takes orders as drafts by their own numbers; one that is there alike already stays as it is."""
    return _taking(lambda given: take_past_order(given, actor=actor))


def as_of_dates(actor: User) -> Take:
    """Takes orders and confirms each at its own date against the credit rule."""
    return _taking(lambda given: confirm_as_of_date(given, actor=actor))


def by_number(rows: Rows) -> list[Rows]:
    """The rows of one order together."""
    groups: dict[str, list[FileRow]] = {}
    for row in rows:
        groups.setdefault(row.values.get("order_number", "").strip() or f"line {row.line}", []).append(row)
    return list(groups.values())


def by_date(rows: Rows) -> list[Rows]:
    """The same, the oldest order first; dates are written so that they sort."""
    return sorted(by_number(rows), key=lambda group: group[0].values.get("order_date", "").strip())


def _taking(enter: Callable[[OrderInput], object]) -> Take:
    def take(rows: Rows) -> bool:
        records = [fields.read_whole(TABLE, row.values) for row in rows]
        _refuse_two_heads(records)
        known = order_called(records[0]["order_number"])
        if known is not None:
            _refuse_other_content(known, records)
            return False
        enter(_input(records))
        return True

    return take


def _input(records: Sequence[Mapping[str, Any]]) -> OrderInput:
    first = records[0]
    lines = [
        LineInput(one["sku"], one["quantity"], one["unit"], one["unit_price"], one["discount_percent"])
        for one in records
    ]
    return OrderInput(first["customer"], lines, order_date=first["order_date"], order_number=first["order_number"])


def _refuse_two_heads(records: Sequence[Mapping[str, Any]]) -> None:
    for name in HEAD:
        if len({record[name] for record in records}) > 1:
            words = name.replace("_", " ")
            raise BadInput(f"The rows of order {records[0]['order_number']} differ in their {words}.", field=name)


def _refuse_other_content(order: Order, records: Sequence[Mapping[str, Any]]) -> None:
    """An order that is there already must be this very one; a price that the row leaves to the rules is not asked."""
    first = records[0]
    alike = (order.customer.code, order.order_date, len(order.lines)) == (
        first["customer"], first["order_date"], len(records),
    )  # fmt: skip
    if not (alike and all(_same_line(line, record) for line, record in zip(order.lines, records, strict=True))):
        raise Refused(f"Order {order.number} is there already, with other content.")


def _same_line(line: OrderLine, record: Mapping[str, Any]) -> bool:
    return (
        record["sku"] in (line.variant.sku, line.variant.barcode)
        and (record["unit"] or line.variant.unit) == line.unit
        and record["quantity"] == in_unit(line)
        and record["unit_price"] in (None, line.unit_price)
        and record["discount_percent"] == line.discount_percent
    )

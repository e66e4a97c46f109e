"""Northwind's rows as they are in the files, with the dates moved to the present and the quirks of the text settled."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from webapp.domain.constants import HUNDRED

FOLDER = Path(__file__).with_name("northwind")
NEWEST = date(1998, 5, 6)
"""The day of the newest order, a Wednesday."""
OLD_PRICES_UNTIL = date(1997, 4, 4)
"""The last day of the old price list: with this day the fewest lines (three) are priced away from the lists."""


COUNTRIES = {
    "Argentina": "AR", "Austria": "AT", "Belgium": "BE", "Brazil": "BR", "Canada": "CA", "Denmark": "DK",
    "Finland": "FI", "France": "FR", "Germany": "DE", "Ireland": "IE", "Italy": "IT", "Mexico": "MX", "Norway": "NO",
    "Poland": "PL", "Portugal": "PT", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "UK": "GB", "USA": "US",
    "Venezuela": "VE",
}  # fmt: skip

Row = Mapping[str, str]
Address = dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order; the discount is in percent."""

    product: str
    unit_price: Decimal
    quantity: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """One order; ``shipped`` is None for the 21 that are still open."""

    number: int
    customer: str
    employee: str
    ordered: date
    required: date
    shipped: date | None
    carrier: str
    freight: Decimal
    ship_to: Address
    lines: tuple[Line, ...]

    @property
    def net(self) -> Decimal:
        """The goods, unrounded, without freight."""
        return sum(
            (line.unit_price * line.quantity * (HUNDRED - line.discount) / HUNDRED for line in self.lines), Decimal(0)
        )


def shift_to(today: date) -> timedelta:
    """By how many whole weeks the dates move, so that the newest order is of the last seven days up to ``today``."""
    newest = today - timedelta(days=(today.weekday() - NEWEST.weekday()) % 7)
    return newest - NEWEST


@dataclass(frozen=True)
class Northwind:
    """Everything that the demo takes from the files, its dates moved by ``shift``."""

    shift: timedelta

    @cached_property
    def customers(self) -> list[Row]:
        return _rows("customers")

    @cached_property
    def products(self) -> list[Row]:
        return _rows("products")

    @cached_property
    def employees(self) -> list[Row]:
        return _rows("employees")

    @cached_property
    def categories(self) -> dict[str, Row]:
        """Categories by their id."""
        return {row["CategoryID"]: row for row in _rows("categories")}

    @cached_property
    def orders(self) -> list[Order]:
        """All orders, the oldest first."""
        lines = _lines_by_order()
        carriers = {row["ShipperID"]: row["CompanyName"] for row in _rows("shippers")}
        return [self._order(row, carriers, lines[row["OrderID"]]) for row in _rows("orders")]

    @property
    def newest(self) -> date:
        """The day of the newest order."""
        return NEWEST + self.shift

    @property
    def old_prices_until(self) -> date:
        """The last day of the old price list."""
        return OLD_PRICES_UNTIL + self.shift

    def old_prices(self) -> dict[str, Decimal]:
        """By product the price that most lines of the old list's time carry, where it is not today's."""
        present = {row["ProductID"]: Decimal(row["UnitPrice"]) for row in self.products}
        seen: dict[str, dict[Decimal, int]] = defaultdict(lambda: defaultdict(int))
        for order in self.orders:
            for line in order.lines:
                if order.ordered <= self.old_prices_until and line.unit_price != present[line.product]:
                    seen[line.product][line.unit_price] += 1
        return {product: max(prices, key=lambda price: prices[price]) for product, prices in seen.items()}

    def shipped_quantities(self) -> dict[str, Decimal]:
        """By product what left the warehouse in all."""
        shipped: dict[str, Decimal] = defaultdict(Decimal)
        for order in self.orders:
            if order.shipped:
                for line in order.lines:
                    shipped[line.product] += line.quantity
        return shipped

    def _order(self, row: Row, carriers: Mapping[str, str], lines: tuple[Line, ...]) -> Order:
        return Order(
            number=int(row["OrderID"]),
            customer=row["CustomerID"],
            employee=row["EmployeeID"],
            ordered=self._day(row["OrderDate"]),
            required=self._day(row["RequiredDate"]),
            shipped=self._day(row["ShippedDate"]) if row["ShippedDate"] else None,
            carrier=carriers[row["ShipVia"]],
            freight=Decimal(row["Freight"]),
            ship_to=address(row, "Ship", row["ShipName"]),
            lines=lines,
        )

    def _day(self, text: str) -> date:
        return date.fromisoformat(text) + self.shift


def sku(product: str) -> str:
    """The demo's SKU of a product: 4711 is Queso Cabrales, product 11."""
    return str(4700 + int(product))


def address(row: Row, prefix: str, name: str) -> Address:
    """An address of a row, as orders and customers keep it."""
    return {
        "name": one_line(name),
        "street": one_line(row[f"{prefix}Address"]),
        "postal_code": row[f"{prefix}PostalCode"].strip(),
        "city": one_line(row[f"{prefix}City"]),
        "region": one_line(row[f"{prefix}Region"]),
        "country": COUNTRIES[row[f"{prefix}Country"]],
    }


def one_line(text: str) -> str:
    """Text without line breaks and doubled spaces."""
    return " ".join(text.split())


def _lines_by_order() -> dict[str, tuple[Line, ...]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for row in _rows("order_details"):
        found[row["OrderID"]].append(
            Line(
                product=row["ProductID"],
                unit_price=Decimal(row["UnitPrice"]),
                quantity=Decimal(row["Quantity"]),
                discount=Decimal(row["Discount"]) * HUNDRED,
            )
        )
    return {number: tuple(lines) for number, lines in found.items()}


def _rows(name: str) -> list[Row]:
    return list(_read(FOLDER / f"{name}.csv"))


def _read(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)

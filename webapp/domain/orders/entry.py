"""Reading what is typed or pasted into the line entry of an order.

One field: search text, then in any order a quantity (``x12``, ``12x``, ``×12``, with a unit behind it: ``x2 case``), a
discount (``-5%``) and a price (``@9.50``). The first word always belongs to the search, so that an item called x12 can
be found; a word that is no number behind its mark belongs to the search as well (``x-large``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.errors import BadInput
from webapp.domain.numbers import parse_percent, parse_price, parse_quantity
from webapp.domain.text import clean

MOST_ROWS = 5000
LONGEST_ENTRY = 200

_DIGITS = r"[0-9]*[.,]?[0-9]+(?:[.,][0-9]+)*"
_LOOSE_PERCENT = re.compile(r"(?<=[0-9]) +%")
_LOOSE_MARK = re.compile(r"(?<= )([xX×*@]) +(?=[0-9])")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it was typed; None where nothing was. ``row`` counts pasted rows from 1."""

    search: str
    quantity: Decimal | None = None
    unit: str | None = None
    discount_percent: Decimal | None = None
    unit_price: Decimal | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class RowError:
    """A pasted row that could not be read, with the reason in a sentence."""

    row: int
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class PastedRows:
    """What was read of pasted rows, and what could not be."""

    entries: tuple[Entry, ...]
    errors: tuple[RowError, ...]


# -- one line ---------------------------------------------------------------------------------------------------------


def parse_entry(text: str, *, decimal_comma: bool = False) -> Entry:
    """Read one typed line. Raises BadInput with a sentence for numbers and words that cannot be understood."""
    typed = clean(text, field="entry", max_length=LONGEST_ENTRY, required=True)
    words = _LOOSE_MARK.sub(r"\1", _LOOSE_PERCENT.sub("%", typed)).split()
    first_mark = next((place for place, word in enumerate(words) if place and _marked(word)), len(words))
    return _read_marks(" ".join(words[:first_mark]), words[first_mark:], decimal_comma)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A kind of word behind the search text: how it is written, what it is called, and who reads its number."""

    name: str
    label: str
    pattern: re.Pattern[str]
    parse: Callable[..., Decimal]

    def read(self, text: str, decimal_comma: bool) -> Decimal:
        return self.parse(text, field=self.label, decimal_comma=decimal_comma)


_QUANTITY = _Mark(
    "quantity", "quantity", re.compile(rf"[xX×*]([+\-\u2212]?{_DIGITS})|({_DIGITS})[xX×]"), parse_quantity
)
_DISCOUNT = _Mark("discount_percent", "discount", re.compile(rf"[-\u2212]({_DIGITS})%"), parse_percent)
_PRICE = _Mark("unit_price", "price", re.compile(rf"@([+\-\u2212]?{_DIGITS})"), parse_price)


def _marked(word: str) -> tuple[_Mark, str] | None:
    """The mark a word carries and the number behind it."""
    for mark in (_QUANTITY, _DISCOUNT, _PRICE):
        found = mark.pattern.fullmatch(word)
        if found:
            return mark, next(group for group in found.groups() if group)
    return None


def _read_marks(search: str, words: Sequence[str], decimal_comma: bool) -> Entry:
    """Read the words after the search text; each mark at most once, a unit only right behind the quantity."""
    numbers: dict[str, Decimal] = {}
    unit: str | None = None
    previous: _Mark | None = None
    for word in words:
        marked = _marked(word)
        if marked is None:
            if previous is not _QUANTITY or unit is not None:
                raise BadInput(f"“{word}” is not understood: write x12, -5% or @9.50 after the item.", field="entry")
            unit = word
            continue
        previous, number = marked
        if previous.name in numbers:
            raise BadInput(f"There is more than one {previous.label}: “{word}” is one too many.", field="entry")
        numbers[previous.name] = previous.read(number, decimal_comma)
    return Entry(search, numbers.get("quantity"), unit, numbers.get("discount_percent"), numbers.get("unit_price"))


# -- pasted rows ------------------------------------------------------------------------------------------------------

MOST_CELLS = 4  # SKU, quantity, price, discount


def parse_rows(text: str, *, decimal_comma: bool = False) -> PastedRows:
    """Read rows pasted from a spreadsheet: SKU, quantity, optional price, optional discount (``5`` or ``5%``).

    Cells are separated by tabs or semicolons; empty rows are skipped and so is a first row without any digit (a
    header). Rows that cannot be read come back with their reason. Raises BadInput for more than 5,000.
    """
    lines = [(row, line) for row, line in enumerate(text.splitlines(), 1) if line.strip(" \t;")]
    if len(lines) > MOST_ROWS:
        raise BadInput(f"At most {MOST_ROWS} rows can be pasted at once; these are {len(lines)}.", field="rows")
    if lines and not any(character.isdigit() for character in lines[0][1]):
        lines = lines[1:]
    entries, errors = [], []
    for row, line in lines:
        try:
            entries.append(_read_row(row, _cells(line), decimal_comma))
        except BadInput as refusal:
            errors.append(RowError(row, line, refusal.message))
    return PastedRows(tuple(entries), tuple(errors))


def _cells(line: str) -> list[str]:
    separator = "\t" if "\t" in line else ";"
    cells = [_unquoted(cell.strip()) for cell in line.split(separator)]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _unquoted(cell: str) -> str:
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"').strip() if is_quoted else cell


def _read_row(row: int, cells: Sequence[str], decimal_comma: bool) -> Entry:
    if len(cells) > MOST_CELLS:
        raise BadInput("A row has SKU, quantity, price and discount, no more.")
    sku, quantity, price, discount = [*cells, *[""] * (MOST_CELLS - len(cells))]
    return Entry(
        search=clean(sku, field="SKU", max_length=LONGEST_ENTRY, required=True),
        quantity=_QUANTITY.read(quantity, decimal_comma),
        discount_percent=_DISCOUNT.read(_bare_percent(discount), decimal_comma) if discount else None,
        unit_price=_PRICE.read(price, decimal_comma) if price else None,
        row=row,
    )


def _bare_percent(cell: str) -> str:
    return cell.removesuffix("%").strip().lstrip("-\u2212")

"""The kinds of values in requests and answers, and the models that every resource shares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema

from webapp.domain import numbers
from webapp.domain.importing import fields
from webapp.domain.money import decimals_of, plain, round_half_up
from webapp.domain.numbers import tidy
from webapp.domain.permissions import Permission
from webapp.domain.taxes.parts import restored
from webapp.models import User
from webapp.web import json as wire

NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
LARGEST = 10**12


class Input(BaseModel):
    """A request. Fields that are not named are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Output(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


# --- in --------------------------------------------------------------------------------------------------------------


def _number_schema(**bounds: Any) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "number", **bounds}, {"type": "string", "pattern": NUMBER}]})


def text_of(max_length: int, *, required: bool = False, multiline: bool = False) -> BeforeValidator:
    """The field is text of at most so many characters."""
    return wire.parsed_by(partial(wire.text, max_length=max_length, required=required, multiline=multiline))


def text_schema(max_length: int, *, required: bool = False) -> WithJsonSchema:
    """How the document says so."""
    return WithJsonSchema({"type": "string", "maxLength": max_length, **({"minLength": 1} if required else {})})


def _reference(value: Any, *, field: str) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return wire.text(value, field=field, max_length=100, required=True)


Amount = Annotated[Decimal, wire.number_by(numbers.parse_between, minimum=-LARGEST, maximum=LARGEST), _number_schema()]
"""Money in the document's currency, of any sign; its decimals are checked where the currency is known."""

UnitPrice = Annotated[Decimal, wire.number_by(numbers.parse_price), _number_schema(minimum=0)]
Quantity = Annotated[Decimal, wire.number_by(numbers.parse_quantity), _number_schema(exclusiveMinimum=0)]
QuantityOrNone = Annotated[Decimal, wire.number_by(numbers.parse_price), _number_schema(minimum=0)]
SignedQuantity = Annotated[Decimal, wire.number_by(numbers.parse_signed_quantity), _number_schema()]
Percent = Annotated[Decimal, wire.number_by(numbers.parse_percent), _number_schema(minimum=0, maximum=100)]
Change = Annotated[
    Decimal,
    wire.number_by(numbers.parse_between, minimum=-100, maximum=1000),
    _number_schema(minimum=-100, maximum=1000),
]
Day = Annotated[date, wire.parsed_by(numbers.parse_date), WithJsonSchema({"type": "string", "format": "date"})]
Flag = Annotated[bool, Strict()]
LineNumber = Annotated[int, Strict(), Field(ge=1, le=2**31 - 1)]
Version = Annotated[int, Strict(), Field(ge=1, le=2**31 - 1)]

Word = Annotated[str, text_of(100), text_schema(100)]
Code = Annotated[str, text_of(100, required=True), text_schema(100, required=True)]
Sentence = Annotated[str, text_of(500), text_schema(500)]
Reason = Annotated[str, text_of(500, required=True), text_schema(500, required=True)]
Text = Annotated[str, text_of(4000, multiline=True), text_schema(4000)]
Reference = Annotated[
    Any,
    wire.parsed_by(_reference),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1, "maxLength": 100}, {"type": "integer"}]}),
]
"""A code, SKU or number as a string, or an id as an integer."""

Limit = Annotated[
    int,
    wire.parsed_by(numbers.parse_whole, minimum=1, maximum=200),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 200}),
]
QueryFlag = Annotated[bool, wire.parsed_by(fields.flag), WithJsonSchema({"type": "boolean"})]


class Nothing(Input):
    """A request that says nothing more than its address."""


class ListQuery(Input):
    """What every list takes: how many rows, and where the page before ended."""

    limit: Limit = 50
    cursor: Annotated[str, text_of(2000), text_schema(2000)] = ""


class AddressInput(Input):
    """A postal address; the country by its two letters."""

    name: Sentence = ""
    street: Sentence = ""
    postal_code: Word = ""
    city: Word = ""
    region: Word = ""
    country: Word = ""


# --- out -------------------------------------------------------------------------------------------------------------

Money = Annotated[str, WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"})]
"""An amount with the decimals of its currency."""

Count = Annotated[
    int | str, WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]+$"}]})
]
"""A quantity or percentage: a number when whole, otherwise a string."""

Exact = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""An amount as a JSON number, with two decimals."""


class AddressOutput(Output):
    """A postal address."""

    name: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str


class TaxPartOutput(Output):
    """One of several taxes on a line."""

    name: str
    category: str
    percent: Count
    amount: Money

    @classmethod
    def all_of(cls, kept: list[Any], currency: str) -> list[TaxPartOutput]:
        """The taxes that a line keeps; none where its tax is a single one."""
        return [
            cls(
                name=one.part.name,
                category=one.part.category,
                percent=count(one.part.percent),
                amount=plain(one.amount, currency),
            )
            for one in restored(kept)
        ]


class Problem(Output):
    """Why nothing was changed, in a sentence; ``details`` by field, or the numbers that decided."""

    error: str
    details: dict[str, Any]


count = wire.quantity


def price(value: Decimal | None, currency: str) -> str | None:
    """A price per unit: at least the currency's decimals, more where it has more."""
    if value is None:
        return None
    short = tidy(value)
    return plain(value, currency) if short == round_half_up(short, decimals_of(currency)) else f"{short:f}"


def seen_cost(value: Decimal | None, currency: str, user: User) -> str | None:
    """What something cost, for those who may know."""
    return price(value, currency) if user.can(Permission.COSTS_READ) else None

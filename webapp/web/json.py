"""What programs send and are answered: JSON, with every number exact on both ways.

In: a number keeps the digits it was written with, so that the parsers of ``webapp.domain.numbers`` see ``1.50`` or
``1e5`` and no float ever does. Duplicate names, NaN and Infinity are no JSON here. Unknown fields are refused: a
misspelled optional field would otherwise do nothing and say nothing.
Out: amounts are strings made by whoever answers; a Decimal that is left is written as the number it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import simplejson
from flask import Response, request
from pydantic import BaseModel, BeforeValidator, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError
from werkzeug.exceptions import UnsupportedMediaType

from webapp.domain.errors import BadInput, DomainError
from webapp.domain.importing.fields import refuse_all
from webapp.domain.numbers import LONGEST, label, tidy
from webapp.domain.text import clean

JSON = "application/json"
WHOLE_DIGITS = 18

M = TypeVar("M", bound=BaseModel)


class MalformedJson(DomainError):
    """The body cannot be read as JSON (400)."""


class Literal(str):
    """A JSON number as it was written; text fields refuse it, number fields parse it."""

    __slots__ = ()


# --- in --------------------------------------------------------------------------------------------------------------


def sent() -> Any:
    """The body of this request; an empty one is an empty object.

    Raises UnsupportedMediaType unless it calls itself JSON, MalformedJson when it is none.
    """
    data = request.get_data()
    if not data:
        return {}
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    return load(data)


def load(data: bytes) -> Any:
    """The JSON text ``data``. Raises MalformedJson."""
    try:
        return json.loads(
            data.decode(),
            parse_float=Literal,
            parse_int=_whole,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedJson(f"The body is not readable as JSON: {_why(error)}.") from error


def read(model: type[M], data: Any) -> M:
    """``data`` as ``model`` has it. Raises BadInput with a sentence for every field, by its path (``lines.0.sku``)."""
    if not isinstance(data, dict):
        raise BadInput("The body must be a JSON object.")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        refuse_all({".".join(map(str, one["loc"])): _sentence(one) for one in error.errors()})
        raise


def read_query(model: type[M]) -> M:
    """The query of this request as ``model`` has it. Raises BadInput, also for a name given twice."""
    twice = {name: f"{label(name)} is given twice." for name, values in request.args.lists() if len(values) > 1}
    refuse_all(twice)
    return read(model, request.args.to_dict())


def parsed_by(parser: Callable[..., Any], **options: Any) -> BeforeValidator:
    """The field is read by one of our parsers, whose sentence is the field's error."""

    def validate(value: Any, info: ValidationInfo) -> Any:
        try:
            return parser(value, field=info.field_name or "value", **options)
        except BadInput as refusal:
            raise refused(refusal.message) from refusal

    return BeforeValidator(validate)


def refused(sentence: str) -> PydanticCustomError:
    """What a model's own check raises."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence})


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def number_by(parser: Callable[..., Any], **options: Any) -> BeforeValidator:
    """The field is a number, as a JSON number or a string of plain digits, read by one of our parsers."""

    def parse(value: Any, *, field: str) -> Any:
        if isinstance(value, str) and (len(value) > LONGEST or not _NUMBER.fullmatch(value)):
            raise BadInput(f"{label(field)} must be a number in plain digits, like 1234.56.", field=field)
        return parser(value, field=field, **options)

    return parsed_by(parse)


def text(value: Any, *, field: str, max_length: int, required: bool = False, multiline: bool = False) -> str:
    """Text, and no number. Raises BadInput."""
    if not isinstance(value, str) or isinstance(value, Literal):
        raise BadInput(f"{label(field)} must be text.", field=field)
    if len(value) > max_length:
        raise BadInput(f"{label(field)} may have {max_length} characters, not {len(value)}.", field=field)
    return clean(value, field=field, max_length=max_length, required=required, multiline=multiline)


_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a field here",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "string_type": "must be text",
    "too_long": "has too many entries",
    "too_short": "has too few entries",
}


def _sentence(error: Any) -> str:
    if error["type"] == "refused":
        return str(error["ctx"]["sentence"])
    name = label(str(error["loc"][-1]) if error["loc"] else "the body")
    return f"{name} {_SENTENCES.get(error['type'], 'cannot be read')}."


def _whole(digits: str) -> int | Literal:
    return int(digits) if len(digits) <= WHOLE_DIGITS else Literal(digits)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


# --- out -------------------------------------------------------------------------------------------------------------


def dump(data: Any) -> str:
    """``data`` as JSON text; a Decimal is written with its decimals."""
    return simplejson.dumps(data, use_decimal=True, ensure_ascii=True, default=_written)


def respond(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON text."""
    return Response(body + "\n", status=status, headers=dict(headers or {}), mimetype=JSON)


def refusal(sentence: str, details: Mapping[str, Any]) -> str:
    """The JSON of an error. Decimals left in ``details`` are quantities."""
    return dump({"error": sentence, "details": _plain(details)})


def quantity(value: Decimal) -> int | str:
    """A quantity: a JSON number when whole, otherwise a string."""
    short = tidy(value)
    return int(short) if short == short.to_integral_value() else f"{short:f}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return quantity(value) if isinstance(value, Decimal) else value


def _written(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")

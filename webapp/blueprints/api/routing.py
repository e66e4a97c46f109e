"""How a route of the API is declared, and what happens around every one of them.

A route says its permission, the model of what comes in and the model of what goes out; the view gets the first and
answers the second. What changes something runs at most once for an ``Idempotency-Key``: what is stored, in the
transaction of the effect, is the answer itself, when it is a success or the refusal that saved a credit hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from pydantic import BaseModel
from spectree import Response as Responses
from spectree import SecurityScheme, SpecTree
from spectree.model_adapter.protocol import SchemaMode
from spectree.model_adapter.pydantic_adapter import PydanticModelAdapter
from spectree.models import SecureType, SecuritySchemeData

from webapp.blueprints.api.schemas.base import Input, Nothing, Output, Problem
from webapp.blueprints.api.schemas.headers import ChangeHeaders, RepeatHeaders
from webapp.domain.errors import BadInput
from webapp.queries.paging import Page
from webapp.services.once import fingerprint, once
from webapp.web import json as wire
from webapp.web.auth import Right, program, requires

bp = Blueprint("api", __name__, url_prefix="/api")

View = Callable[..., Any]
LONGEST_KEY = 200
_KEY = re.compile(r"[!-~]{1,200}")
_VERSION = re.compile(r'(?:W/)?"?([1-9][0-9]{0,8})"?')

READ_ERRORS = (401, 403, 404, 422, 429, 503)
WRITE_ERRORS = (400, 401, 403, 404, 409, 415, 422, 429, 503)


class _DescribesOnce(PydanticModelAdapter):
    """Makes the schema of a model once for all routes: each can answer the same problems, and most the same records."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[tuple[type[Any], str, SchemaMode], dict[str, Any]] = {}

    def json_schema(self, model: type[Any], *, ref_template: str, mode: SchemaMode = "validation") -> dict[str, Any]:
        key = (model, ref_template, mode)
        if key not in self._made:
            self._made[key] = super().json_schema(model, ref_template=ref_template, mode=mode)
        return self._made[key]


spec = SpecTree(
    "flask",
    model_adapter=cast(Any, _DescribesOnce()),
    mode="strict",
    annotations=False,
    openapi_version="3.1.0",
    title="Counterfoil",
    version="1",
    description=(
        "Orders, credit, stock, shipments, invoices and payments. A string refers to a record by its code, SKU or "
        "number, an integer by its id. Amounts are strings with the currency's decimals, quantities numbers when whole "
        "and otherwise strings. Unknown fields are refused. Every POST takes an Idempotency-Key."
    ),
    security_schemes=[SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"))],
    security={"token": []},
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program is answered; ``location`` is where what was created can be read."""

    body: BaseModel
    status: int = 200
    location: str = ""


# --- declaring -------------------------------------------------------------------------------------------------------


def reads(rule: str, right: Right, answer: type[Output], *, query: type[Input] = Nothing) -> Callable[[View], View]:
    """A route that changes nothing. The view takes the query, if there is one, and the path; it answers the model."""

    def declare(view: View) -> View:
        @wraps(view)
        def run(**path: Any) -> Response:
            given = wire.read_query(query)
            return _respond(Answer(view(*_said(given), **path)))

        described = _described(run, rule, answer, 200, READ_ERRORS, query=query)
        bp.get(rule, endpoint=view.__name__)(requires(right)(described))
        return view

    return declare


def does(
    rule: str, right: Right, answer: type[Output], *, body: type[Input] = Nothing, status: int = 200
) -> Callable[[View], View]:
    """A POST. The view takes the body, if there is one, and the path; it answers an Answer, or the model for a 200."""

    def declare(view: View) -> View:
        @wraps(view)
        def run(**path: Any) -> Response:
            data = wire.sent()
            given = wire.read(body, data)
            digest = fingerprint(request.method, request.path, request.query_string.decode("latin-1"), data)
            done = once(_key(), program(), digest, lambda: _stored(_answer(view(*_said(given), **path))))
            return _replay(done.data, replayed=done.replayed)

        described = _described(run, rule, answer, status, WRITE_ERRORS, json=body, headers=RepeatHeaders)
        bp.post(rule, endpoint=view.__name__)(requires(right)(described))
        return view

    return declare


def changes(rule: str, right: Right, answer: type[Output], *, body: type[Input]) -> Callable[[View], View]:
    """A PATCH. The view takes the body, the path and the version it was made on; it answers the model."""

    def declare(view: View) -> View:
        @wraps(view)
        def run(**path: Any) -> Response:
            given = wire.read(body, wire.sent())
            return _respond(Answer(view(given, version=_version(given), **path)))

        described = _described(run, rule, answer, 200, WRITE_ERRORS, json=body, headers=ChangeHeaders)
        bp.patch(rule, endpoint=view.__name__)(requires(right)(described))
        return view

    return declare


def _said(given: Input) -> tuple[Input, ...]:
    return () if isinstance(given, Nothing) else (given,)


def _described(run: View, rule: str, answer: type[Output], status: int, errors: tuple[int, ...], **models: Any) -> View:
    """Tell the OpenAPI document about a route; checking what comes in stays ours."""
    responses = Responses(**{f"HTTP_{status}": answer}, **{f"HTTP_{code}": Problem for code in errors})
    tag = rule.strip("/").split("/")
    name = f"{tag[0]}/{tag[1]}" if tag[0] == "sales" else tag[0]
    described: View = spec.validate(
        resp=responses,
        tags=[name],
        skip_validation=True,
        operation_id=run.__name__,
        **{kind: model for kind, model in models.items() if model is not Nothing or kind == "json"},
    )(run)
    return described


# --- answering -------------------------------------------------------------------------------------------------------


def listed(page: Page[Any], results: list[Any]) -> dict[str, Any]:
    """The fields of a list's answer: the rows, and the address of the next page."""
    return {"results": results, "next": _next(page.cursor)}


def _next(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'cursor': cursor})}"


def _answer(found: Any) -> Answer:
    return found if isinstance(found, Answer) else Answer(found)


def _respond(answer: Answer) -> Response:
    return _replay(_stored(answer), replayed=False)


def _stored(answer: Answer) -> dict[str, Any]:
    body = wire.dump(answer.body.model_dump(exclude_unset=True))
    return {"status": answer.status, "body": body, "location": answer.location}


def _replay(stored: Mapping[str, Any], *, replayed: bool) -> Response:
    headers = {"Location": stored["location"]} if stored["location"] else {}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return wire.respond(stored["body"], stored["status"], headers)


# --- headers ---------------------------------------------------------------------------------------------------------


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise BadInput(f"An Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters.", field="Idempotency-Key")
    return key


def _version(given: Any) -> int:
    """The version that a change was made on, from the body or from If-Match. Raises BadInput."""
    if given.version is not None:
        return int(given.version)
    tag = _VERSION.fullmatch(request.headers.get("If-Match", "").strip())
    if tag is None:
        raise BadInput("Version is missing: send it in the body or as If-Match.", field="version")
    return int(tag[1])

"""Every address that pages are led to is there, and what stands in it cannot lead elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from webapp.pages import addresses as at

pytestmark = pytest.mark.engines("sqlite")

ARGUMENTS: dict[str, Any] = {
    "number": "SO-2026-001",
    "code": "ALFKI",
    "sku": "4711",
    "line_number": 3,
    "invoice_id": 7,
    "kind": "order",
    "found": SimpleNamespace(id=7, number="QT-2026-001", order_number=None, invoice_number=None),
}
UNDER = [
    at.order("SO-2026-001", "submission"),
    at.order("SO-2026-001", "lines", 3),
    at.quote("QT-2026-001", "revision"),
    at.invoice("INV-2026-001", "payments"),
]


def _addresses() -> Iterator[str]:
    for name, address in inspect.getmembers(at, inspect.isfunction):
        if address.__module__ != at.__name__ or name in ("path", "quote"):
            continue
        named = [
            parameter
            for parameter in inspect.signature(address).parameters.values()
            if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        yield address(*(ARGUMENTS[parameter.name] for parameter in named))
    yield from UNDER


@pytest.mark.parametrize("address", sorted(_addresses()))
def test_an_address_is_one_of_the_program(app: Flask, address: str) -> None:
    routes = app.url_map.bind("localhost")
    path = address.partition("?")[0]
    assert routes.allowed_methods(path), f"Nothing is at {path}."


@pytest.mark.parametrize("kind", at.DOCUMENTS)
def test_every_kind_of_document_has_its_page(app: Flask, kind: str) -> None:
    assert app.url_map.bind("localhost").test(at.document(kind, "X-1"), "GET")


def test_what_stands_in_an_address_is_quoted_and_empty_questions_are_left_out() -> None:
    assert at.item("A/B ?&#") == "/items/A%2FB%20%3F%26%23"
    assert at.orders(view="held", customer=None, q="a&b", from_="2026-05-01") == (
        "/orders?view=held&q=a%26b&from=2026-05-01"
    )
    assert at.order_page(SimpleNamespace(number="QT-1", order_number=None)) == "/quotes/QT-1"
    assert at.order_page(SimpleNamespace(number="SO-1", order_number="SO-1")) == "/orders/SO-1"

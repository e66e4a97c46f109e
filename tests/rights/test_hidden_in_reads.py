"""Who sees only their own customers reads of others nowhere: pages, pieces, lists, reports, files, search, the API."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.rights.hidden import addresses, everything_of_others, make_outsider, movement_ids
from tests.support.everything import LONG_CUSTOMER
from tests.support.programs import Program, token_for
from tests.support.web import HTMX, log_in
from webapp.db import atomic
from webapp.models import Customer

pytestmark = pytest.mark.engines("sqlite")

NOT_FOUND, OK, UNPROCESSABLE = 404, 200, 422
OTHERS = re.compile(rf"(SO|QT|SHP|INV|CN|PAY|RET)-20\d\d-\d{{3}}|ACME|TIGHT|Acme GmbH|{re.escape(LONG_CUSTOMER)}")

QUERIES = {
    "search.index": ["?q=ACME", "?q=SO-2026", "?q=INV-2026-001", "?q=SPRING"],
    "orders.index": [
        "?view=all",
        "?view=all&customer=ACME",
        "?view=held",
        "?view=invoice",
        "?view=ship",
        "?view=allocate",
    ],
    "quotes.index": ["?view=all"],
    "shipments.index": ["?stage=all", "?q=SHP"],
    "invoices.index": ["?tab=all", "?tab=drafts", "?tab=all&customer=ACME"],
    "credit_notes.index": ["?tab=all", "?tab=drafts"],
    "payments.index": ["?q=TXN", "?customer=ACME"],
    "payments.new": ["", "?customer=ACME", "?q=ac"],
    "customers.index": ["?q=ac"],
    "stock.movements": ["?sku=A-1", "?sku=CHEESE"],
    "prices.of_customer": [""],
    "price_trial.show": ["?customer=ACME&item=A-1&quantity=12"],
    "orders.new": ["?customer=ac"],
    "reports.ageing_items": ["?customer=ACME"],
    "reports.unused_credit": ["?customer=ACME"],
}
"""What is asked of a page beside the page itself."""

HINT = "A whole number like SO-2026-001 opens at once."
PUBLIC = re.compile(r"(set_up|health|styleguide)\.|static|sessions\.new$")


@pytest.fixture
def outsider(session):
    """Somebody with every role, who looks after no customer."""
    _, found, values = everything_of_others()
    return make_outsider(), found, values


def names_in(text: str) -> set[str]:
    """What of others a text names."""
    return {found[0] for found in OTHERS.finditer(text)}


def pages(app: Flask, values) -> Iterator[str]:
    common = {
        "sku": ["A-1", "B-1", "CHEESE"], "kind_name": ["orders"], "email": ["nancy@example.com"], "kept": ["x"],
    }  # fmt: skip
    own = {
        "prices": {"code": ["RETAIL"]},
        "price_copies": {"code": ["RETAIL"]},
        "promotions": {"code": ["SPRING", "MUGS"]},
        "taxes": {"code": ["VAT19"]},
    }
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if "GET" not in rule.methods or blueprint == "api" or PUBLIC.match(rule.endpoint):
            continue
        given = common | dict(values.get(blueprint, {}))
        if rule.endpoint not in ("prices.of_customer",):
            given |= own.get(blueprint, {})
        for url in addresses(rule, given):
            yield from (url + query for query in {"", *QUERIES.get(rule.endpoint, [])})


def test_no_page_tells_of_others(app: Flask, outsider) -> None:
    person, _, values = outsider
    client, told, seen = log_in(app, person), [], 0
    for url in pages(app, values):
        for headers in ({}, HTMX):
            answer = client.get(url, headers=headers)
            assert answer.status_code < 500, url
            text = answer.text.replace(HINT, "") if answer.mimetype.startswith("text/") else ""
            shown = names_in(text) - names_in(url)
            if answer.status_code == OK and shown:
                told.append(f"{url} {'piece' if headers else 'page'}: {sorted(shown)}")
            seen += answer.status_code == OK
    assert not told, "\n".join(told)
    assert seen > 150


def test_no_answer_to_a_program_tells_of_others(app: Flask, outsider) -> None:
    person, found, values = outsider
    program, told, seen = Program(app, token_for(person)), [], 0
    names = {
        "customers": values["customers"]["code"],
        "orders": values["orders"]["number"],
        "shipments": values["shipments"]["number"],
        "invoices": [*values["invoices"]["number"], *values["invoices"]["invoice_id"]],
        "credit_notes": [found["credit_note"], found["credit_note_draft"]],
        "payments": values["payments"]["number"],
        "movements": movement_ids(),
        "items": ["A-1"],
        "locations": ["MAIN"],
        "price_lists": ["RETAIL"],
        "promotions": ["SPRING"],
    }
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("api.") or "GET" not in rule.methods:
            continue
        kind = next((part for part in reversed(rule.rule.split("/<")[0].split("/")) if part in names), "")
        for url in addresses(rule, {"ref": names[kind]} if rule.arguments else {}):
            for query in ("", "?customer=ACME", "?sku=A-1&customer=ACME&quantity=1", "?sku=A-1"):
                answer = program.get(url.removeprefix("/api") + query)
                if answer.status_code == OK and rule.endpoint not in ("api.openapi", "api.docs"):
                    seen += 1
                    shown = names_in(answer.text) - names_in(query)
                    if shown:
                        told.append(f"{url}{query}: {sorted(shown)}")
                assert answer.status_code < 500, url
    assert not told, "\n".join(told)
    assert seen > 20


def test_own_documents_are_there(app: Flask, outsider, session) -> None:
    """The other half: who looks after a customer sees what belongs to it."""
    person, found, _ = outsider
    with atomic():
        session.query(Customer).filter_by(code="ACME").one().sales_rep_id = person.id
    client = log_in(app, person)
    for url in (f"/orders/{found['draft']}", f"/invoices/{found['invoice']}.pdf", f"/payments/{found['payment']}"):
        assert client.get(url).status_code == OK
    assert found["shipped"] in client.get("/stock/movements").text
    assert client.get(f"/orders/{found['held']}").status_code == NOT_FOUND, "TIGHT is somebody else's"

"""Reports of what customers owe: the documents behind each figure, and who may see them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support import masters, web
from tests.support.pages import Page
from tests.support.statements import count_statements
from tests.support.web import words
from webapp.domain.permissions import Role
from webapp.queries.company import today
from webapp.services.company import system_user
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.payments.receiving import record_receipt

D = Decimal


@pytest.fixture
def owing(stocked) -> None:
    """ALFKI owes 500 since 40 days and 70 for now, and has 30 on account."""
    system = system_user()
    for number, total, late in (("R/2025/17", D(500), 40), ("R-18", D(70), -5)):
        due = today() - timedelta(days=late)
        import_opening_invoice(
            number, "ALFKI", issue_date=due - timedelta(days=30), due_date=due, total=total, open_amount=total,
            actor=system,
        )  # fmt: skip
    record_receipt("ALFKI", D(30), "CASH", "", allocations=[], keep_on_account=True, actor=system)


def test_overdue_leads_to_the_invoices_that_are_late(browse, owing):
    client = browse(Role.ACCOUNTANT)
    overdue = Page(client.get("/").text).pair("Overdue")

    late = Page(client.get(overdue.links[0]).text)

    assert [(row[0].words, row[-1].words) for row in late.body()] == [("R/2025/17", "EUR 500.00")]
    assert late.row("Total EUR")[-1].figure == D(500)
    row = next(row for row in Page(client.get("/customers").text).rows if row[0].words == "ALFKI")
    assert [cell.figure for cell in row[-2:]] == [D(570), D(500)]
    assert Page(client.get(row[-1].links[0]).text).row("Total EUR")[-1].figure == D(500)


def test_unused_credit_leads_to_its_payments(browse, owing):
    client = browse(Role.ACCOUNTANT)
    unused = Page(client.get("/reports/ageing").text).row("Alfreds Futterkiste")[-2]

    assert unused.figure == D(-30)
    assert [row[-1].figure for row in Page(client.get(unused.links[0]).text).body()] == [D(30)]
    assert "Nothing was left over" in words(client.get("/reports/ageing/credit?as_of=2026-01-01"))


def test_the_ledger_of_a_day_has_what_was_posted_until_then(browse, owing):
    client = browse(Role.ACCOUNTANT)
    before = today() - timedelta(days=1)

    assert Page(client.get("/reports/ledger").text).row("Total EUR")[-1].figure == D(540)
    assert Page(client.get(f"/reports/ledger/ALFKI?as_of={before}").text).row("Balance")[-1].figure == D(570)
    assert "Nothing was posted" in words(client.get("/reports/ledger?as_of=2000-01-01"))
    assert "Nothing was posted" in words(client.get("/reports/ledger/ALFKI?as_of=2000-01-01"))


def test_every_document_that_a_report_names_has_a_page(browse, owing):
    client = browse(Role.ACCOUNTANT)
    for address in ("/reports/ageing/items", "/reports/ageing/credit", "/reports/ledger/ALFKI"):
        found = [link for row in Page(client.get(address).text).rows for cell in row for link in cell.links]
        assert found
        for link in found:
            assert client.get(link).status_code == 200, link


@pytest.mark.parametrize(
    "address", ["/reports/ledger/{}", "/customers/{}/exposure", "/reports/ledger/NOBODY", "/customers/NOBODY/exposure"]
)
def test_who_sees_own_customers_only_does_not_find_those_of_others(app, owing, address):
    mine = web.add_user(Role.SALES, own_customers_only=True)

    assert web.log_in(app, mine).get(address.format("ALFKI")).status_code == 404


def test_the_lists_leave_out_what_a_user_may_not_see(app, owing):
    client = web.log_in(app, web.add_user(Role.SALES, own_customers_only=True))

    for address in ("/reports/ageing/items", "/reports/ageing/credit", "/reports/ledger", "/reports/ageing"):
        assert "ALFKI" not in client.get(address).text
        assert "Alfreds" not in client.get(address).text


@pytest.mark.parametrize("address", ["/reports/ledger", "/reports/ledger/ALFKI", "/customers/ALFKI/exposure"])
def test_more_documents_take_no_more_statements(browse, owing, address):
    client = browse(Role.ACCOUNTANT)
    client.get(address)
    few = count_statements(lambda: client.get(address))
    masters.load("customers", *(masters.alfki(code=f"C{n}") for n in range(5)))
    for place in range(20):
        due = today() - timedelta(days=place)
        import_opening_invoice(
            f"M-{place}", f"C{place % 5}" if place % 2 else "ALFKI", issue_date=due, due_date=due, total=D(1),
            open_amount=D(1), actor=system_user(),
        )  # fmt: skip

    assert count_statements(lambda: client.get(address)) == few

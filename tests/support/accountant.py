"""An accountant who reads the figures of customers off the pages and follows each of them down to documents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.pages import Cell, Page
from tests.support.programs import Program
from webapp.domain.payments.split import AgeingBucket
from webapp.domain.states import OrderState
from webapp.models import CreditNote, Customer, Invoice, Order, Payment

D = Decimal
EXPOSURE = ("Open invoices less credit", "Shipped, not invoiced", "Confirmed, to ship", "Exposure EUR")


class Accountant:
    """An accountant with a browser and a program, who adds every figure up from the documents it leads to."""

    def __init__(self, client: FlaskClient, program: Program) -> None:
        self._client, self._program = client, program
        self._seen: set[str] = set()

    def read(self, codes: Iterable[str], played: str) -> None:
        """The figures of every customer on dashboard, customer page, credit answer, ageing and ledger."""
        ageing_page, ledger_page = self._page("/reports/ageing"), self._page("/reports/ledger")
        totals = dict.fromkeys(("open", "overdue"), D(0))
        for code in codes:
            aged = self._aged(ageing_page, code)
            ledger = self._ledger(ledger_page, code)
            standing = self._customer(code)
            answer: Any = self._program.get(f"/customers/{code}/credit/").json
            figures = {
                "ageing": aged["balance"],
                "ledger": ledger,
                "customer page": standing["Open invoices less credit"],
                "credit answer": D(answer["outstanding_balance"]),
            }
            assert len(set(figures.values())) == 1, f"{code}: {figures}; {played}"
            assert standing["Shipped, not invoiced"] + standing["Confirmed, to ship"] == D(answer["open_orders"]), code
            totals["open"] += aged["open"]
            totals["overdue"] += aged["overdue"]
        assert totals["open"] > totals["overdue"] > 0, totals
        self._dashboard(totals)

    def _aged(self, page: Page, code: str) -> dict[str, Decimal]:
        """The ageing's row of a customer; each figure equals the documents behind its link."""
        row = next((row for row in page.rows if row and f"/customers/{code}" in row[0].links), None)
        if row is None:
            return dict.fromkeys(("open", "overdue", "balance"), D(0))
        *buckets, open_amount, unused, balance = row[1:]
        for cell in (*buckets, open_amount):
            assert cell.figure == self._behind(cell), f"{code}: {cell}"
        assert sum((cell.figure for cell in buckets), D(0)) == open_amount.figure
        assert -unused.figure == self._behind(unused), f"{code}: {unused}"
        assert open_amount.figure + unused.figure == balance.figure
        assert self._page(balance.links[0]).row("Balance")[-1].figure == balance.figure
        return {
            "open": open_amount.figure, "balance": balance.figure, "overdue": open_amount.figure - buckets[0].figure,
        }  # fmt: skip

    def _ledger(self, page: Page, code: str) -> Decimal:
        """The ledger's balance of a customer; it is the sum of its entries."""
        row = next((row for row in page.rows if row and f"/customers/{code}" in row[0].links), None)
        if row is None:
            return D(0)
        entries = self._page(row[1].links[0])
        posted = [entry for entry in entries.rows if len(entry) == 5 and entry[1].links]
        for entry in posted:
            self._open(entry[1].links[0])
        assert sum((entry[3].figure for entry in posted), D(0)) == row[1].figure
        return row[1].figure

    def _customer(self, code: str) -> dict[str, Decimal]:
        """The credit figures of the customer's page; the documents behind their link come to the same."""
        page = self._page(f"/customers/{code}")
        cells = {words: page.pair(words) for words in EXPOSURE}
        (address,) = {cell.links[0].partition("#")[0] for cell in cells.values()}
        parts = self._page(address)
        sums = {
            panel: sum((row[-1].figure for row in parts.body(panel)), D(0))
            for panel in ("invoices", "credit", "shipped", "to-ship")
        }
        for panel in sums:
            for row in parts.body(panel):
                self._open(row[0].links[0])
        found = {words: cell.figure for words, cell in cells.items()}
        assert found["Open invoices less credit"] == sums["invoices"] + sums["credit"], f"{code}: {sums}"
        assert found["Shipped, not invoiced"] == sums["shipped"], f"{code}: {sums}"
        assert found["Confirmed, to ship"] == sums["to-ship"], f"{code}: {sums}"
        assert found["Exposure EUR"] == sum(sums.values(), D(0)), f"{code}: {sums}"
        return found

    def _dashboard(self, totals: dict[str, Decimal]) -> None:
        """The receivables of all customers together; each age leads to its open items."""
        page = self._page("/")
        ages = [row for row in page.body() if "/reports/ageing/items" in row[0].links[0]]
        assert len(ages) == len(AgeingBucket)
        for row in ages:
            assert row[1].figure == self._items(row[0].links[0])
        assert sum((row[1].figure for row in ages), D(0)) == totals["open"]
        overdue = page.pair("Overdue")
        assert overdue.words.startswith(f"EUR {totals['overdue']:,.2f} ")
        assert self._items(overdue.links[0]) == totals["overdue"]

    def _behind(self, cell: Cell) -> Decimal:
        """What the documents behind a figure come to; nothing needs no link."""
        return self._items(cell.links[0]) if cell.figure else D(0)

    def _items(self, address: str) -> Decimal:
        """The sum of a list of documents, each of which can be opened."""
        rows = self._page(address).body()
        for row in rows:
            self._open(row[0].links[0])
        return sum((row[-1].figure for row in rows), D(0))

    def _page(self, address: str) -> Page:
        answer = self._client.get(address)
        assert answer.status_code == 200, f"{address} answers {answer.status}"
        return Page(answer.text)

    def _open(self, address: str) -> None:
        """A document's own page; each is opened once."""
        if address not in self._seen:
            assert re.fullmatch(r"/(invoices|payments|credit-notes|orders)/[A-Z]+-(\d{4}-\d{3,}|[A-Z]+)", address), (
                address
            )
            assert self._client.get(address).status_code == 200, address
            self._seen.add(address)


def owed_by_documents(session: Session, customer: Customer) -> Decimal:
    """What a customer owes: open invoices less unused payments and credit notes."""
    invoices = session.scalars(select(Invoice).where(Invoice.customer_id == customer.id))
    payments = session.scalars(select(Payment).where(Payment.customer_id == customer.id))
    notes = session.scalars(select(CreditNote).where(CreditNote.customer_id == customer.id))
    return (
        sum((one.open_amount for one in invoices), D(0))
        - sum((one.unapplied for one in payments), D(0))
        - sum((one.unapplied for one in notes), D(0))
    )


def open_by_documents(session: Session, customer: Customer) -> Decimal:
    """Shipped and unbilled of every order, and what confirmed orders without an open hold still ship."""
    total = D(0)
    for order in session.scalars(select(Order).where(Order.customer_id == customer.id)):
        total += order.to_bill_amount
        if order.state is OrderState.CONFIRMED and not any(hold.state == "OPEN" for hold in order.holds):
            total += order.to_ship_amount
    return total

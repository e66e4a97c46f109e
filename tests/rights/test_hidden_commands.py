"""Commands and files that name a customer themselves find none that is not the actor's to see."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.rights.hidden import contents, everything_of_others, make_outsider
from webapp.domain.errors import BadInput, DomainError, InsufficientStock, NotFound
from webapp.models import User
from webapp.services.bulk_outcome import RowsRefused
from webapp.services.credit_notes.notes import draft_credit_notes_for_return
from webapp.services.customers.bulk import load_customers
from webapp.services.importing.exporting import export_file
from webapp.services.importing.files import Task, import_file
from webapp.services.importing.kinds import KINDS
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.invoices.without_order import FreeInvoice, FreeLine, draft_free_invoice
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.payments.receiving import record_receipt
from webapp.services.pricing.bulk import load_prices
from webapp.services.pricing.of_customers import put_customer_price
from webapp.services.stock.receipts import adjust_stock

pytestmark = pytest.mark.engines("sqlite")

D = Decimal
ONE = [LineInput("A-1", D(1))]
MANY = "1000000"

ACTS: list[tuple[str, type[DomainError], Callable[[User], object]]] = [
    ("an order", BadInput, lambda own: create_order(OrderInput("ACME", ONE), actor=own)),
    ("a copy", NotFound, lambda own: copy_order("SO-2026-001", actor=own)),
    (
        "an invoice without an order",
        NotFound,
        lambda own: draft_free_invoice(FreeInvoice("ACME", [FreeLine("Work", D(1), D(1), "VAT19")]), actor=own),
    ),
    (
        "a receipt",
        NotFound,
        lambda own: record_receipt("ACME", D(1), "CASH", "", allocations=[], keep_on_account=True, actor=own),
    ),
    ("an agreed price", NotFound, lambda own: put_customer_price("ACME", sku="A-1", unit_price="1", actor=own)),
    ("credit for a return", NotFound, lambda own: draft_credit_notes_for_return("RET-2026-001", actor=own)),
    (
        "prices by the thousand",
        RowsRefused,
        lambda own: load_prices([{"customer": "ACME", "sku": "A-1", "unit_price": "1"}], actor=own),
    ),
    (
        "customers by the thousand",
        RowsRefused,
        lambda own: load_customers([{"code": "ACME", "name": "Mine now"}], actor=own),
    ),
    (
        "goods taken from their orders",
        InsufficientStock,
        lambda own: adjust_stock("MAIN", "A-1", D(-1000), reason="Lost", release=True, actor=own),
    ),
]


@pytest.fixture
def own(session) -> User:
    """Somebody with every role, who looks after no customer."""
    everything_of_others()
    return make_outsider()


@pytest.mark.parametrize(("refused", "act"), [act[1:] for act in ACTS], ids=[act[0] for act in ACTS])
def test_what_belongs_to_others_is_not_there(own, refused, act) -> None:
    before = contents()
    with pytest.raises(refused):
        act(own)
    assert contents() == before


def test_a_refusal_of_stock_names_no_order_of_others(own) -> None:
    with pytest.raises(InsufficientStock) as refusal:
        adjust_stock("MAIN", "CHEESE", D(-19), batch="B 1", reason="Lost", actor=own)
    assert "orders of customers whom others look after" in refusal.value.message
    assert "SO-" not in refusal.value.message


FILES = {
    "orders": "order_number,customer,order_date,sku,quantity\nX-1,ACME,2026-05-04,A-1,1\n",
    "invoices": "invoice_number,customer,issue_date,due_date,total,open_amount\nX-1,ACME,2026-01-01,2026-02-01,10,10\n",
    "payments": "customer,payment_date,amount,method,reference,invoice\nACME,2026-01-02,10,CASH,,\n",
    "prices": "customer,sku,unit_price\nACME,A-1,1\n",
    "customers": "code,name\nACME,Mine now\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_names_a_customer_of_others_is_refused(own, kind: str) -> None:
    before = contents()
    report = import_file(FILES[kind].encode(), Task(kind, f"{kind}.csv"), actor=own)
    assert (report.kept, report.wrong) == (False, 1)
    assert contents() == before


def test_an_opening_invoice_of_others_is_refused(own) -> None:
    with pytest.raises(NotFound, match="There is no customer ACME"):
        import_opening_invoice(
            "X-1", "ACME", issue_date="2026-01-01", due_date="2026-02-01", total="1", open_amount="1", actor=own
        )


@pytest.mark.parametrize("kind", ["customers", "orders", "invoices", "payments", "prices"])
def test_an_export_holds_own_customers_only(own, session, kind: str) -> None:
    assert kind in KINDS
    exported = export_file(kind, actor=own).decode("utf-8-sig")
    assert not any(code in exported for code in ("ACME", "TIGHT"))

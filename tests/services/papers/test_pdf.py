"""Documents on paper: one presentation for screen and PDF, the same bytes for the same words, text that stays text."""

from __future__ import annotations

import io
from decimal import Decimal

import pypdf
import pytest

from tests.support.factories import make_confirmed_order, make_posted_invoice, make_shipped_order, ship
from webapp.domain.errors import NotFound
from webapp.pages.invoices.page import invoice_page, stored_pdf
from webapp.queries.invoices.snapshots import snapshot_of
from webapp.services.credit_notes.notes import CreditLine, draft_credit_note, post_credit_note
from webapp.services.orders.entry import ChargeInput
from webapp.services.papers.pdf import delivery_note_pdf, invoice_pdf, packing_slip_pdf, pick_list_pdf

D = Decimal
HOSTILE = 'Tea #strong[x] $a$ *b* "q" \\ {{ 7*7 }} </text> 北京 Ωμέγα'


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


@pytest.fixture
def invoice(staff):
    freight = ChargeInput("FREIGHT", D("10.00"), "VAT19", "Freight")
    number = make_shipped_order({"A-1": 30, "B-1": 7}, staff, charges=[freight], order_discount_percent=D(5))
    return make_posted_invoice(number, staff)


def test_the_page_and_the_paper_say_the_same(invoice, staff):
    page = invoice_page(invoice.number, viewer=staff.accountant)
    content, digest = stored_pdf(invoice.number, viewer=staff.accountant)

    text = text_of(content)
    assert page.pdf_hash == digest
    for fact in (*page.paper.facts, *page.paper.sums):
        assert fact.value.replace("\u00a0", " ") in text.replace("\u00a0", " ")
    assert [(fact.label, fact.value) for fact in page.paper.sums] == [
        ("Lines", "3,069.93"),
        ("Discount 5\u00a0%", "−153.50"),
        ("Freight", "10.00"),
        ("Net", "2,926.43"),
        ("VAT", "548.05"),
        ("Total EUR", "3,474.48"),
    ]


def test_the_file_is_an_archive_of_itself(invoice, staff):
    reader = pypdf.PdfReader(io.BytesIO(stored_pdf(invoice.number, viewer=staff.accountant)[0]))

    assert "<pdfaid:part>3</pdfaid:part>" in reader.xmp_metadata.stream.get_data().decode()
    assert reader.metadata.title == "Invoice INV-2026-001"
    width = reader.pages[0].mediabox.width
    assert round(width) == 595  # A4


def test_letter_is_letter_and_the_same_words_make_the_same_bytes(invoice):
    snapshot = snapshot_of(invoice)
    letter = invoice_pdf(snapshot | {"paper": "Letter"})

    assert round(pypdf.PdfReader(io.BytesIO(letter)).pages[0].mediabox.width) == 612
    assert letter == invoice_pdf(snapshot | {"paper": "Letter"})


def test_text_of_people_is_never_read_as_markup(invoice):
    snapshot = snapshot_of(invoice)
    snapshot = snapshot | {"lines": [snapshot["lines"][0] | {"description": HOSTILE}]}

    assert "#strong[x] $a$ *b*" in text_of(invoice_pdf(snapshot))


def test_many_lines_run_over_pages_with_their_heads(invoice):
    snapshot = snapshot_of(invoice)
    many = snapshot | {"lines": snapshot["lines"][:1] * 120}

    reader = pypdf.PdfReader(io.BytesIO(invoice_pdf(many)))

    assert len(reader.pages) > 2
    assert all("Qty" in page.extract_text() for page in reader.pages[:-1])
    assert f"Page 2 of {len(reader.pages)}" in reader.pages[1].extract_text()


def test_a_credit_note_names_its_invoice(invoice, staff):
    wanted = [CreditLine(1, quantity=D(1))]
    draft = draft_credit_note(invoice.number, lines=wanted, reason="Dented", actor=staff.accountant)
    post_credit_note(draft.id, actor=staff.accountant)

    text = text_of(invoice_pdf(snapshot_of(draft)))

    assert "Credit note" in text
    assert "CN-2026-001" in text
    assert "INV-2026-001" in text
    assert "Dented" in text


def test_a_shipment_has_its_papers(staff):
    number = make_confirmed_order({"A-1": 3, "B-1": 7}, staff, customer_reference="PO-77")
    shipment = ship(number, staff)

    for make, title in (
        (pick_list_pdf, "Pick list"),
        (packing_slip_pdf, "Packing slip"),
        (delivery_note_pdf, "Delivery note"),
    ):
        text = text_of(make(shipment, viewer=staff.warehouse))
        assert title in text
        assert {"A-1", "B-1", shipment, "PO-77"} <= set(text.split())
        assert "100.00" not in text
        with pytest.raises(NotFound):
            make("SHP-1999-001", viewer=staff.warehouse)
    assert "MAIN" in text_of(pick_list_pdf(shipment, viewer=staff.warehouse))
    assert "Name and signature" in text_of(delivery_note_pdf(shipment, viewer=staff.warehouse))

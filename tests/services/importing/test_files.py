from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support import web
from tests.support.masters import alfki, chai, count_events, load
from webapp.db import db
from webapp.domain.errors import BadInput, Forbidden, NotFound
from webapp.domain.permissions import Role
from webapp.models import Customer, Invoice, NumberSeries, Payment, StockLevel, StockMovement, Variant
from webapp.services.importing.exporting import export_file, fault_file
from webapp.services.importing.files import Task, import_file
from webapp.services.importing.kinds import KINDS
from webapp.services.importing.reading import read_mapping
from webapp.services.stock import receipts as stock

HEADER = "code,name,currency,credit_limit,payment_terms\n"
GOOD = HEADER + "ALFKI,Alfreds Futterkiste,EUR,10000,NET30\nANATR,Ana Trujillo,EUR,,NET30\n"


def take(data: str | bytes, system, kind: str = "customers", **options):
    body = data.encode() if isinstance(data, str) else data
    return import_file(body, Task(kind, "file.csv", **options), actor=system)


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_file_is_taken_in_with_one_event_and_taking_it_again_changes_nothing(system):
    before = count_events()
    report = take(GOOD, system)
    assert (report.added, report.unchanged, report.kept) == (2, 0, True)
    assert count_events() == before + 1
    assert report.sentence == "2 new, 0 changed, 0 unchanged."
    assert take(GOOD, system).unchanged == 2


def test_a_byte_order_mark_semicolons_and_blank_rows_do_no_harm(system):
    assert take(b"\xef\xbb\xbf" + GOOD.replace(",", ";").replace("\n", "\r\n\r\n").encode(), system).added == 2


def test_a_trial_keeps_nothing(system):
    report = take(GOOD, system, dry_run=True)
    assert (report.added, report.kept, report.may_be_kept) == (2, False, True)
    assert count(Customer) == 0


def test_one_wrong_row_keeps_all_out_unless_it_shall_be_skipped(system):
    wrong = GOOD + "B,Berg,EUR,abc,NET30\nC,Chop,EUR,1,NEVER\n"
    report = take(wrong, system)
    assert (report.kept, report.wrong, count(Customer)) == (False, 2, 0)
    assert [(fault.line, fault.field) for fault in report.faults] == [(4, "credit_limit"), (5, "payment_terms")]
    assert report.sentence == "Nothing was kept because of 2 wrong rows."
    assert take(wrong, system, skip_errors=True).sentence == "2 new, 0 changed, 0 unchanged; 2 wrong rows left out."
    assert count(Customer) == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        ("code,name\n".encode("utf-16"), "The file is UTF-16. Save it as UTF-8"),
        (b"name\nA\n", "The header lacks code."),
        (b"code,n\xe4me\nA,B\n", "The header holds byte 0xE4, which is not UTF-8."),
        (b"code,name,name\nA,B,C\n", "Column name stands in the header twice."),
        (b"code,colour\nA,red\n", "Column colour is not known here."),
        (b'code,name\nA,"Alfreds\nB,Berg\n', "Row 2: a quote opens here and is never closed."),
        (b'code,name\nA,"Alf"reds\n', "Row 2: after a closing quote comes the next cell or the end of the row."),
        (b"code,name\nA," + b"x" * 140_000 + b"\n", "Row 2: a cell is longer than 131,072 characters."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(system, data, sentence):
    with pytest.raises(BadInput) as refusal:
        take(data, system)
    assert refusal.value.message.startswith(sentence)
    assert count(Customer) == 0


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (b"B,Caf\xe9,EUR,,NET30", "Row 3, column name: byte 0xE9 (the file's byte 94) is not UTF-8."),
        (b"B,Ca\x00f,EUR,,NET30", "Row 3, column name holds a NUL character."),
        (b"B," + b"x" * 20_000 + b",EUR,,NET30", "Row 3, column name has 20,000 characters; 10,000 are read at most."),
        (b"B,Berg,EUR", "Row 3 has 3 cells, the header 5."),
        (b"B,Berg,EUR,,NET30,more", "Row 3 has 6 cells, the header 5."),
    ],
)
def test_what_spoils_one_row_is_named_by_row_column_and_byte(system, row, sentence):
    data = HEADER.encode() + b"ALFKI,Alfreds Futterkiste,EUR,10000,NET30\n" + row + b"\n"
    report = take(data, system, skip_errors=True)
    assert [fault.message for fault in report.faults] == [sentence]
    assert count(Customer) == 1


def test_a_mapping_renames_columns_and_leaves_some_out(system):
    mapping = read_mapping(b'{"Customer No": "code", "Colour": null}')
    data = GOOD.replace("code", "Customer No").replace("payment_terms\n", "payment_terms,Colour\n")
    data = "\n".join(line if place == 0 or not line else f"{line},red" for place, line in enumerate(data.split("\n")))
    assert take(data, system, mapping=mapping).added == 2
    with pytest.raises(BadInput, match="The mapping"):
        read_mapping(b"[1]")
    with pytest.raises(BadInput, match="no JSON"):
        read_mapping(b"\xff")


def test_the_wrong_rows_can_be_put_right_and_sent_again(system):
    report = take(GOOD.replace("10000", "much"), system)
    right = fault_file(report.faults).decode("utf-8-sig").replace("much", "10000")
    assert take(right, system).added == 1


def test_importing_takes_its_own_right_and_that_of_the_kind(admin, manager):
    with pytest.raises(Forbidden, match="data:import"):
        take(GOOD, manager)
    with pytest.raises(Forbidden, match="stock:write"):
        take("sku,location,quantity\n", admin, kind="stock")
    with pytest.raises(NotFound, match="There is nothing called dreams"):
        take("", admin, kind="dreams")


EVIL = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "'=1", "''=x", "-5", "it's", 'Ünïcode, "quoted"', "line\nbreak"]


def test_an_export_reads_back_unchanged_and_no_spreadsheet_runs_its_cells(system):
    load("customers", *(alfki(code=f"C{n}", name=f"N{n}", notes=text) for n, text in enumerate(EVIL)))
    load("items", chai(units="case=24; pallet=960", description="=HYPERLINK()"), chai(sku="B", name="B", item="Tea"))
    load("prices", {"list": "RETAIL", "sku": "CHAI", "unit_price": "1.25", "valid_from": "2026-01-01"})
    for kind in ("customers", "items", "prices"):
        data = export_file(kind, actor=system)
        report = take(data, system, kind=kind)
        assert (report.added, report.changed, report.wrong) == (0, 0, 0), report
        assert report.unchanged > 0
    cells = export_file("customers", actor=system).decode("utf-8-sig")
    assert '"\'=1+1"' in cells
    assert '"-5"' in cells
    assert '"=' not in cells


def test_an_export_moves_a_company_to_an_empty_database(system):
    rows = [alfki(credit_limit="12.34", billing_country="DE", billing_city="Ulm", status="blocked", sales_rep="")]
    load("customers", *rows)
    data = export_file("customers", actor=system).replace(b"ALFKI", b"OTHER")
    assert take(data, system).added == 1
    assert export_file("customers", actor=system).count(b'"12.34"') == 2


def test_opening_stock_is_received_once(system):
    load("items", chai(), chai(sku="MILK", name="Milk", tracking="batch"), chai(sku="TV", name="TV", tracking="serial"))
    data = (
        "sku,location,quantity,unit_cost,batch,expires_on,serial\n"
        "CHAI,MAIN,10,2.50,,,\nMILK,MAIN,6,1,B1,2030-01-31,\nMILK,MAIN,4,1,B2,,\nTV,MAIN,1,200,,,S1\nTV,MAIN,1,,,,S2\n"
    )
    assert take(data, system, kind="stock").added == 5
    assert take(data, system, kind="stock").unchanged == 5
    levels = {level.variant.sku: level.on_hand_qty for level in db.session.scalars(select(StockLevel))}
    assert levels == {"CHAI": Decimal(10), "MILK": Decimal(10), "TV": Decimal(2)}
    assert count(StockMovement) == 5
    exported = export_file("stock", actor=system)
    assert take(exported, system, kind="stock").unchanged == 5
    stock.receive_stock("MAIN", [stock.ReceiptLine("CHAI", Decimal(1))], actor=system)
    assert take(data, system, kind="stock").unchanged == 5, "the opening receipt stands"
    report = take("sku,location,quantity\nCHAI,MAIN,12\n", system, kind="stock")
    assert report.faults[0].message == (
        "Stock of CHAI at MAIN has moved already and is 11, not 12. Count or adjust it instead."
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("TEA,MAIN,1,,", "There is no item TEA."),
        ("CHAI,MOON,1,,", "There is no location MOON in use."),
        ("CHAI,MAIN,1.5,,", "CHAI comes in whole multiples of 1 box."),
        ("CHAI,MAIN,-1,,", "Quantity must not be negative."),
        ("CHAI,MAIN,1,B1,", "CHAI is not kept by batch number."),
        ("CHAI,MAIN,1,,2030-01-01", "Only batches expire."),
        ("MILK,MAIN,1,,", "MILK is kept by batch number: name it."),
        ("CHAI,MAIN,1e3,,", "Quantity must be a number in plain digits, like 1234.56."),
    ],
)
def test_a_wrong_row_of_stock_is_refused_with_a_sentence(system, row, sentence):
    load("items", chai(), chai(sku="MILK", name="Milk", tracking="batch"))
    report = take(f"sku,location,quantity,batch,expires_on\n{row}\n", system, kind="stock")
    assert [fault.message for fault in report.faults] == [sentence]
    assert count(StockMovement) == 0


def test_an_item_whose_stock_has_moved_keeps_its_tracking_and_unit(system):
    load("items", chai())
    take("sku,location,quantity\nCHAI,MAIN,12\n", system, kind="stock")
    report = take("sku,tracking\nCHAI,batch\n", system, kind="items")
    assert report.faults[0].message == (
        "Stock of CHAI has moved, so its kind of tracking stays. Add a new item instead."
    )
    assert take("sku,unit\nCHAI,kg\n", system, kind="items").wrong == 1
    assert count(Variant) == 1


def test_who_exports_needs_the_right_and_is_recorded(system):
    with pytest.raises(Forbidden):
        export_file("customers", actor=web.add_user(Role.SALES))
    before = count_events()
    export_file("customers", actor=system)
    assert count_events() == before + 1


def test_every_kind_names_its_required_columns(system):
    for kind in KINDS.values():
        assert set(kind.required) <= set(kind.columns)
        assert (kind.put is None) != (kind.documents is None)


INVOICES = (
    "invoice_number,customer,issue_date,due_date,total,open_amount\n"
    "OLD-1,ALFKI,2026-01-10,2026-02-09,119.00,119.00\nOLD-2,ALFKI,2026-02-10,2026-03-12,238.00,100.00\n"
)
PAYMENTS = (
    "customer,payment_date,amount,method,reference,invoice\n"
    "ALFKI,2026-03-01,119.00,BANK_TRANSFER,TX1,OLD-1\nALFKI,2026-03-01,50.00,BANK_TRANSFER,TX1,OLD-2\n"
    "ALFKI,2026-03-02,5.00,CASH,,\nALFKI,2026-03-02,5.00,CASH,,\n"
)


def open_amounts() -> dict[str, Decimal]:
    return {invoice.invoice_number: invoice.open_amount for invoice in db.session.scalars(select(Invoice))}


def test_opening_invoices_keep_their_numbers_and_are_taken_once(system):
    load("customers", alfki())
    assert take(INVOICES, system, kind="invoices").added == 2
    assert take(INVOICES, system, kind="invoices").unchanged == 2
    assert open_amounts() == {"OLD-1": Decimal(119), "OLD-2": Decimal(100)}
    assert count(NumberSeries) == 0


def test_payments_settle_opening_invoices_and_are_taken_once(system):
    load("customers", alfki())
    take(INVOICES, system, kind="invoices")
    assert take(PAYMENTS, system, kind="payments").added == 3
    assert take(PAYMENTS, system, kind="payments").unchanged == 3
    assert take(INVOICES, system, kind="invoices").unchanged == 2, "paid meanwhile, the same invoices nevertheless"
    assert open_amounts() == {"OLD-1": Decimal(0), "OLD-2": Decimal(50)}
    for kind in ("invoices", "payments"):
        report = take(export_file(kind, actor=system), system, kind=kind)
        assert (report.added, report.wrong) == (0, 0), report


def test_every_wrong_document_is_named_and_none_is_kept(system):
    load("customers", alfki())
    take(INVOICES, system, kind="invoices")
    wrong = PAYMENTS + "NOBODY,2026-03-01,1,CASH,,\n"
    wrong += "ALFKI,2026-03-01,500,BANK_TRANSFER,TX2,OLD-2\nALFKI,never,1,CASH,,\n"
    before = count_events()
    report = take(wrong, system, kind="payments")
    assert (report.kept, report.added, [fault.line for fault in report.faults]) == (False, 3, [6, 7, 8])
    assert (count(Payment), count_events()) == (0, before)
    assert take(wrong, system, kind="payments", skip_errors=True).added == 3
    assert count(Payment) == 3


def test_a_trial_of_documents_keeps_nothing(system):
    load("customers", alfki())
    report = take(INVOICES, system, kind="invoices", dry_run=True)
    assert (report.added, report.kept, count(Invoice)) == (2, False, 0)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("X-1,NOBODY,2026-01-10,2026-02-09,1,1", "There is no customer NOBODY."),
        ("X-1,ALFKI,2026-01-10,2026-02-09,1,2", "Open amount must be between 0 and the total."),
        ("X-1,ALFKI,2026-01-10,2026-01-09,1,1", "Due date must not be before the issue date."),
        ("X-1,ALFKI,2099-01-10,2099-02-09,1,1", "Issue date 2099-01-10 is in the future."),
        ("OLD-1,ALFKI,2026-01-10,2026-02-09,7,7", "Invoice OLD-1 is there already, with other content."),
    ],
)
def test_a_wrong_opening_invoice_is_refused_with_a_sentence(system, row, sentence):
    load("customers", alfki())
    take(INVOICES, system, kind="invoices")
    header = INVOICES.split("\n", maxsplit=1)[0]
    report = take(f"{header}\n{row}\n", system, kind="invoices")
    assert [fault.message for fault in report.faults] == [sentence]

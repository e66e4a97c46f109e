from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import web
from tests.support.masters import alfki, chai, load
from tests.support.statements import count_statements
from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.domain.permissions import Role
from webapp.pages.customers.lists import CustomerFilter, Owed, customer_list
from webapp.pages.customers.page import credit_bar, customer_page
from webapp.pages.home import search
from webapp.pages.items.lists import ItemFilter, Stock, category_tree, item_list
from webapp.pages.items.page import item_page
from webapp.pages.pricing import lists as prices
from webapp.services.importing.files import Task, import_file
from webapp.services.items.records import add_category, change_category
from webapp.services.stock.bulk import load_stock


@pytest.fixture
def nancy(system):
    return web.add_user(Role.SALES)


def codes(user, **wanted) -> list[str]:
    found = customer_list(CustomerFilter(**wanted), user=user)
    return [customer.code for customer in found.page.rows]


def test_customers_are_searched_filtered_and_sorted(nancy):
    load(
        "customers",
        alfki(sales_rep="nancy@example.com", contact="Maria Anders"),
        alfki(code="QUICK", name="QUICK-Stop", status="blocked"),
        alfki(code="50%", name="Fifty_Per Cent") | {"code": "FIFTY"},
    )
    assert codes(nancy) == ["ALFKI", "FIFTY", "QUICK"]
    assert codes(nancy, sort="-code") == ["QUICK", "FIFTY", "ALFKI"]
    assert codes(nancy, q="qui") == ["QUICK"]
    assert codes(nancy, q="anders") == ["ALFKI"]
    assert codes(nancy, q="y_p") == ["FIFTY"], "an underscore is an underscore"
    assert codes(nancy, q="%") == []
    assert codes(nancy, status="blocked") == ["QUICK"]
    assert codes(nancy, status="nonsense", sort="nonsense") == ["ALFKI", "FIFTY", "QUICK"]
    assert codes(nancy, rep="nancy@example.com") == ["ALFKI"]


def test_a_list_goes_on_after_the_last_row_shown(nancy):
    load("customers", *(alfki(code=f"C{n:03}", name=f"Name {n:03}") for n in range(60)))
    first = customer_list(CustomerFilter(), user=nancy)
    rest = customer_list(CustomerFilter(), user=nancy, cursor=first.page.cursor)
    assert [len(first.page.rows), len(rest.page.rows)] == [50, 10]
    assert rest.page.rows[0].code == "C050"


def test_a_list_says_what_each_customer_owes_and_what_of_it_is_overdue(nancy, system):
    load("customers", alfki(), alfki(code="B", name="Berg"))
    data = b"invoice_number,customer,issue_date,due_date,total,open_amount\n"
    data += b"O1,ALFKI,2020-01-01,2020-02-01,100,40\nO2,ALFKI,2020-01-01,2199-01-01,10,10\n"
    import_file(data, Task("invoices", "old.csv"), actor=system)
    found = customer_list(CustomerFilter(), user=nancy)
    assert [found.of(customer) for customer in found.page.rows] == [
        Owed(Decimal(50), Decimal(40)),
        Owed(),
    ]
    page = customer_page("ALFKI", nancy)
    assert [invoice.invoice_number for invoice in page.invoices] == ["O1", "O2"]
    assert page.standing.exposure.total == Decimal(50)
    assert page.credit_left is None


def test_who_sees_only_their_own_customers_finds_no_others(system):
    own = web.add_user(Role.SALES, own_customers_only=True)
    load("customers", alfki(sales_rep=own.email), alfki(code="OTHER", name="Alfreds brother"))
    assert codes(own) == ["ALFKI"]
    assert [hit.number for hit in search.search("alfreds", own)] == ["ALFKI"]
    with pytest.raises(NotFound):
        customer_page("OTHER", own)


def test_the_bar_shows_the_parts_of_the_exposure_and_the_excess(nancy, system):
    load("customers", alfki(credit_limit="50"))
    data = b"invoice_number,customer,issue_date,due_date,total,open_amount\nO1,ALFKI,2020-01-01,2020-02-01,100,100\n"
    import_file(data, Task("invoices", "old.csv"), actor=system)
    bar = credit_bar(customer_page("ALFKI", nancy))
    assert (bar.parts, bar.limit_at, bar.over) == ([(Decimal(100), 0)], Decimal(50), Decimal(50))


def test_a_category_holds_what_its_sub_categories_hold(system):
    load("items", chai(category="Tea"), chai(sku="BEER", name="Beer", category="Beer"), chai(sku="NUT", name="Nut"))
    add_category("Drinks", actor=system)
    change_category("Tea", new_name="Tea", parent="Drinks", actor=system)
    change_category("Beer", new_name="Beer", parent="Drinks", actor=system)

    def skus(**wanted) -> list[str]:
        return [one.sku for one in item_list(ItemFilter(**wanted)).page.rows]

    assert skus(category="Drinks") == ["BEER", "CHAI"]
    assert skus(category="Tea") == ["CHAI"]
    assert [(row.name, row.depth) for row in category_tree()] == [("Drinks", 0), ("Beer", 1), ("Tea", 1)]


def test_items_are_found_by_sku_name_and_barcode_and_below_their_reorder_level(system, nancy):
    load("items", chai(barcode="4006381333931", reorder_level="10"), chai(sku="OLD", name="Old", is_active="no"))
    load_stock([{"sku": "CHAI", "location": "MAIN", "quantity": "4", "unit_cost": "1"}], actor=system)

    def skus(**wanted) -> list[str]:
        return [one.sku for one in item_list(ItemFilter(**wanted)).page.rows]

    assert skus(q="4006381333931") == skus(q="cha") == skus(state="low") == ["CHAI"]
    assert skus(state="inactive") == ["OLD"]
    page = item_page("CHAI", nancy)
    assert (page.stock, page.stock.free) == (Stock(Decimal(4), Decimal(0)), Decimal(4))


def test_a_price_list_shows_its_items_with_their_breaks(nancy):
    load("items", chai(), chai(sku="BEER", name="Beer"))
    load("customers", alfki(price_list="RETAIL"))
    rows = [{"list": "RETAIL", "sku": "CHAI", "min_quantity": q, "unit_price": "1"} for q in ("0", "24")]
    load("prices", *rows, {"customer": "ALFKI", "sku": "BEER", "unit_price": "2"})
    found = prices.rows_of_list(prices.find_list("RETAIL"))
    assert [(one.sku, [row.min_quantity for row in found.of(one)]) for one in found.items.rows] == [
        ("CHAI", [Decimal(0), Decimal(24)])
    ]
    index = prices.prices_index(nancy)
    assert [(one.price_list.code, one.rows, one.customers) for one in index.lists] == [("RETAIL", 2, 1)]
    assert [(customer.code, count) for customer, count in index.customers] == [("ALFKI", 1)]


def test_search_finds_across_kinds_and_an_exact_number_alone(nancy):
    load("customers", alfki(), alfki(code="CHAINS", name="Chains Ltd"))
    load("items", chai(), chai(sku="CHANG", name="Chang"))
    assert [(hit.kind, hit.number) for hit in search.search("cha", nancy)] == [
        ("customer", "CHAINS"),
        ("item", "CHAI"),
        ("item", "CHANG"),
    ]
    assert search.exact_hit("chai", nancy) == search.Hit("item", "CHAI", "Chai")
    assert search.exact_hit("cha", nancy) is None
    assert search.search("c", nancy) == []


LISTS = {
    "customers": lambda user: customer_list(CustomerFilter(), user=user),
    "items": lambda user: item_list(ItemFilter()),
    "prices": lambda user: prices.rows_of_list(prices.find_list("RETAIL")),
    "index": prices.prices_index,
    "search": lambda user: search.search("name", user),
    "customer": lambda user: customer_page("C0", user),
    "item": lambda user: item_page("I0", user),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_read_takes_the_same_number_of_statements_for_1_and_for_30_rows(nancy, system, kind):
    def fill(begin: int, end: int) -> None:
        numbers = range(begin, end)
        load("customers", *(alfki(code=f"C{n}", name=f"Name {n}", sales_rep="nancy@example.com") for n in numbers))
        load("items", *(chai(sku=f"I{n}", name=f"Name {n}", category=f"Cat {n}") for n in numbers))
        load("prices", *({"list": "RETAIL", "sku": f"I{n}", "unit_price": "1"} for n in numbers))
        load("prices", *({"customer": f"C{n}", "sku": f"I{n}", "unit_price": "1"} for n in numbers))

    def read() -> None:
        db.session.rollback()
        LISTS[kind](nancy)

    fill(0, 1)
    read()
    few = count_statements(read)
    fill(1, 30)
    assert count_statements(read) == few

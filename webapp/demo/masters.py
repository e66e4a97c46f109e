"""The demo's master data: the company, tax, warehouse, customers, items, prices and the opening receipt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from webapp.demo import rules
from webapp.demo.northwind import COUNTRIES, Northwind, Row, address, one_line, sku
from webapp.demo.people import COMPANY
from webapp.domain.pricing.lists import Basis
from webapp.domain.promotions.terms import Benefit
from webapp.models import ApprovalPolicy, Company, User
from webapp.services.company import change_company, found_company, the_company
from webapp.services.customers.bulk import load_customers
from webapp.services.items.bulk import load_items
from webapp.services.pricing.bulk import load_prices
from webapp.services.pricing.lists import add_price_list
from webapp.services.promotions.authoring import add_promotion, launch_promotion
from webapp.services.stock.locations import add_location
from webapp.services.stock.receipts import ReceiptLine, receive_stock
from webapp.services.taxes.codes import add_tax_code, set_tax_class_rule

ZONE = "Europe/London"
WAREHOUSE = "LONDON"
STANDARD, ZERO_RATED, EXPORT = "STD", "EXP", "export"
OLD_LIST = "STANDARD"
SINCE = date(2011, 1, 4)
"""The day of the standard rate."""
APPROVED_BY_POLICY_UP_TO = Decimal(2500)
OFFERED_FOR = timedelta(days=42)


def found() -> Company:
    """The company: Northwind's London office, where four of its nine employees sit."""
    return found_company(
        name=COMPANY,
        street="14 Garrett Hill",
        postal_code="SW1 8JR",
        city="London",
        country=rules.HOME,
        tax_id="GB999999973",
        email="accounts@northwind.example",
        phone="(71) 555-4848",
        bank_details="Sort code 00-00-00, account 00000000",
        invoice_footer="A demonstration company. Goods, people and firms are fictional.",
        base_currency=rules.CURRENCY,
        time_zone=ZONE,
    )


def set_up(northwind: Northwind, *, admin: User) -> None:
    """Tax, warehouse, customers, items and prices, and the settings that name them."""
    _add_taxes(admin)
    location = add_location(WAREHOUSE, "London warehouse", actor=admin)
    old_list = add_price_list(code=OLD_LIST, name="Standard", currency=rules.CURRENCY, actor=admin)
    load_items([_item(row, northwind) for row in northwind.products], actor=admin)
    load_prices(list(_old_prices(northwind)), actor=admin)
    change_company(
        version=the_company().version,
        default_location_id=location.id,
        default_price_list_id=old_list.id,
        approval_policy=ApprovalPolicy.UP_TO_AMOUNT,
        approval_policy_amount=APPROVED_BY_POLICY_UP_TO,
        actor=admin,
    )


def add_customers(northwind: Northwind, representatives: dict[str, str], *, actor: User) -> None:
    """All customers with their limits; ``representatives`` names the e-mail of whom each buys from."""
    home = {row["CustomerID"] for row in northwind.customers if rules.is_home(COUNTRIES[row["Country"]])}
    limits = rules.credit_limits(northwind, home)
    load_customers(
        [
            _customer(row, limits[row["CustomerID"]], representatives.get(row["CustomerID"], ""))
            for row in northwind.customers
        ],
        actor=actor,
    )


def receive_opening_stock(northwind: Northwind, *, actor: User) -> None:
    """What was shipped since and what is there today, received on the first day."""
    shipped = northwind.shipped_quantities()
    lines = [
        ReceiptLine(sku(product), quantity, rules.cost(Decimal(row["UnitPrice"])))
        for row in northwind.products
        if (quantity := shipped.get(product := row["ProductID"], Decimal(0)) + Decimal(row["UnitsInStock"]))
    ]
    receive_stock(WAREHOUSE, lines, reference="Opening stock", actor=actor)


def discontinue(northwind: Northwind, *, actor: User) -> None:
    """Take the products off sale that Northwind calls discontinued; they were sold until then."""
    rows = [
        {"sku": sku(row["ProductID"]), "is_active": False} for row in northwind.products if row["Discontinued"] == "1"
    ]
    load_items(rows, actor=actor)


def offer(since: date, *, actor: User) -> None:
    """Promotions from one day on, one of them with a coupon and one still a draft, and a draft of a price list."""
    until = since + OFFERED_FOR
    launch_promotion(
        code="TEATIME",
        name="Two dozen and one",
        benefit=Benefit.FREE_GOODS,
        buy_quantity=24,
        free_quantity=1,
        categories="Beverages",
        valid_from=since,
        valid_to=until,
        actor=actor,
    )
    launch_promotion(
        code="WELCOME",
        name="Welcome back",
        percent=5,
        over_lines=True,
        min_amount=500,
        currency=rules.CURRENCY,
        coupon="WELCOME5",
        max_uses=20,
        max_uses_per_customer=1,
        stackable=True,
        actor=actor,
    )
    add_promotion(
        code="SEAFOOD",
        name="Seafood by the case",
        percent=10,
        categories="Seafood",
        min_quantity=12,
        valid_from=until + timedelta(days=1),
        valid_to=until + OFFERED_FOR,
        actor=actor,
    )
    add_price_list(
        code="PARTNER",
        name="Partners",
        currency=rules.CURRENCY,
        basis=Basis.BASE,
        percent=-8,
        rounding_step="0.05",
        is_active=False,
        actor=actor,
    )


def _add_taxes(admin: User) -> None:
    add_tax_code(
        code=STANDARD, name="VAT, standard rate", category="S", percent=rules.VAT_PERCENT, valid_from=SINCE, actor=admin
    )
    add_tax_code(
        code=ZERO_RATED,
        name="Export, zero-rated",
        category="G",
        exemption_reason="Export of goods from the United Kingdom, zero-rated.",
        percent=0,
        valid_from=SINCE,
        actor=admin,
    )
    set_tax_class_rule(EXPORT, STANDARD, ZERO_RATED, actor=admin)


def _item(row: Row, northwind: Northwind) -> dict[str, Any]:
    return {
        "sku": sku(row["ProductID"]),
        "name": row["ProductName"],
        "category": northwind.categories[row["CategoryID"]]["CategoryName"],
        "description": row["QuantityPerUnit"],
        "base_price": Decimal(row["UnitPrice"]),
        "tax_code": STANDARD,
        "reorder_level": Decimal(row["ReorderLevel"]),
    }


def _old_prices(northwind: Northwind) -> Iterable[dict[str, Any]]:
    for product, price in northwind.old_prices().items():
        yield {
            "list": OLD_LIST,
            "sku": sku(product),
            "unit_price": price,
            "valid_to": northwind.old_prices_until,
        }


def _customer(row: Row, limit: Decimal, representative: str) -> dict[str, Any]:
    code, country = row["CustomerID"], COUNTRIES[row["Country"]]
    return {
        "code": code,
        "name": one_line(row["CompanyName"]),
        "contact": one_line(f"{row['ContactName']}, {row['ContactTitle']}"),
        "email": f"accounts@{code.lower()}.example",
        "phone": row["Phone"],
        "currency": rules.CURRENCY,
        "credit_limit": limit,
        "payment_terms": rules.TERMS,
        "tax_class": "domestic" if rules.is_home(country) else EXPORT,
        "tolerated_days": rules.TOLERATED_DAYS,
        "tolerated_amount": rules.TOLERATED_AMOUNT,
        "sales_rep": representative,
        "billing_address": address(row, "", row["CompanyName"]),
    }

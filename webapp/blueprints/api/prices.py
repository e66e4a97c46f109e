"""Price lists, prices agreed with customers, and the price of an item with its derivation."""

from __future__ import annotations

from typing import Any

from flask import url_for

from webapp.blueprints.api.routing import Answer, does, listed, reads
from webapp.blueprints.api.schemas.base import ListQuery
from webapp.blueprints.api.schemas.prices import (
    CustomerPriceInput,
    CustomerPricePage,
    CustomerPriceQuery,
    CustomerPriceRow,
    ItemPrice,
    ItemPriceQuery,
    PriceInput,
    PriceListInput,
    PriceListOutput,
    PriceListPage,
    PricePage,
    PriceQuery,
    PriceRow,
)
from webapp.domain.permissions import Permission
from webapp.models import Customer, PriceList, Variant
from webapp.pages.pricing.for_api import customer_prices_page, list_prices_page, price_lists_page, stored_price
from webapp.queries.references import at_path, referred
from webapp.services.pricing.derivation import get_item_price
from webapp.services.pricing.lists import add_price_list, put_price
from webapp.services.pricing.of_customers import put_customer_price
from webapp.web.auth import program


@reads("/price_lists/", Permission.PRICES_READ, PriceListPage, query=ListQuery)
def list_price_lists(query: ListQuery) -> PriceListPage:
    """Price lists by code."""
    page = price_lists_page(cursor=query.cursor, limit=query.limit)
    return PriceListPage(**listed(page, [PriceListOutput.of(row, program()) for row in page.rows]))


@reads("/price_lists/<ref>/", Permission.PRICES_READ, PriceListOutput)
def show_price_list(ref: str) -> PriceListOutput:
    """One price list, by code or id."""
    return PriceListOutput.of(at_path(PriceList, ref, program()), program())


@does("/price_lists/", add_price_list, PriceListOutput, body=PriceListInput, status=201)
def create_price_list(body: PriceListInput) -> Answer:
    """Add a price list."""
    values = body.model_dump()
    values["parent"] = "" if body.parent is None else _code(PriceList, body.parent, "parent")
    made = add_price_list(**values, actor=program())
    return Answer(PriceListOutput.of(made, program()), 201, url_for("api.show_price_list", ref=made.code))


@reads("/price_lists/<ref>/prices/", Permission.PRICES_READ, PricePage, query=PriceQuery)
def list_prices(query: PriceQuery, ref: str) -> PricePage:
    """The rows of a list."""
    page = list_prices_page(
        at_path(PriceList, ref, program()).id,
        variant_id=_id(Variant, query.sku, "sku"),
        cursor=query.cursor,
        limit=query.limit,
    )
    return PricePage(**listed(page, [PriceRow.of_list(row) for row in page.rows]))


@does("/price_lists/<ref>/prices/", put_price, PriceRow, body=PriceInput, status=201)
def create_price(body: PriceInput, ref: str) -> Answer:
    """Add a row to a list, or change the row of the same item, quantity and first day."""
    price_list = at_path(PriceList, ref, program())
    variant = referred(Variant, body.sku, program(), field="sku")
    put_price(price_list.code, actor=program(), **_price(body, variant.sku))
    row = stored_price(price_list, variant.id, body.min_quantity, body.valid_from)
    return Answer(PriceRow.of_list(row), 201, url_for("api.list_prices", ref=price_list.code, sku=variant.sku))


@reads("/customer_prices/", Permission.PRICES_READ, CustomerPricePage, query=CustomerPriceQuery)
def list_customer_prices(query: CustomerPriceQuery) -> CustomerPricePage:
    """Prices agreed with customers."""
    page = customer_prices_page(
        user=program(),
        customer_id=_id(Customer, query.customer, "customer"),
        variant_id=_id(Variant, query.sku, "sku"),
        cursor=query.cursor,
        limit=query.limit,
    )
    return CustomerPricePage(**listed(page, [CustomerPriceRow.of_customer(row) for row in page.rows]))


@does("/customer_prices/", put_customer_price, CustomerPriceRow, body=CustomerPriceInput, status=201)
def create_customer_price(body: CustomerPriceInput) -> Answer:
    """Agree on a price, or change the one of the same item, quantity and first day."""
    customer = referred(Customer, body.customer, program(), field="customer")
    variant = referred(Variant, body.sku, program(), field="sku")
    put_customer_price(customer.code, actor=program(), **_price(body, variant.sku))
    row = CustomerPriceRow.of_customer(stored_price(customer, variant.id, body.min_quantity, body.valid_from))
    return Answer(row, 201, url_for("api.list_customer_prices", customer=customer.code, sku=variant.sku))


@reads("/pricing/price/", Permission.PRICES_READ, ItemPrice, query=ItemPriceQuery)
def show_item_price(query: ItemPriceQuery) -> ItemPrice:
    """What an item costs a customer, with every rule that won or lost."""
    user = program()
    found = get_item_price(
        referred(Variant, query.sku, user, field="sku"),
        referred(Customer, query.customer, user, field="customer"),
        query.quantity,
        _id(PriceList, query.price_list, "price_list"),
        on=query.on,
    )
    return ItemPrice.of(found)


def _price(body: PriceInput, sku: str) -> dict[str, Any]:
    values = body.model_dump(include={"min_quantity", "unit_price", "valid_from", "valid_to"})
    return {"sku": sku, **{name: "" if value is None else value for name, value in values.items()}}


def _id(model: type[Any], reference: Any, field: str) -> int | None:
    return None if reference is None else int(referred(model, reference, program(), field=field).id)


def _code(model: type[Any], reference: Any, field: str) -> str:
    return str(referred(model, reference, program(), field=field).code)

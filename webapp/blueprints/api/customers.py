"""Customers and their credit."""

from __future__ import annotations

from typing import Any

from flask import url_for

from webapp.blueprints.api.routing import Answer, changes, does, listed, reads
from webapp.blueprints.api.schemas.customers import (
    CreditOutput,
    CreditQuery,
    CustomerChange,
    CustomerInput,
    CustomerList,
    CustomerOutput,
    CustomerQuery,
)
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.models import Customer, PriceList
from webapp.pages.customers.for_api import customers_page
from webapp.queries.customers.records import customers_by_code
from webapp.queries.references import at_path, referred
from webapp.services.credit import check_credit_limit
from webapp.services.customers.records import add_customer, change_customer
from webapp.web.auth import program


@reads("/customers/", Permission.CUSTOMERS_READ, CustomerList, query=CustomerQuery)
def list_customers(query: CustomerQuery) -> CustomerList:
    """Customers by code."""
    page = customers_page(
        user=program(),
        code=query.code,
        status=query.status,
        search=query.search,
        cursor=query.cursor,
        limit=query.limit,
    )
    return CustomerList(**listed(page, [CustomerOutput.of(row) for row in page.rows]))


@reads("/customers/<ref>/", Permission.CUSTOMERS_READ, CustomerOutput)
def show_customer(ref: str) -> CustomerOutput:
    """One customer, by code or id."""
    return _customer(at_path(Customer, ref, program()).code)


@does("/customers/", add_customer, CustomerOutput, body=CustomerInput, status=201)
def create_customer(body: CustomerInput) -> Answer:
    """Add a customer."""
    code = add_customer(**_values(body), actor=program()).code
    return Answer(_customer(code), 201, url_for("api.show_customer", ref=code))


@changes("/customers/<ref>/", change_customer, CustomerOutput, body=CustomerChange)
def change_customer_of(body: CustomerChange, ref: str, version: int) -> CustomerOutput:
    """Change fields of a customer; the others stay."""
    code = at_path(Customer, ref, program()).code
    change_customer(code, version=version, actor=program(), **_values(body))
    return _customer(code)


@reads("/customers/<ref>/credit/", Permission.CREDIT_READ, CreditOutput, query=CreditQuery)
def show_credit(query: CreditQuery, ref: str) -> CreditOutput:
    """Whether an order of an amount would fit the customer's credit today; nothing is stored."""
    customer = at_path(Customer, ref, program())
    amount = fields.money(customer.currency)(query.order_amount, "order_amount")
    return CreditOutput.of(check_credit_limit(customer, amount), customer.currency)


def _customer(code: str) -> CustomerOutput:
    return CustomerOutput.of(customers_by_code([code])[code])


def _values(body: CustomerInput | CustomerChange) -> dict[str, Any]:
    """The fields that were sent, as the services take them: by code, nothing as empty."""
    values = body.model_dump(exclude_unset=True, exclude={"version"})
    if values.get("price_list") is not None:
        values["price_list"] = referred(PriceList, values["price_list"], program(), field="price_list").code
    return {name: "" if value is None else value for name, value in values.items()}

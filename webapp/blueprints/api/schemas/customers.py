"""Customers, and what their credit allows."""

from __future__ import annotations

from decimal import Decimal

from webapp.blueprints.api.schemas.base import (
    AddressInput,
    AddressOutput,
    Amount,
    Code,
    Count,
    Flag,
    Input,
    ListQuery,
    Money,
    Output,
    Reference,
    Sentence,
    Text,
    Version,
    Word,
)
from webapp.domain.credit_control.rule import CreditCheck
from webapp.domain.money import plain
from webapp.models import Address, AddressKind, Customer
from webapp.queries.customers.records import own_default_address


class CustomerFields(Input):
    """What a customer's record may carry. ``credit_limit`` null is no limit, 0 prepayment only."""

    email: Sentence | None = None
    tax_id: Word | None = None
    credit_limit: Amount | None = None
    price_list: Reference | None = None
    billing_address: AddressInput | None = None
    shipping_address: AddressInput | None = None
    contact: Sentence | None = None
    phone: Word | None = None
    group: Word | None = None
    sales_rep: Sentence | None = None
    tax_class: Word | None = None
    minimum_order_value: Amount | None = None
    tolerated_days: int | None = None
    tolerated_amount: Amount | None = None
    ship_complete: Flag | None = None
    priority: int | None = None
    language: Word | None = None
    notes: Text | None = None


class CustomerInput(CustomerFields):
    """A new customer."""

    code: Code
    name: Sentence
    currency: Word
    payment_terms: Word


class CustomerChange(CustomerFields):
    """What changes; fields that are not named stay."""

    name: Sentence | None = None
    currency: Word | None = None
    payment_terms: Word | None = None
    status: Word | None = None
    version: Version | None = None


class CustomerQuery(ListQuery):
    """Which customers: by code, status, or words in code or name."""

    code: Word | None = None
    status: Word | None = None
    search: Word | None = None


class CustomerOutput(Output):
    """A customer."""

    id: int
    version: int
    code: str
    name: str
    status: str
    email: str
    phone: str
    contact: str
    tax_id: str
    tax_class: str
    currency: str
    credit_limit: Money | None
    payment_terms: str
    price_list: str | None
    group: str | None
    sales_rep: str | None
    billing_address: AddressOutput | None
    shipping_address: AddressOutput | None
    minimum_order_value: Money
    tolerated_days: int
    tolerated_amount: Money
    ship_complete: bool
    priority: int
    language: str

    @classmethod
    def of(cls, customer: Customer) -> CustomerOutput:
        """The customer, loaded with its parts."""
        currency, limit = customer.currency, customer.credit_limit
        return cls(
            id=customer.id,
            version=customer.version,
            code=customer.code,
            name=customer.name,
            status=customer.status.value,
            email=customer.email,
            phone=customer.phone,
            contact=customer.contact,
            tax_id=customer.tax_id,
            tax_class=customer.tax_class,
            currency=currency,
            credit_limit=None if limit is None else plain(limit, currency),
            payment_terms=customer.payment_terms_code,
            price_list=customer.price_list.code if customer.price_list else None,
            group=customer.group.code if customer.group else None,
            sales_rep=customer.sales_rep.email if customer.sales_rep else None,
            billing_address=_address(own_default_address(customer, AddressKind.BILLING)),
            shipping_address=_address(own_default_address(customer, AddressKind.SHIPPING)),
            minimum_order_value=plain(customer.minimum_order_value, currency),
            tolerated_days=customer.tolerated_days,
            tolerated_amount=plain(customer.tolerated_amount, currency),
            ship_complete=customer.ship_complete,
            priority=customer.priority,
            language=customer.language,
        )


class CustomerList(Output):
    """A page of customers, by code."""

    results: list[CustomerOutput]
    next: str | None


class CreditQuery(Input):
    """The amount to be weighed, tax included, in the customer's currency."""

    order_amount: Amount = Decimal(0)


class CreditOutput(Output):
    """Whether an amount fits the customer's credit today, with every number that was weighed."""

    approved: bool
    credit_limit: Money | None
    outstanding_balance: Money
    open_orders: Money
    available_credit: Money | None
    order_amount: Money
    message: str
    overdue_amount: Money
    overdue_days: Count

    @classmethod
    def of(cls, check: CreditCheck, currency: str) -> CreditOutput:
        """The check, its amounts as strings."""
        return cls(
            approved=check.approved,
            credit_limit=_or_none(check.credit_limit, currency),
            outstanding_balance=plain(check.outstanding_balance, currency),
            open_orders=plain(check.open_orders, currency),
            available_credit=_or_none(check.available_credit, currency),
            order_amount=plain(check.order_amount, currency),
            message=check.message,
            overdue_amount=plain(check.overdue_amount, currency),
            overdue_days=check.overdue_days,
        )


def _or_none(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else plain(amount, currency)


def _address(address: Address | None) -> AddressOutput | None:
    return None if address is None else AddressOutput(**address.as_dict())

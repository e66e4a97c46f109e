"""What may stand in a customer's record, and putting it there: shared by the commands for one and for many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, or_, select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.domain.importing.records import ADDRESS_FIELDS, ADDRESS_KINDS, customer_table
from webapp.domain.states import CustomerStatus
from webapp.models import (
    Address,
    AddressKind,
    Customer,
    CustomerGroup,
    Invoice,
    Order,
    Payment,
    PaymentTerm,
    PriceList,
    User,
)
from webapp.queries.customers.records import customer_record, own_default_address
from webapp.services.changes import Change
from webapp.services.credit_control import holds as credit_holds
from webapp.services.taxes.tax_ids import check_tax_id

PLAIN = (
    "name", "currency", "credit_limit", "contact", "email", "phone", "tax_id", "tax_class", "minimum_order_value",
    "tolerated_days", "tolerated_amount", "ship_complete", "priority", "language", "status", "notes",
)  # fmt: skip
"""Fields that are columns under their own name."""


def recheck_credit(customer: Customer, change: Change, *, actor: User) -> None:
    """After a lower limit or a block, hold the (locked) customer's confirmed orders that no longer fit."""
    if change.after.get("status") is CustomerStatus.BLOCKED:
        credit_holds.end_releases(customer, f"Customer {customer.code} was blocked.", actor=actor)
    if _tightens_credit(change):
        credit_holds.recheck_customer(customer, actor=actor)


def _tightens_credit(change: Change) -> bool:
    if change.after.get("status") is CustomerStatus.BLOCKED:
        return True
    if "credit_limit" not in change.after:
        return False
    old, new = change.before["credit_limit"], change.after["credit_limit"]
    return new is not None and (old is None or new < old)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with addresses given as mappings (``billing_address={"city": …}``) spread into flat fields."""
    spread: dict[str, Any] = {}
    for name, value in values.items():
        kind = name.removesuffix("_address")
        if kind in ADDRESS_KINDS and name != kind:
            spread |= {f"{kind}_{field}": (value or {}).get(field, "") for field in ADDRESS_FIELDS}
            _refuse_unknown(name, value or {})
        else:
            spread[name] = value
    return spread


def _refuse_unknown(name: str, address: Mapping[str, Any]) -> None:
    for field in address:
        if field not in ADDRESS_FIELDS:
            raise BadInput(f"{field} is not a field of an address.", field=name)


class CustomerWriter:
    """Checks and writes customers' records; what records refer to is looked up once."""

    def __init__(self) -> None:
        self._terms = set(db.session.scalars(select(PaymentTerm.code)))
        self._groups = _ids(select(CustomerGroup.code, CustomerGroup.id))
        self._reps = _ids(select(User.email, User.id).where(~User.is_system))
        lists = db.session.execute(select(PriceList.code, PriceList.id, PriceList.currency)).all()
        self._lists = {code: (list_id, currency) for code, list_id, currency in lists}

    def add(self, values: Mapping[str, Any]) -> Customer:
        """A new customer in the session. Raises BadInput."""
        table = customer_table(fields.currency(values.get("currency"), "currency"))
        record = _named_addresses(fields.read_whole(table, values), str(values.get("name") or ""))
        self._check(record, record)
        customer = Customer(code=record["code"], created_at=clock.now(), addresses=[])
        self._write(customer, record)
        db.session.add(customer)
        return customer

    def read_change(self, customer: Customer, values: Mapping[str, Any]) -> Change | None:
        """What ``values`` would change, checked; None when nothing. Raises BadInput."""
        currency = values.get("currency") or customer.currency
        record = fields.read(customer_table(fields.currency(currency, "currency")), values)
        before = customer_record(customer)
        record = _named_addresses(record, record.get("name") or customer.name)
        after = {field: value for field, value in record.items() if before[field] != value}
        if not after:
            return None
        self._check(after, before | after)
        _check_immutable(customer, after)
        return Change({field: before[field] for field in after}, after)

    def write(self, customer: Customer, change: Change) -> None:
        """Put a change, checked before, into the customer."""
        self._write(customer, change.after)
        customer.bump()

    def _check(self, given: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
        wrong: dict[str, str] = {}
        for field, known, words in (
            ("payment_terms", self._terms, "payment terms"),
            ("price_list", self._lists, "price list"),
            ("group", self._groups, "customer group"),
            ("sales_rep", self._reps, "user"),
        ):
            if given.get(field) and given[field] not in known:
                wrong[field] = f"There is no {words} {given[field]}."
        if "price_list" not in wrong and whole["price_list"] and {"price_list", "currency"} & given.keys():
            of_list = self._lists[whole["price_list"]][1]
            if of_list != whole["currency"]:
                wrong["price_list"] = f"Price list {whole['price_list']} is in {of_list}, not {whole['currency']}."
        for kind in ADDRESS_KINDS:
            stands = any(whole[f"{kind}_{field}"] for field in ADDRESS_FIELDS)
            if stands and not whole[f"{kind}_country"]:
                wrong[f"{kind}_country"] = f"{kind.capitalize()} country is missing."
        fields.refuse_all(wrong)
        if {"tax_id", "billing_country"} & given.keys():
            check_tax_id(whole["tax_id"], whole["billing_country"])

    def _write(self, customer: Customer, record: Mapping[str, Any]) -> None:
        for field in PLAIN:
            if field in record:
                setattr(customer, field, record[field])
        if "payment_terms" in record:
            customer.payment_terms_code = record["payment_terms"]
        if "price_list" in record:
            customer.price_list_id = self._lists[record["price_list"]][0] if record["price_list"] else None
        if "group" in record:
            customer.group_id = self._groups[record["group"]] if record["group"] else None
        if "sales_rep" in record:
            customer.sales_rep_id = self._reps[record["sales_rep"]] if record["sales_rep"] else None
        for kind in AddressKind:
            _write_address(customer, kind, record)


def _ids(statement: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in db.session.execute(statement)}


def _named_addresses(record: dict[str, Any], name: str) -> dict[str, Any]:
    """An address without a name of its own is the customer's."""
    for kind in ADDRESS_KINDS:
        stands = any(record.get(f"{kind}_{field}") for field in ADDRESS_FIELDS)
        if stands and record.get(f"{kind}_name") == "":
            record[f"{kind}_name"] = name.strip()
    return record


def _check_immutable(customer: Customer, after: Mapping[str, Any]) -> None:
    if "code" in after:
        raise BadInput("A customer's code stays what it is: documents and files name it.", field="code")
    if "currency" in after and _has_documents(customer.id):
        raise BadInput(
            f"{customer.code} has documents in {customer.currency}, so its currency stays. Add a second customer for"
            f" {after['currency']}.",
            field="currency",
        )


def _has_documents(customer_id: int) -> bool:
    owned = (exists().where(model.customer_id == customer_id) for model in (Order, Invoice, Payment))
    return bool(db.session.scalar(select(or_(*owned))))


def _write_address(customer: Customer, kind: AddressKind, record: Mapping[str, Any]) -> None:
    prefix = f"{kind.value.lower()}_"
    given = {field: record[prefix + field] for field in ADDRESS_FIELDS if prefix + field in record}
    if not given:
        return
    address = own_default_address(customer, kind)
    if address is None:
        if any(given.values()):
            whole = dict.fromkeys(ADDRESS_FIELDS, "") | given
            customer.addresses.append(Address(kind=kind, is_default=True, **whole))
        return
    for field, value in given.items():
        setattr(address, field, value)
    if not any(getattr(address, field) for field in ADDRESS_FIELDS):
        customer.addresses.remove(address)
        db.session.delete(address)

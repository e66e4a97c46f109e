"""Customers: adding and changing their records, further delivery addresses, groups, and blocking them by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, IllegalMove, NotFound, Refused
from webapp.domain.importing import fields
from webapp.domain.importing.records import address_table
from webapp.domain.permissions import Permission
from webapp.domain.states import CustomerStatus
from webapp.domain.text import given_reason
from webapp.models import Address, AddressKind, Customer, CustomerGroup, PriceList, User
from webapp.queries.customers.records import customer_ids, customer_record, own_default_address
from webapp.services import audit, locks
from webapp.services.authorize import require
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.credit_control import holds as credit_holds
from webapp.services.customers.record_fields import CustomerWriter, flat, recheck_credit
from webapp.services.versions import require_current

CREDIT_FIELDS = frozenset({"credit_limit", "tolerated_days", "tolerated_amount"})
"""What decides whether an order fits the customer's credit; it takes the right to set limits."""


@command(Permission.CUSTOMERS_WRITE, Permission.CREDIT_LIMIT)
def add_customer(*, actor: User, **values: Any) -> Customer:
    """Add a customer; ``values`` names fields of ``webapp.domain.importing.records``, addresses flat or as mappings.

    The credit limit is empty for no limit and 0 for prepayment only, in the customer's currency. Raises BadInput (all
    bad fields in its details), Refused for a code that is taken, Forbidden.
    """
    record = flat(values)
    if customer_ids([str(record.get("code") or "").strip()]):
        raise BadInput(f"There is a customer {record['code']} already.", field="code")
    customer = CustomerWriter().add(record)
    db.session.flush()
    audit.record(Action.CUSTOMER_ADDED, customer, actor=actor, after=record)
    return customer


@command(Permission.CUSTOMERS_WRITE)
def change_customer(code: str, /, *, version: int, actor: User, **changes: Any) -> Customer:
    """Change fields of a customer; those not named stay. A lower limit or a block re-checks confirmed orders.

    Raises StaleVersion with both values, BadInput, NotFound, Forbidden.
    """
    if CREDIT_FIELDS & changes.keys():
        require(actor, Permission.CREDIT_LIMIT)
    if "status" in changes:
        require(actor, Permission.CREDIT_HOLD)
    return _change(code, changes, version=version, actor=actor, action=Action.CUSTOMER_CHANGED)


@command(Permission.CREDIT_LIMIT)
def change_credit_limit(
    code: str,
    *,
    credit_limit: Any,
    tolerated_days: Any = 0,
    tolerated_amount: Any = "",
    reason: str,
    version: int,
    actor: User,
) -> Customer:
    """Set the limit (empty: none, 0: prepayment only) and what may be overdue before orders are held.

    Amounts in the customer's currency. A lower limit re-checks confirmed orders, newest first, in this transaction.
    Raises StaleVersion, BadInput, NotFound, Forbidden.
    """
    changes = {"credit_limit": credit_limit, "tolerated_days": tolerated_days, "tolerated_amount": tolerated_amount}
    return _change(
        code, changes, version=version, actor=actor, action=Action.CUSTOMER_LIMIT_CHANGED, reason=given_reason(reason)
    )


@command(Permission.CREDIT_HOLD)
def change_status(code: str, status: CustomerStatus, *, reason: str, version: int, actor: User) -> Customer:
    """Block a customer (may order, is held), close one (no new documents) or open them again.

    Raises IllegalMove when it is so already, StaleVersion, BadInput, NotFound, Forbidden.
    """
    if locks.lock_customer_by_code(code, actor=actor).status is status:
        raise IllegalMove(f"Customer {code} is {status.lower()} already.")
    return _change(
        code,
        {"status": status},
        version=version,
        actor=actor,
        action=Action.CUSTOMER_STATUS_CHANGED,
        reason=given_reason(reason),
    )


@command(Permission.CREDIT_LIMIT)
def grant_extra_credit(code: str, *, amount: Any, until: Any, reason: str, version: int, actor: User) -> Customer:
    """Raise the limit by ``amount`` (customer's currency) up to and with the day ``until``; an amount of 0 ends it.

    Raises StaleVersion, BadInput, NotFound, Refused without a limit to raise, Forbidden.
    """
    customer = locks.lock_customer_by_code(code, actor=actor)
    if customer.credit_limit is None:
        raise Refused(f"Customer {code} has no credit limit, so there is nothing to raise.")
    before = {"extra_credit": customer.extra_credit, "extra_credit_until": customer.extra_credit_until}
    after = fields.read(
        {"extra_credit": fields.money(customer.currency), "extra_credit_until": fields.optional(fields.day)},
        {"extra_credit": amount, "extra_credit_until": until},
    )
    require_current(customer, version, f"Customer {code}", now=before, wanted=after)
    if after["extra_credit"] and after["extra_credit_until"] is None:
        raise BadInput("Say until which day the extra credit holds.", field="extra_credit_until")
    if not after["extra_credit"]:
        after["extra_credit_until"] = None
    _set_extra(customer, after, actor)
    audit.record(
        Action.CUSTOMER_LIMIT_CHANGED, customer, actor=actor, reason=given_reason(reason), before=before, after=after
    )
    return customer


def _set_extra(customer: Customer, extra: Mapping[str, Any], actor: User) -> None:
    customer.extra_credit = extra["extra_credit"]
    customer.extra_credit_until = extra["extra_credit_until"]
    customer.extra_credit_by_id = actor.id if extra["extra_credit"] else None
    customer.bump()
    credit_holds.recheck_customer(customer, actor=actor)


# --- delivery addresses ----------------------------------------------------------------------------------------------


@command(Permission.CUSTOMERS_WRITE)
def add_address(code: str, *, version: int, actor: User, **address: Any) -> Customer:
    """Add a further delivery address. Orders copy addresses when they are submitted. Raises as ``change_customer``."""
    customer = locks.lock_customer_by_code(code, actor=actor)
    record = _read_address(address)
    require_current(customer, version, f"Customer {code}", now={}, wanted={})
    is_first = own_default_address(customer, AddressKind.SHIPPING) is None
    customer.addresses.append(Address(kind=AddressKind.SHIPPING, is_default=is_first, **record))
    customer.bump()
    audit.record(Action.CUSTOMER_CHANGED, customer, actor=actor, after={"address": record})
    return customer


@command(Permission.CUSTOMERS_WRITE)
def remove_address(code: str, address_id: int, *, version: int, actor: User) -> Customer:
    """Remove a delivery address; documents keep their copies. Raises NotFound, StaleVersion, Forbidden."""
    customer = locks.lock_customer_by_code(code, actor=actor)
    address = _delivery_address(customer, address_id)
    require_current(customer, version, f"Customer {code}", now={}, wanted={})
    record = address.as_dict()
    customer.addresses.remove(address)
    db.session.delete(address)
    customer.bump()
    audit.record(Action.CUSTOMER_CHANGED, customer, actor=actor, before={"address": record}, after={"address": None})
    return customer


@command(Permission.CUSTOMERS_WRITE)
def make_default_address(code: str, address_id: int, *, version: int, actor: User) -> Customer:
    """Deliver to this address unless an order says otherwise. Raises NotFound, StaleVersion, Forbidden."""
    customer = locks.lock_customer_by_code(code, actor=actor)
    chosen = _delivery_address(customer, address_id)
    require_current(customer, version, f"Customer {code}", now={}, wanted={})
    for address in customer.addresses:
        if address.kind is AddressKind.SHIPPING:
            address.is_default = address is chosen
    customer.bump()
    audit.record(Action.CUSTOMER_CHANGED, customer, actor=actor, after={"default_address": chosen.as_dict()})
    return customer


# --- groups ----------------------------------------------------------------------------------------------------------


@command(Permission.CUSTOMERS_WRITE)
def put_group(code: str, name: str, *, price_list: str = "", actor: User) -> CustomerGroup:
    """Add a customer group or change it; its price list holds for customers without one of their own.

    Raises BadInput, Forbidden.
    """
    record = fields.read(
        {"code": fields.code, "name": fields.text(100, required=True), "price_list": fields.text(40)},
        {"code": code, "name": name, "price_list": price_list},
    )
    group = db.session.scalar(select(CustomerGroup).where(CustomerGroup.code == record["code"]))
    if group is None:
        group = CustomerGroup(code=record["code"])
        db.session.add(group)
    group.name = record["name"]
    group.price_list_id = _price_list_id(record["price_list"])
    audit.record(Action.GROUP_CHANGED, the_company(), actor=actor, after=record)
    return group


def _price_list_id(code: str) -> int | None:
    if not code:
        return None
    found = db.session.scalar(select(PriceList.id).where(PriceList.code == code))
    if found is None:
        raise BadInput(f"There is no price list {code}.", field="price_list")
    return found


# --- shared ----------------------------------------------------------------------------------------------------------


def _change(
    code: str, changes: Mapping[str, Any], *, version: int, actor: User, action: Action, reason: str = ""
) -> Customer:
    customer, writer = locks.lock_customer_by_code(code, actor=actor), CustomerWriter()
    wanted = flat(changes)
    change = writer.read_change(customer, wanted)
    now = customer_record(customer)
    require_current(customer, version, f"Customer {code}", now=now, wanted=change.after if change else {})
    if change:
        writer.write(customer, change)
        db.session.flush()
        recheck_credit(customer, change, actor=actor)
    before, after = (change.before, change.after) if change else ({}, {})
    audit.record(action, customer, actor=actor, reason=reason, before=before, after=after)
    return customer


def _read_address(address: Mapping[str, Any]) -> dict[str, Any]:
    record = fields.read_whole(address_table(), address)
    wrong = {field: f"{field.capitalize()} is missing." for field in ("name", "country") if not record[field]}
    fields.refuse_all(wrong)
    return record


def _delivery_address(customer: Customer, address_id: int) -> Address:
    for address in customer.addresses:
        if address.id == address_id and address.kind is AddressKind.SHIPPING:
            return address
    raise NotFound(f"Customer {customer.code} has no such delivery address.")

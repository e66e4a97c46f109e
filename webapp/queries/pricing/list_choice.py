"""Which price list counts for a customer and why, and the lists it rests on.

A company has few lists: all of them are read in one statement, whatever rests on what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from webapp.db import db
from webapp.domain.pricing.lists import Basis, Ending, ListRule
from webapp.models import Customer, PriceList
from webapp.queries.company import company

Lists = Mapping[int, ListRule]

_FIELDS = (
    PriceList.id, PriceList.name, PriceList.currency, PriceList.basis, PriceList.parent_id, PriceList.percent,
    PriceList.rounding_step, PriceList.rounding_ending, PriceList.rounding, PriceList.floor_over_cost_percent,
    PriceList.cap_over_cost_percent, PriceList.code, PriceList.is_active,
    PriceList.prices_include_tax,
)  # fmt: skip
EVERY_LIST = select(*_FIELDS).order_by(PriceList.id)


@dataclass(frozen=True, slots=True)
class ListChoice:
    """The list that counts for a customer, None without one, and a sentence that says why."""

    rule: ListRule | None
    why: str


def all_lists() -> Lists:
    """Every price list by id, in use or not."""
    found = {}
    for row in db.session.execute(EVERY_LIST):
        ending = None if row.rounding_step is None else Ending(row.rounding_step, row.rounding_ending, row.rounding)
        found[row.id] = ListRule(
            row.id, row.name, row.currency, row.basis, row.parent_id, row.percent, ending,
            row.floor_over_cost_percent, row.cap_over_cost_percent, row.code, row.is_active,
            row.prices_include_tax,
        )  # fmt: skip
    return found


def list_for(customer: Customer, lists: Lists) -> ListChoice:
    """The first list in use of the customer's own, the group's and the company's."""
    passed: list[str] = []
    for owner, list_id in _named_by(customer):
        rule = lists.get(list_id) if list_id else None
        if rule and rule.is_active:
            return ListChoice(rule, " ".join([f"It is the list of {owner}.", *passed]))
        if rule:
            passed.append(f"{rule.name}, the list of {owner}, is not in use.")
    return ListChoice(None, " ".join(["No list is in use for this customer, so items cost their base price.", *passed]))


def chain_of(rule: ListRule, lists: Lists) -> tuple[ListRule, ...]:
    """The list, the one it rests on, and so on to the last."""
    chain = [rule]
    parent = _parent(rule, lists)
    while parent and parent not in chain:  # a circle is refused when it is saved; a reader must not hang all the same
        chain.append(parent)
        parent = _parent(parent, lists)
    return tuple(chain)


def _parent(rule: ListRule, lists: Lists) -> ListRule | None:
    return lists.get(rule.parent_id) if rule.basis is Basis.LIST and rule.parent_id else None


def resting_on(rule: ListRule, lists: Lists) -> set[int]:
    """The ids of the list and of all lists whose chain leads to it."""
    return {one.id for one in lists.values() if rule in chain_of(one, lists)}


def _named_by(customer: Customer) -> list[tuple[str, int | None]]:
    ours, group = company(), customer.group
    return [
        ("the customer", customer.price_list_id),
        (f"the group {group.name}" if group else "the group", group.price_list_id if group else None),
        ("the company", ours.default_price_list_id if ours else None),
    ]

"""What the pages of the settings show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.models import (
    Account,
    CashRounding,
    Customer,
    CustomerGroup,
    ExchangeRate,
    Location,
    PaymentMethod,
    PaymentTerm,
    PriceList,
    StockLevel,
    TaxClassRule,
    TaxCode,
    User,
)
from webapp.queries.taxes.codes import WITH_RATES

MONEY_ACCOUNTS = ("bank", "cash", "card")


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A location with its depth in the tree and how many items lie there."""

    location: Location
    parent: str
    depth: int
    items: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule of tax classes, by codes."""

    tax_class: str
    country: str
    item_tax_code: str
    tax_code: str


def location_tree() -> list[LocationRow]:
    """Every location below its parent."""
    held = {
        row[0]: row[1]
        for row in db.session.execute(
            select(StockLevel.location_id, func.count()).where(StockLevel.on_hand_qty > 0)
            .group_by(StockLevel.location_id)
        )
    }  # fmt: skip
    children: dict[int | None, list[Location]] = {}
    for location in db.session.scalars(select(Location).order_by(Location.code)):
        children.setdefault(location.parent_id, []).append(location)
    rows: list[LocationRow] = []

    def walk(parent: Location | None, depth: int) -> None:
        for location in children.get(parent.id if parent else None, []):
            rows.append(LocationRow(location, parent.code if parent else "", depth, held.get(location.id, 0)))
            walk(location, depth + 1)

    walk(None, 0)
    return rows


def find_location(code: str) -> Location:
    """The location called ``code``. Raises NotFound."""
    found = db.session.scalars(
        select(Location).where(Location.code == code).options(joinedload(Location.parent))
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no location {code}.")
    return found


def tax_codes() -> Sequence[TaxCode]:
    """Every tax code with its rates."""
    return db.session.scalars(select(TaxCode).order_by(TaxCode.code).options(*WITH_RATES)).unique().all()


def tax_code_choices() -> dict[int, tuple[str, str]]:
    """By id each tax code's code and how a list of choices names it."""
    found = db.session.execute(select(TaxCode.id, TaxCode.code, TaxCode.name).order_by(TaxCode.code))
    return {id_: (code, code if code == name else f"{code}, {name}") for id_, code, name in found}


def find_tax_code(code: str) -> TaxCode:
    """The tax code called ``code`` with its rates and parts. Raises NotFound."""
    named = select(TaxCode).where(TaxCode.code == code).options(*WITH_RATES)
    found = db.session.scalars(named).unique().one_or_none()
    if found is None:
        raise NotFound(f"There is no tax code {code}.")
    return found


def tax_rules() -> list[RuleRow]:
    """Which code a customer's tax class and country turn an item's code into."""
    names = {row[0]: row[1] for row in db.session.execute(select(TaxCode.id, TaxCode.code))}
    rules = db.session.scalars(select(TaxClassRule).order_by(TaxClassRule.tax_class, TaxClassRule.country))
    return [
        RuleRow(rule.tax_class, rule.country, names[rule.item_tax_code_id], names[rule.tax_code_id]) for rule in rules
    ]


def payment_terms() -> Sequence[PaymentTerm]:
    """Every set of payment terms, the shortest first."""
    return db.session.scalars(select(PaymentTerm).order_by(PaymentTerm.net_days, PaymentTerm.code)).all()


def payment_methods() -> Sequence[PaymentMethod]:
    """Every way to be paid."""
    return db.session.scalars(select(PaymentMethod).order_by(PaymentMethod.code)).all()


def money_accounts() -> list[tuple[str, str]]:
    """The accounts that money lands on: code and name."""
    found = db.session.execute(
        select(Account.code, Account.name).where(Account.purpose.in_(MONEY_ACCOUNTS)).order_by(Account.code)
    )
    return [(code, f"{code} {name}") for code, name in found]


def exchange_rates() -> Sequence[ExchangeRate]:
    """Every rate, by currency, the newest first."""
    return db.session.scalars(
        select(ExchangeRate).order_by(ExchangeRate.currency, ExchangeRate.valid_from.desc())
    ).all()


def cash_roundings() -> Sequence[CashRounding]:
    """Every currency whose totals are rounded to a coin."""
    return db.session.scalars(select(CashRounding).order_by(CashRounding.currency)).all()


def customer_groups() -> list[tuple[CustomerGroup, str, int]]:
    """Every group with its price list's code and how many customers are in it."""
    rows = db.session.execute(
        select(CustomerGroup, PriceList.code, func.count(Customer.id))
        .outerjoin(PriceList, PriceList.id == CustomerGroup.price_list_id)
        .outerjoin(Customer, Customer.group_id == CustomerGroup.id)
        .group_by(CustomerGroup.id, PriceList.code)
        .order_by(CustomerGroup.name)
    )
    return [(row[0], row[1] or "", row[2]) for row in rows]


def all_users() -> Sequence[User]:
    """Every person, those who still work here first."""
    return db.session.scalars(
        select(User)
        .where(~User.is_system)
        .order_by(User.is_active.desc(), User.name)
        .options(selectinload(User.role_rows))
    ).all()


def find_user(email: str) -> User:
    """The person who logs in as ``email``. Raises NotFound."""
    found = db.session.scalars(select(User).where(User.email == email.lower(), ~User.is_system)).one_or_none()
    if found is None:
        raise NotFound(f"There is no user {email}.")
    return found

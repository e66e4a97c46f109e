"""The company's settings row, its business day, and founding it in an empty database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, insert, select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import IllegalMove, Refused, StaleVersion
from webapp.domain.permissions import Permission
from webapp.models import Account, CashRounding, Company, ExchangeRate, PaymentMethod, PaymentTerm, User
from webapp.services import audit, locks
from webapp.services.commands import command

ACCOUNTS = (
    ("1000", "Bank", "bank"),
    ("1010", "Cash", "cash"),
    ("1020", "Card clearing", "card"),
    ("1200", "Trade receivables", "receivables"),
    ("2200", "Output tax", "tax"),
    ("3900", "Opening balances", "opening"),
    ("4000", "Sales", "sales"),
    ("4100", "Freight and other charges", "charges"),
    ("4900", "Payment differences", "differences"),
    ("4910", "Cash rounding", "rounding"),
)
"""Code, name and purpose of the accounts that posting needs."""

TERMS = (
    {"code": "NET0", "name": "Due at once", "net_days": 0},
    {"code": "NET14", "name": "14 days net", "net_days": 14},
    {"code": "NET30", "name": "30 days net", "net_days": 30},
    {"code": "NET60", "name": "60 days net", "net_days": 60},
    {"code": "EOM30", "name": "30 days, end of month", "net_days": 30, "end_of_month": True},
)

METHODS = (
    {"code": "BANK_TRANSFER", "name": "Bank transfer", "needs_reference": True, "account_code": "1000"},
    {"code": "CHEQUE", "name": "Cheque", "needs_reference": True, "account_code": "1000"},
    {"code": "CARD", "name": "Card", "needs_reference": True, "account_code": "1020"},
    {"code": "CASH", "name": "Cash", "needs_reference": False, "account_code": "1010"},
)

CASH_UNIT = select(CashRounding.unit).where(CashRounding.currency == bindparam("currency"))

SYSTEM_EMAIL = "system@counterfoil"


def the_company() -> Company:
    """The company's settings. Raises Refused when it has not been founded yet."""
    company = db.session.get(Company, 1)
    if company is None:
        raise Refused("The company has not been set up yet.")
    return company


def today() -> date:
    """The business date: today in the company's time zone."""
    return clock.today(the_company().time_zone)


def system_user() -> User:
    """Who acts when nobody does: policies, the worker, the loader."""
    return db.session.scalars(select(User).where(User.is_system)).one()


def base_rate(currency: str, day: date) -> Decimal:
    """What one unit of ``currency`` is worth in the base currency on ``day``.

    Raises Refused when no rate is known.
    """
    company = the_company()
    if currency == company.base_currency:
        return Decimal(1)
    rate = db.session.scalars(
        select(ExchangeRate.rate)
        .where(ExchangeRate.currency == currency, ExchangeRate.valid_from <= day)
        .order_by(ExchangeRate.valid_from.desc())
        .limit(1)
    ).first()
    if rate is None:
        raise Refused(f"There is no exchange rate from {currency} to {company.base_currency} on {day.isoformat()}.")
    return rate


def cash_unit(currency: str) -> Decimal | None:
    """To which multiple totals in ``currency`` are rounded now; None where they stand to the minor unit."""
    return db.session.scalar(CASH_UNIT, {"currency": currency})


@command()
def found_company(*, name: str, country: str, base_currency: str, time_zone: str, **settings: Any) -> Company:
    """Set the company up in an empty database: settings, accounts, terms, payment methods, the system's user.

    Raises IllegalMove when there is a company already.
    """
    if db.session.get(Company, 1) is not None:
        raise IllegalMove("The company has been set up already.")
    db.session.execute(insert(Account), [{"code": c, "name": n, "purpose": p} for c, n, p in ACCOUNTS])
    db.session.execute(insert(PaymentTerm), [{"end_of_month": False, "extra_days": 0, **term} for term in TERMS])
    db.session.execute(insert(PaymentMethod), [{"is_active": True, **method} for method in METHODS])
    system = User(email=SYSTEM_EMAIL, name="Counterfoil", is_system=True, created_at=clock.now())
    company = Company(id=1, name=name, country=country, base_currency=base_currency, time_zone=time_zone, **settings)
    db.session.add_all([system, company])
    db.session.flush()
    audit.record(Action.COMPANY_FOUNDED, company, actor=system, after={"name": name})
    return company


@command(Permission.SETTINGS_WRITE)
def change_company(*, version: int, actor: User, **changes: Any) -> Company:
    """Change settings; ``changes`` names columns of Company. Raises NotFound, StaleVersion."""
    company = locks.lock_company()
    if company.version != version:
        raise StaleVersion("Somebody else changed the settings meanwhile.")
    before = {field: getattr(company, field) for field in changes}
    for field, value in changes.items():
        setattr(company, field, value)
    if {"approval_policy", "approval_policy_amount", "margin_floor_percent"} & changes.keys():
        company.approval_policy_version += 1
    company.bump()
    audit.record(Action.COMPANY_CHANGED, company, actor=actor, before=before, after=changes)
    return company

"""The first run: a company, its first warehouse, its usual tax and its first administrator, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from webapp.db import command, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.permissions import Role
from webapp.domain.tax import TaxCategory
from webapp.models import ApprovalPolicy, Company, Location, User
from webapp.services import audit
from webapp.services.company import found_company, system_user
from webapp.services.tax_codes import add_tax_code
from webapp.services.users import add_user

SINCE = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Founding:
    """What the first-run page asks. ``approve_up_to`` None: a person approves every order."""

    name: str
    country: str
    base_currency: str
    time_zone: str
    warehouse: str
    tax_percent: Decimal
    admin_name: str
    admin_email: str
    approve_up_to: Decimal | None = None


@command
def found(given: Founding, *, password_hash: str) -> User:
    """Set up the company and answer its administrator. Raises IllegalMove when there is a company, BadInput."""
    company = found_company(
        name=given.name, country=given.country, base_currency=given.base_currency, time_zone=given.time_zone
    )
    _set_policy(company, given)
    company.default_location = Location(code="MAIN", name=given.warehouse)
    system = system_user()
    add_tax_code(
        code="STD", name="Standard rate", category=TaxCategory.STANDARD.value, exemption_reason="",
        percent=given.tax_percent, valid_from=SINCE, actor=system,
    )  # fmt: skip
    admin = add_user(given.admin_email, given.admin_name, [Role.ADMIN], password_hash=password_hash, actor=system)
    db.session.flush()
    audit.record(Action.COMPANY_FOUNDED, company, admin, actor=admin, after={"name": company.name, "at": clock.now()})
    return admin


def _set_policy(company: Company, given: Founding) -> None:
    if given.approve_up_to is not None:
        company.approval_policy = ApprovalPolicy.UP_TO_AMOUNT
        company.approval_policy_amount = given.approve_up_to

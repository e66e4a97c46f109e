"""The first run: a company, its first warehouse, its usual tax and its first administrator, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.importing import fields
from webapp.domain.permissions import Role
from webapp.domain.taxes.categories import TaxCategory
from webapp.models import ApprovalPolicy, Location, User
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.company import found_company, system_user
from webapp.services.people.users import add_user
from webapp.services.taxes.codes import add_tax_code

SINCE = date(2000, 1, 1)


READERS: fields.Table = {
    "name": fields.text(200, required=True),
    "country": fields.country,
    "base_currency": fields.currency,
    "time_zone": fields.time_zone,
    "warehouse": fields.text(100, required=True),
    "tax_percent": fields.percent,
    "admin_name": fields.text(200, required=True),
    "admin_email": fields.email,
}
"""What the first-run page asks, beside the password and the policy."""


@command()
def found(values: Mapping[str, Any], *, approve_up_to: Decimal | None, password_hash: str) -> User:
    """Set up the company and answer its administrator; ``values`` are those of READERS, checked.

    ``approve_up_to`` lets orders within every limit approve themselves up to an amount; with None a person approves
    every order. Raises IllegalMove when there is a company, BadInput.
    """
    company = found_company(**{name: values[name] for name in ("name", "country", "base_currency", "time_zone")})
    if approve_up_to is not None:
        company.approval_policy = ApprovalPolicy.UP_TO_AMOUNT
        company.approval_policy_amount = approve_up_to
    company.default_location = Location(code="MAIN", name=values["warehouse"])
    system = system_user()
    add_tax_code(
        code="STD", name="Standard rate", category=TaxCategory.STANDARD.value, exemption_reason="",
        percent=values["tax_percent"], valid_from=SINCE, actor=system,
    )  # fmt: skip
    admin = add_user(
        values["admin_email"], values["admin_name"], [Role.ADMIN], password_hash=password_hash, actor=system
    )
    db.session.flush()
    audit.record(Action.COMPANY_FOUNDED, company, admin, actor=admin, after={"name": company.name})
    return admin

"""The company's settings as people type them: checked, compared with what is stored, and changed."""

from __future__ import annotations

from typing import Any

from babel import Locale, UnknownLocaleError
from sqlalchemy import select

from webapp.db import db
from webapp.domain.documents.amounts import TaxRounding
from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.models import ApprovalPolicy, Company, Location, PriceList, User
from webapp.services import locks
from webapp.services.commands import command
from webapp.services.company import change_company
from webapp.services.taxes.tax_ids import check_tax_id
from webapp.services.versions import require_current

PAPERS = ("A4", "Letter")


def settings_table(currency: str) -> fields.Table:
    """The fields of the settings; amounts in the base currency, which itself stays."""
    amount = fields.optional(fields.money(currency))
    return {
        "name": fields.text(200, required=True),
        "street": fields.text(200),
        "postal_code": fields.text(20),
        "city": fields.text(100),
        "region": fields.text(100),
        "country": fields.country,
        "tax_id": fields.text(40),
        "email": fields.email,
        "phone": fields.text(60),
        "bank_details": fields.text(500, multiline=True),
        "time_zone": fields.time_zone,
        "locale": _locale,
        "paper": _paper,
        "tax_rounding": fields.choice(TaxRounding, TaxRounding.DOCUMENT),
        "approval_policy": fields.choice(ApprovalPolicy, ApprovalPolicy.OFF),
        "approval_policy_amount": amount,
        "margin_floor_percent": fields.optional(fields.percent),
        "release_holds_on_payment": fields.flag,
        "split_locations": fields.flag,
        "quote_days": fields.whole(1, 3650, 30),
        "credit_note_approval_above": amount,
        "books_closed_until": fields.optional(fields.day),
        "invoice_footer": fields.text(1000, multiline=True),
        "default_price_list": fields.text(40),
        "default_location": fields.text(40),
    }


def settings_record(company: Company) -> dict[str, Any]:
    """The settings by field, references by code."""
    table = settings_table(company.base_currency)
    record = {field: getattr(company, field) for field in table if not field.startswith("default_")}
    record["default_price_list"] = company.default_price_list.code if company.default_price_list else ""
    record["default_location"] = company.default_location.code if company.default_location else ""
    return record


@command(Permission.SETTINGS_WRITE)
def change_settings(*, version: int, actor: User, **changes: Any) -> Company:
    """Change settings by field; those not named stay. Raises StaleVersion with both values, BadInput, Forbidden."""
    company = locks.lock_company()
    before = settings_record(company)
    record = fields.read(settings_table(company.base_currency), changes)
    after = {field: value for field, value in record.items() if before[field] != value}
    require_current(company, version, "The settings", now=before, wanted=after)
    whole = before | after
    if not whole["country"]:
        raise BadInput("Country is missing.", field="country")
    if {"tax_id", "country"} & after.keys():
        check_tax_id(whole["tax_id"], whole["country"])
    if whole["approval_policy"] is ApprovalPolicy.UP_TO_AMOUNT and whole["approval_policy_amount"] is None:
        raise BadInput("Say up to which amount orders approve themselves.", field="approval_policy_amount")
    return change_company(version=version, actor=actor, **_columns(after))


def _columns(record: dict[str, Any]) -> dict[str, Any]:
    columns = dict(record)
    for field, model, words in (
        ("default_price_list", PriceList, "price list"),
        ("default_location", Location, "location"),
    ):
        if field in columns:
            columns[f"{field}_id"] = _id_of(model, columns.pop(field), field, words)
    return columns


def _id_of(model: type[PriceList] | type[Location], code: str, field: str, words: str) -> int | None:
    if not code:
        return None
    found = db.session.scalar(select(model.id).where(model.code == code, model.is_active))
    if found is None:
        raise BadInput(f"There is no {words} {code} in use.", field=field)
    return found


def _locale(value: Any, field: str) -> str:
    """A CLDR locale, which decides how figures and dates are written."""
    found = str(fields.text(20, default="en_GB")(value, field))
    try:
        return str(Locale.parse(found))
    except (ValueError, UnknownLocaleError):
        raise BadInput(f"Number format {found} is not known, choose one like en_GB or de_CH.", field=field) from None


def _paper(value: Any, field: str) -> str:
    found = str(fields.text(20, default=PAPERS[0])(value, field))
    if found not in PAPERS:
        raise BadInput("Paper is A4 or Letter.", field=field)
    return found

"""What the company settles once: payment terms, payment methods, exchange rates and cash rounding."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.documents.cash import check_unit
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.models import Account, CashRounding, ExchangeRate, PaymentMethod, PaymentTerm, User
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.company import the_company

MONEY_ACCOUNTS = ("bank", "cash", "card")
"""Purposes of the accounts a payment may land on."""

TERM: fields.Table = {
    "code": fields.code,
    "name": fields.text(100, required=True),
    "net_days": fields.whole(0, 3650, 0),
    "end_of_month": fields.flag,
    "extra_days": fields.whole(0, 3650, 0),
    "fixed_day": fields.optional(fields.whole(1, 31)),
}
METHOD: fields.Table = {
    "code": fields.code,
    "name": fields.text(100, required=True),
    "needs_reference": fields.flag,
    "account_code": fields.text(20, required=True),
    "is_active": fields.flag_on,
}
RATE: fields.Table = {"currency": fields.currency, "valid_from": fields.day, "rate": fields.factor}


@command(Permission.SETTINGS_WRITE)
def put_payment_term(code: str, *, actor: User, **values: Any) -> PaymentTerm:
    """Add payment terms or change them; orders and invoices keep the due dates they were given.

    Days net, then perhaps the month's end, then extra days or the next fixed day. Raises BadInput, Forbidden.
    """
    record = fields.read_whole(TERM, {**values, "code": code})
    term = db.session.get(PaymentTerm, record["code"])
    before = {field: getattr(term, field) for field in record} if term else None
    if term is None:
        term = PaymentTerm(code=record["code"])
        db.session.add(term)
    for field, value in record.items():
        setattr(term, field, value)
    audit.record(Action.TERMS_CHANGED, the_company(), actor=actor, before=before, after=record)
    return term


@command(Permission.SETTINGS_WRITE)
def put_payment_method(code: str, *, actor: User, **values: Any) -> PaymentMethod:
    """Add a way to be paid or change it. Raises BadInput, Forbidden."""
    record = fields.read_whole(METHOD, {**values, "code": code})
    purpose = db.session.scalar(select(Account.purpose).where(Account.code == record["account_code"]))
    if purpose not in MONEY_ACCOUNTS:
        raise BadInput("Choose the account the money lands on: bank, cash or card.", field="account_code")
    method = db.session.get(PaymentMethod, record["code"])
    before = {field: getattr(method, field) for field in record} if method else None
    if method is None:
        method = PaymentMethod(code=record["code"])
        db.session.add(method)
    for field, value in record.items():
        setattr(method, field, value)
    audit.record(Action.METHODS_CHANGED, the_company(), actor=actor, before=before, after=record)
    return method


@command(Permission.SETTINGS_WRITE)
def put_exchange_rate(currency: Any, *, valid_from: Any, rate: Any, actor: User) -> ExchangeRate:
    """What one unit of ``currency`` is worth in the base currency from a day on. Documents posted keep their rate.

    Raises BadInput, Forbidden.
    """
    record = fields.read(RATE, {"currency": currency, "valid_from": valid_from, "rate": rate})
    if record["currency"] == the_company().base_currency:
        raise BadInput(f"{record['currency']} is the base currency: its rate is always 1.", field="currency")
    stored = db.session.get(ExchangeRate, (record["currency"], record["valid_from"]))
    before = {"rate": stored.rate} if stored else None
    if stored is None:
        stored = ExchangeRate(**record)
        db.session.add(stored)
    stored.rate = record["rate"]
    audit.record(Action.RATES_CHANGED, the_company(), actor=actor, before=before, after=record)
    return stored


@command(Permission.SETTINGS_WRITE)
def put_cash_rounding(currency: Any, *, unit: Any, actor: User) -> CashRounding:
    """Round totals in ``currency`` to whole multiples of ``unit``, like 0.05; documents that exist keep theirs.

    Raises BadInput, Forbidden.
    """
    code = fields.currency(currency, "currency")
    record = {"currency": code, "unit": fields.money(code)(unit, "unit")}
    check_unit(record["unit"], code)
    stored = db.session.get(CashRounding, code)
    before = {"unit": stored.unit} if stored else None
    if stored is None:
        stored = CashRounding(**record)
        db.session.add(stored)
    stored.unit = record["unit"]
    audit.record(Action.CASH_ROUNDING_CHANGED, the_company(), actor=actor, before=before, after=record)
    return stored


@command(Permission.SETTINGS_WRITE)
def remove_cash_rounding(currency: str, *, actor: User) -> None:
    """Round totals in ``currency`` to its minor unit again. Raises NotFound, Forbidden."""
    stored = db.session.get(CashRounding, currency)
    if stored is None:
        raise NotFound(f"Totals in {currency} are not rounded to a coin.")
    db.session.delete(stored)
    before = {"currency": currency, "unit": stored.unit}
    audit.record(Action.CASH_ROUNDING_CHANGED, the_company(), actor=actor, before=before, after={"unit": None})


@command(Permission.SETTINGS_WRITE)
def remove_exchange_rate(currency: str, *, valid_from: Any, actor: User) -> None:
    """Take back a rate. Raises NotFound, Forbidden."""
    day = fields.day(valid_from, "valid_from")
    stored = db.session.get(ExchangeRate, (currency, day))
    if stored is None:
        raise NotFound(f"There is no rate of {currency} from {day}.")
    db.session.delete(stored)
    before = {"currency": currency, "valid_from": day, "rate": stored.rate}
    audit.record(Action.RATES_CHANGED, the_company(), actor=actor, before=before, after={"rate": None})

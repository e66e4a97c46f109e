"""Tax codes with their dated rates, and which code a customer's tax class turns an item's code into."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound, Refused
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.domain.taxes.categories import TaxCategory, check_tax
from webapp.models import TaxClassRule, TaxCode, TaxRate, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.versions import require_current

READERS: fields.Table = {
    "code": fields.code,
    "name": fields.text(100, required=True),
    "category": fields.choice(TaxCategory, TaxCategory.STANDARD),
    "exemption_reason": fields.text(200),
}
RATE: fields.Table = {"valid_from": fields.day, "percent": fields.percent}


@command(Permission.SETTINGS_WRITE)
def add_tax_code(*, percent: Any, valid_from: Any, actor: User, **values: Any) -> TaxCode:
    """Add a code (``code``, ``name``, EN 16931 ``category``, ``exemption_reason``) with its first rate in percent.

    Raises BadInput, Forbidden.
    """
    record = fields.read_whole(READERS, values)
    rate = fields.read(RATE, {"valid_from": valid_from, "percent": percent})
    if _find(record["code"]) is not None:
        raise BadInput(f"There is a tax code {record['code']} already.", field="code")
    check_tax(record["category"], rate["percent"], record["exemption_reason"])
    tax_code = TaxCode(**{**record, "category": record["category"].value}, rates=[TaxRate(**rate)])
    db.session.add(tax_code)
    db.session.flush()
    audit.record(Action.TAX_CODE_ADDED, tax_code, actor=actor, after=record | rate)
    return tax_code


@command(Permission.SETTINGS_WRITE)
def change_tax_code(code: str, *, name: Any, exemption_reason: Any, version: int, actor: User) -> TaxCode:
    """Change how the code is called and why it is exempt; category and past rates stay, for documents rest on them.

    Raises StaleVersion, BadInput, NotFound, Forbidden.
    """
    tax_code = locks.lock_tax_code(code)
    before = {"name": tax_code.name, "exemption_reason": tax_code.exemption_reason}
    after = fields.read(READERS, {"name": name, "exemption_reason": exemption_reason})
    require_current(tax_code, version, f"Tax code {code}", now=before, wanted=after)
    for rate in tax_code.rates:
        check_tax(TaxCategory(tax_code.category), rate.percent, after["exemption_reason"])
    tax_code.name, tax_code.exemption_reason = after["name"], after["exemption_reason"]
    tax_code.bump()
    audit.record(Action.TAX_CODE_CHANGED, tax_code, actor=actor, before=before, after=after)
    return tax_code


@command(Permission.SETTINGS_WRITE)
def set_tax_rate(code: str, *, percent: Any, valid_from: Any, version: int, actor: User) -> TaxCode:
    """The code's rate in percent from a day on. Posted documents keep theirs. Raises as ``change_tax_code``."""
    tax_code = locks.lock_tax_code(code)
    wanted = fields.read(RATE, {"valid_from": valid_from, "percent": percent})
    require_current(tax_code, version, f"Tax code {code}", now={}, wanted={})
    check_tax(TaxCategory(tax_code.category), wanted["percent"], tax_code.exemption_reason)
    present = next((rate for rate in tax_code.rates if rate.valid_from == wanted["valid_from"]), None)
    before = {"percent": present.percent} if present else None
    if present:
        present.percent = wanted["percent"]
    else:
        tax_code.rates.append(TaxRate(**wanted))
    tax_code.bump()
    audit.record(Action.TAX_CODE_CHANGED, tax_code, actor=actor, before=before, after=wanted)
    return tax_code


@command(Permission.SETTINGS_WRITE)
def remove_tax_rate(code: str, *, valid_from: Any, version: int, actor: User) -> TaxCode:
    """Take back a rate that is not the code's only one. Raises Refused and as ``change_tax_code``."""
    tax_code, day = locks.lock_tax_code(code), fields.day(valid_from, "valid_from")
    require_current(tax_code, version, f"Tax code {code}", now={}, wanted={})
    rate = next((rate for rate in tax_code.rates if rate.valid_from == day), None)
    if rate is None:
        raise NotFound(f"Tax code {code} has no rate from {day}.")
    if len(tax_code.rates) == 1:
        raise Refused(f"{code} would be left without a rate.")
    tax_code.rates.remove(rate)
    tax_code.bump()
    audit.record(
        Action.TAX_CODE_CHANGED,
        tax_code,
        actor=actor,
        before={"valid_from": day, "percent": rate.percent},
        after={"percent": None},
    )
    return tax_code


@command(Permission.SETTINGS_WRITE)
def set_tax_class_rule(tax_class: str, item_tax_code: str, tax_code: str, *, country: str = "", actor: User) -> None:
    """For customers of ``tax_class``, items of ``item_tax_code`` are taxed by ``tax_code``; empty removes the rule.

    With ``country`` (two letters) for deliveries there, otherwise wherever no rule of the country stands. Raises
    BadInput, Forbidden.
    """
    tax_class = str(fields.text(40, required=True)(tax_class, "tax_class"))
    country = fields.country(country, "country")
    of_item = _known(item_tax_code, "item_tax_code")
    rule = db.session.get(TaxClassRule, (tax_class, country, of_item.id))
    if not tax_code:
        if rule is not None:
            db.session.delete(rule)
    else:
        chosen = _known(tax_code, "tax_code")
        if rule is None:
            key = {"tax_class": tax_class, "country": country, "item_tax_code_id": of_item.id}
            db.session.add(TaxClassRule(**key, tax_code_id=chosen.id))
        else:
            rule.tax_code_id = chosen.id
    after = {
        "tax_class": tax_class,
        "country": country or None,
        "item_tax_code": item_tax_code,
        "tax_code": tax_code or None,
    }
    audit.record(Action.TAX_RULES_CHANGED, the_company(), actor=actor, after=after)


def _find(code: str) -> TaxCode | None:
    return db.session.scalar(select(TaxCode).where(TaxCode.code == code))


def _known(code: str, field: str) -> TaxCode:
    found = _find(code)
    if found is None:
        raise BadInput(f"There is no tax code {code}.", field=field)
    return found

"""Tax codes with dated rates, and the rules of tax classes."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import htmx
from webapp.auth import can, current_user, requires
from webapp.domain.errors import DomainError
from webapp.domain.fields import written
from webapp.domain.permissions import Permission
from webapp.domain.tax import TaxCategory
from webapp.filters import day as shown_day
from webapp.form_posts import form_version, run_once, try_once
from webapp.models import TaxCode
from webapp.queries import settings as reads
from webapp.queries.company import today
from webapp.record_forms import Catalogue, Field, RecordForm, Row, Section, day, number, typed, typed_whole
from webapp.services import tax_codes

bp = Blueprint("taxes", __name__, url_prefix="/settings/tax-codes")

WORDS = [
    [Field("name", "Name", optional=False)],
    [Field("exemption_reason", "Why no tax is charged", hint="Stands on the invoice; only where the rate is 0.")],
]
NEW = [
    Section(
        "New tax code",
        [
            [Field("code", "Code", css="w-12", optional=False)],
            *WORDS,
            [
                Field(
                    "category",
                    "Category of EN 16931",
                    "select",
                    optional=False,
                    options=[(category.value, f"{category.value}, {category.label}") for category in TaxCategory],
                )
            ],
            [number("percent", "Rate in percent", optional=False), day("valid_from", "From", optional=False)],
        ],
    )
]
CHANGE = [Section("Words", WORDS, "documents already posted keep theirs")]
RATE = [
    Section(
        "Set a rate",
        [[number("percent", "Rate in percent", optional=False), day("valid_from", "From", optional=False)]],
    )
]


@bp.get("")
@requires(Permission.SETTINGS_READ)
def index() -> str:
    """All tax codes, and the form for a new one."""
    return _index_page({})


@bp.post("")
@requires(Permission.SETTINGS_WRITE)
def create() -> Response | tuple[str, int]:
    """Add a tax code with its first rate."""
    values = typed_whole(NEW)
    attempt = try_once(lambda: {"code": tax_codes.add_tax_code(actor=current_user, **values).code})
    if attempt.refusal:
        return _index_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("taxes.index"), said=f"Tax code {attempt.data['code']} is added.")


@bp.get("/<code>")
@requires(Permission.SETTINGS_READ)
def show(code: str) -> str:
    """One code: its rates over time, and its words."""
    return _code_page(reads.find_tax_code(code))


@bp.post("/<code>")
@requires(Permission.SETTINGS_WRITE)
def update(code: str) -> Response | tuple[str, int]:
    """Change the code's words."""
    tax_code, values, version = reads.find_tax_code(code), typed(CHANGE), form_version() or 0
    attempt = try_once(
        lambda: {
            "v": tax_codes.change_tax_code(
                code,
                name=values.get("name", tax_code.name),
                exemption_reason=values.get("exemption_reason", tax_code.exemption_reason),
                version=version,
                actor=current_user,
            ).version
        }
    )
    if attempt.refusal:
        return _code_page(tax_code, words=values, refusal=attempt.refusal), attempt.status
    return htmx.go_to(url_for("taxes.show", code=code), said=f"{code} is saved.")


@bp.post("/<code>/rates")
@requires(Permission.SETTINGS_WRITE)
def create_rate(code: str) -> Response | tuple[str, int]:
    """Set the rate from a day on."""
    tax_code, values, version = reads.find_tax_code(code), typed_whole(RATE), form_version() or 0
    attempt = try_once(
        lambda: {"v": tax_codes.set_tax_rate(code, version=version, actor=current_user, **values).version}
    )
    if attempt.refusal:
        return _code_page(tax_code, rate=values, refusal=attempt.refusal), attempt.status
    return htmx.go_to(url_for("taxes.show", code=code), said="The rate is set.")


@bp.post("/<code>/rates/removal")
@requires(Permission.SETTINGS_WRITE)
def remove_rate(code: str) -> Response:
    """Take a rate back."""
    valid_from, version = request.form.get("valid_from", ""), form_version() or 0
    run_once(
        lambda: {
            "v": tax_codes.remove_tax_rate(code, valid_from=valid_from, version=version, actor=current_user).version
        }
    )
    return htmx.go_to(url_for("taxes.show", code=code), said="The rate is removed.")


@bp.get("/rules")
@requires(Permission.SETTINGS_READ)
def rules() -> str:
    """Which code a customer's tax class turns an item's code into."""
    return _rules_page({})


@bp.post("/rules")
@requires(Permission.SETTINGS_WRITE)
def create_rule() -> Response | tuple[str, int]:
    """Set a rule."""
    values = typed_whole(_rule())
    attempt = try_once(lambda: _set_rule(values["tax_class"], values["item_tax_code"], values["tax_code"]))
    if attempt.refusal:
        return _rules_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("taxes.rules"), said="The rule is set.")


@bp.post("/rules/removal")
@requires(Permission.SETTINGS_WRITE)
def remove_rule() -> Response:
    """Take a rule back."""
    tax_class, item_tax_code = request.form.get("tax_class", ""), request.form.get("item_tax_code", "")
    run_once(lambda: _set_rule(tax_class, item_tax_code, ""))
    return htmx.go_to(url_for("taxes.rules"), said="The rule is removed.")


# --- pages -----------------------------------------------------------------------------------------------------------


def _set_rule(tax_class: str, item_tax_code: str, tax_code: str) -> dict[str, str]:
    tax_codes.set_tax_class_rule(tax_class, item_tax_code, tax_code, actor=current_user)
    return {}


def _index_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    on = today()
    rows = [
        Row(
            [code.code, code.name, f"{code.category}, {TaxCategory(code.category).label}", _rate_on(code, on)],
            url=url_for("taxes.show", code=code.code),
        )
        for code in reads.tax_codes()
    ]
    page = Catalogue(
        title="Tax codes",
        heads=("Code", "Name", "Category", "Rate today"),
        numeric=(3,),
        rows=rows,
        form=RecordForm(NEW, values or {"category": "S"}, refusal),
        action=url_for("taxes.create"),
        button="Add tax code",
        here=url_for("taxes.index"),
        note="open one to see its rates",
        may_write=can(Permission.SETTINGS_WRITE),
    )
    return render_template("settings/taxes.html", page=page)


def _rate_on(code: TaxCode, on: date) -> str:
    valid = [rate for rate in code.rates if rate.valid_from <= on]
    return f"{written(valid[-1].percent)} %" if valid else "none yet"


def _code_page(
    tax_code: TaxCode,
    *,
    words: dict[str, str] | None = None,
    rate: dict[str, str] | None = None,
    refusal: DomainError | None = None,
) -> str:
    stored = {"name": tax_code.name, "exemption_reason": tax_code.exemption_reason}
    rows = [
        Row(
            [shown_day(one.valid_from), f"{written(one.percent)} %"],
            removal=url_for("taxes.remove_rate", code=tax_code.code) if len(tax_code.rates) > 1 else None,
            removal_fields={"valid_from": one.valid_from.isoformat()},
        )
        for one in reversed(tax_code.rates)
    ]
    page = Catalogue(
        title=f"Tax code {tax_code.code}",
        heads=("From", "Rate"),
        numeric=(1,),
        rows=rows,
        form=RecordForm(RATE, rate or {}, refusal if rate is not None else None),
        action=url_for("taxes.create_rate", code=tax_code.code),
        button="Set rate",
        here=url_for("taxes.show", code=tax_code.code),
        note=f"{tax_code.category}, {TaxCategory(tax_code.category).label}",
        version=tax_code.version,
        may_write=can(Permission.SETTINGS_WRITE),
    )
    form = RecordForm(CHANGE, stored | (words or {}), refusal if words is not None else None)
    return render_template("settings/tax_code.html", page=page, tax_code=tax_code, words=form)


def _rule() -> list[Section]:
    codes = [(code.code, f"{code.code}, {code.name}") for code in reads.tax_codes()]
    return [
        Section(
            "Set a rule",
            [
                [Field("tax_class", "Customers of tax class", optional=False, hint="As written on the customer.")],
                [Field("item_tax_code", "pay for items with", "select", optional=False, options=codes)],
                [Field("tax_code", "the tax of", "select", optional=False, options=codes)],
            ],
        )
    ]


def _rules_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    rows = [
        Row(
            [rule.tax_class, rule.item_tax_code, rule.tax_code],
            removal=url_for("taxes.remove_rule"),
            removal_fields={"tax_class": rule.tax_class, "item_tax_code": rule.item_tax_code},
        )
        for rule in reads.tax_rules()
    ]
    page = Catalogue(
        title="Tax rules",
        heads=("Customers of class", "Items with", "Taxed by"),
        rows=rows,
        form=RecordForm(_rule(), values, refusal),
        action=url_for("taxes.create_rule"),
        button="Set rule",
        here=url_for("taxes.rules"),
        note="without a rule the item's own code counts",
        empty="None: every customer pays the tax of the item.",
        may_write=can(Permission.SETTINGS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)

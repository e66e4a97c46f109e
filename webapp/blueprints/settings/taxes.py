"""Tax codes with dated rates, and the rules of tax classes."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import DomainError
from webapp.domain.importing.fields import written
from webapp.domain.permissions import Permission
from webapp.domain.taxes.categories import TaxCategory
from webapp.formats import day as shown_day
from webapp.models import TaxCode
from webapp.pages.settings import catalogues as reads
from webapp.queries.company import company, today
from webapp.queries.taxes.codes import has_rate, worked_example
from webapp.services.taxes import codes as tax_codes
from webapp.services.taxes.parts import MOST_PARTS, set_tax_parts
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import form_version, run_once, try_once
from webapp.web.forms.records import Catalogue, Field, RecordForm, Row, Section, day, number, typed, typed_whole

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
@requires(tax_codes.add_tax_code)
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
@requires(tax_codes.change_tax_code)
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
@requires(tax_codes.set_tax_rate)
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
@requires(tax_codes.remove_tax_rate)
def remove_rate(code: str) -> Response:
    """Take a rate back."""
    valid_from, version = request.form.get("valid_from", ""), form_version() or 0
    run_once(
        lambda: {
            "v": tax_codes.remove_tax_rate(code, valid_from=valid_from, version=version, actor=current_user).version
        }
    )
    return htmx.go_to(url_for("taxes.show", code=code), said="The rate is removed.")


@bp.post("/<code>/parts")
@requires(set_tax_parts)
def set_parts(code: str) -> Response | tuple[str, int]:
    """Say which codes the code is made of."""
    tax_code, version = reads.find_tax_code(code), form_version() or 0
    values = typed_whole(_parts(tax_code))
    chosen = [
        (values[f"part_{place}"], values[f"on_previous_{place}"] == "yes")
        for place in range(1, MOST_PARTS + 1)
        if values[f"part_{place}"]
    ]
    attempt = try_once(lambda: {"v": set_tax_parts(code, chosen, version=version, actor=current_user).version})
    if attempt.refusal:
        return _code_page(tax_code, parts=values, refusal=attempt.refusal), attempt.status
    return htmx.go_to(url_for("taxes.show", code=code), said=f"The parts of {code} are saved.")


@bp.get("/rules")
@requires(Permission.SETTINGS_READ)
def rules() -> str:
    """Which code a customer's tax class and country turn an item's code into."""
    return _rules_page({})


@bp.post("/rules")
@requires(tax_codes.set_tax_class_rule)
def create_rule() -> Response | tuple[str, int]:
    """Set a rule."""
    values = typed_whole(_rule())
    attempt = try_once(lambda: _set_rule(**values))
    if attempt.refusal:
        return _rules_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("taxes.rules"), said="The rule is set.")


@bp.post("/rules/removal")
@requires(tax_codes.set_tax_class_rule)
def remove_rule() -> Response:
    """Take a rule back."""
    named = {name: request.form.get(name, "") for name in ("tax_class", "country", "item_tax_code")}
    run_once(lambda: _set_rule(**named, tax_code=""))
    return htmx.go_to(url_for("taxes.rules"), said="The rule is removed.")


# --- pages -----------------------------------------------------------------------------------------------------------


def _set_rule(tax_class: str, country: str, item_tax_code: str, tax_code: str) -> dict[str, str]:
    tax_codes.set_tax_class_rule(tax_class, item_tax_code, tax_code, country=country, actor=current_user)
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
    if not has_rate(code, on):
        return "none yet"
    made_of = f" ({' + '.join(one.part.code for one in code.parts)})" if code.parts else ""
    return f"{written(code.rate_on(on))} %{made_of}"


def _code_page(
    tax_code: TaxCode,
    *,
    words: dict[str, str] | None = None,
    rate: dict[str, str] | None = None,
    parts: dict[str, str] | None = None,
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
        note=_note(tax_code),
        version=tax_code.version,
        may_write=can(Permission.SETTINGS_WRITE),
    )
    form = RecordForm(CHANGE, stored | (words or {}), refusal if words is not None else None)
    made_of = _stored_parts(tax_code) if parts is None else parts
    return render_template(
        "settings/tax_code.html",
        page=page,
        tax_code=tax_code,
        words=form,
        parts=RecordForm(_parts(tax_code), made_of, refusal if parts is not None else None),
        example=worked_example(tax_code, today(), _base_currency()),
    )


def _note(tax_code: TaxCode) -> str:
    category = f"{tax_code.category}, {TaxCategory(tax_code.category).label}"
    return f"{category}; the rates of its parts count" if tax_code.parts else category


def _base_currency() -> str:
    ours = company()
    return ours.base_currency if ours else "EUR"


def _parts(tax_code: TaxCode) -> list[Section]:
    """The codes that it may be made of, in order."""
    codes = [
        (code.code, f"{code.code}, {code.name}")
        for code in reads.tax_codes()
        if code.id != tax_code.id and not code.parts
    ]
    rows = [
        [
            Field(f"part_{place}", f"Tax {place}", "select", options=[("", "None"), *codes]),
            Field(f"on_previous_{place}", "Charged on the taxes before it too", "check"),
        ]
        for place in range(1, MOST_PARTS + 1)
    ]
    return [Section("Made of", rows, "several taxes on one line; with none its own rates count")]


def _stored_parts(tax_code: TaxCode) -> dict[str, str]:
    found = {}
    for one in tax_code.parts:
        found[f"part_{one.position}"] = one.part.code
        found[f"on_previous_{one.position}"] = written(one.on_previous)
    return found


def _rule() -> list[Section]:
    codes = [(code.code, f"{code.code}, {code.name}") for code in reads.tax_codes()]
    return [
        Section(
            "Set a rule",
            [
                [Field("tax_class", "Customers of tax class", optional=False, hint="As written on the customer.")],
                [
                    Field(
                        "country",
                        "delivered to in country",
                        css="w-9",
                        attributes={"maxlength": "2", "autocomplete": "off"},
                        hint="Two letters, like DE. Empty: every country without a rule of its own.",
                    )
                ],
                [Field("item_tax_code", "pay for items with", "select", optional=False, options=codes)],
                [Field("tax_code", "the tax of", "select", optional=False, options=codes)],
            ],
        )
    ]


def _rules_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    rows = [
        Row(
            [rule.tax_class, rule.country or "every other", rule.item_tax_code, rule.tax_code],
            removal=url_for("taxes.remove_rule"),
            removal_fields={
                "tax_class": rule.tax_class,
                "country": rule.country,
                "item_tax_code": rule.item_tax_code,
            },
        )
        for rule in reads.tax_rules()
    ]
    page = Catalogue(
        title="Tax rules",
        heads=("Customers of class", "In country", "Items with", "Taxed by"),
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

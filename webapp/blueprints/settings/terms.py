"""Payment terms, payment methods, exchange rates and cash rounding."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import DomainError
from webapp.domain.importing.fields import written
from webapp.domain.money import CURRENCIES
from webapp.domain.permissions import Permission
from webapp.formats import amount
from webapp.formats import day as shown_day
from webapp.pages.settings import catalogues as reads
from webapp.queries.company import company
from webapp.services.settings import terms
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import run_once, try_once
from webapp.web.forms.records import Catalogue, Field, RecordForm, Row, Section, day, number, shown, typed_whole

bp = Blueprint("terms", __name__, url_prefix="/settings")

TERM = [
    Section(
        "Add or change terms",
        [
            [Field("code", "Code", css="w-12", optional=False), Field("name", "Name", optional=False)],
            [number("net_days", "Days net"), number("extra_days", "Then further days")],
            [Field("end_of_month", "Then to the end of the month", "check")],
            [number("fixed_day", "Or to the next", hint="Day of the month, 1 to 31; a missing 31st is the last day.")],
        ],
    )
]
RATE = [
    Section(
        "Exchange rate",
        [
            [Field("currency", "Currency", "select", optional=False, options=[(code, code) for code in CURRENCIES])],
            [day("valid_from", "From", optional=False)],
            [number("rate", "Worth in the base currency", optional=False)],
        ],
        "posted documents keep theirs",
    )
]
ROUNDING = [
    Section(
        "Round a currency",
        [
            [Field("currency", "Currency", "select", optional=False, options=[(code, code) for code in CURRENCIES])],
            [number("unit", "Totals are whole multiples of", optional=False, hint="Like 0.05 for CHF, or 1 for SEK.")],
        ],
        "for new documents",
    )
]


@bp.get("/terms")
@requires(Permission.SETTINGS_READ)
def index() -> str:
    """All payment terms, and the form for one."""
    return _terms_page({})


@bp.post("/terms")
@requires(terms.put_payment_term)
def create() -> Response | tuple[str, int]:
    """Add or change payment terms."""
    values = typed_whole(TERM)
    attempt = try_once(lambda: {"code": terms.put_payment_term(actor=current_user, **values).code})
    if attempt.refusal:
        return _terms_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("terms.index"), said=f"Payment terms {attempt.data['code']} are saved.")


@bp.get("/methods")
@requires(Permission.SETTINGS_READ)
def methods() -> str:
    """All payment methods, and the form for one."""
    return _methods_page({})


@bp.post("/methods")
@requires(terms.put_payment_method)
def create_method() -> Response | tuple[str, int]:
    """Add or change a payment method."""
    values = typed_whole(_method())
    attempt = try_once(lambda: {"code": terms.put_payment_method(actor=current_user, **values).code})
    if attempt.refusal:
        return _methods_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("terms.methods"), said=f"Payment method {attempt.data['code']} is saved.")


@bp.get("/exchange-rates")
@requires(Permission.SETTINGS_READ)
def rates() -> str:
    """All exchange rates, and the form for one."""
    return _rates_page({})


@bp.post("/exchange-rates")
@requires(terms.put_exchange_rate)
def create_rate() -> Response | tuple[str, int]:
    """Add or change a rate."""
    values = typed_whole(RATE)
    attempt = try_once(lambda: {"rate": str(terms.put_exchange_rate(actor=current_user, **values).rate)})
    if attempt.refusal:
        return _rates_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("terms.rates"), said=f"The rate of {values['currency']} is saved.")


@bp.post("/exchange-rates/removal")
@requires(terms.remove_exchange_rate)
def remove_rate() -> Response:
    """Take a rate back."""
    currency, valid_from = request.form.get("currency", ""), request.form.get("valid_from", "")

    def work() -> dict[str, str]:
        terms.remove_exchange_rate(currency, valid_from=valid_from, actor=current_user)
        return {}

    run_once(work)
    return htmx.go_to(url_for("terms.rates"), said=f"The rate of {currency} is removed.")


@bp.get("/cash-rounding")
@requires(Permission.SETTINGS_READ)
def roundings() -> str:
    """The currencies whose totals are rounded to a coin, and the form for one."""
    return _roundings_page({})


@bp.post("/cash-rounding")
@requires(terms.put_cash_rounding)
def create_rounding() -> Response | tuple[str, int]:
    """Round a currency, or round it otherwise."""
    values = typed_whole(ROUNDING)
    attempt = try_once(lambda: {"unit": str(terms.put_cash_rounding(actor=current_user, **values).unit)})
    if attempt.refusal:
        return _roundings_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("terms.roundings"), said=f"The rounding of {values['currency']} is saved.")


@bp.post("/cash-rounding/removal")
@requires(terms.remove_cash_rounding)
def remove_rounding() -> Response:
    """Round a currency no more."""
    currency = request.form.get("currency", "")

    def work() -> dict[str, str]:
        terms.remove_cash_rounding(currency, actor=current_user)
        return {}

    run_once(work)
    return htmx.go_to(url_for("terms.roundings"), said=f"Totals in {currency} are no longer rounded to a coin.")


# --- pages -----------------------------------------------------------------------------------------------------------


def _terms_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    wanted = request.args.get("edit", "")
    found = reads.payment_terms()
    current = next((term for term in found if term.code == wanted), None)
    stored = shown({name: getattr(current, name) for name in terms.TERM}) if current else {}
    rows = [
        Row(
            [term.code, term.name, str(term.net_days), _then(term.end_of_month, term.extra_days, term.fixed_day)],
            url=url_for("terms.index", edit=term.code),
            is_current=term is current,
        )
        for term in found
    ]
    page = Catalogue(
        title="Payment terms",
        heads=("Code", "Name", "Days net", "Then"),
        numeric=(2,),
        rows=rows,
        form=RecordForm(TERM, values or stored, refusal),
        action=url_for("terms.create"),
        button="Save payment terms" if current else "Add payment terms",
        here=url_for("terms.index"),
        note="open one to change it",
        may_write=can(Permission.SETTINGS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)


def _then(end_of_month: bool, extra_days: int, fixed_day: int | None) -> str:
    parts = ["end of month"] if end_of_month else []
    parts += [f"{extra_days} more days"] if extra_days else []
    parts += [f"next {fixed_day}."] if fixed_day else []
    return ", ".join(parts) or "–"


def _method() -> list[Section]:
    return [
        Section(
            "Payment method",
            [
                [Field("code", "Code", optional=False), Field("name", "Name", optional=False)],
                [Field("account_code", "Lands on", "select", optional=False, options=reads.money_accounts())],
                [Field("needs_reference", "Needs a reference", "check")],
                [Field("is_active", "In use", "check")],
            ],
        )
    ]


def _methods_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    wanted = request.args.get("edit", "")
    found = reads.payment_methods()
    current = next((method for method in found if method.code == wanted), None)
    stored = shown({name: getattr(current, name) for name in terms.METHOD}) if current else {"is_active": "yes"}
    accounts = dict(reads.money_accounts())
    rows = [
        Row(
            [
                method.code,
                method.name,
                accounts.get(method.account_code, method.account_code),
                "needed" if method.needs_reference else "not needed",
                "in use" if method.is_active else "out of use",
            ],
            url=url_for("terms.methods", edit=method.code),
            is_current=method is current,
        )
        for method in found
    ]
    page = Catalogue(
        title="Payment methods",
        heads=("Code", "Name", "Lands on", "Reference", "State"),
        rows=rows,
        form=RecordForm(_method(), values or stored, refusal),
        action=url_for("terms.create_method"),
        button="Save payment method" if current else "Add payment method",
        here=url_for("terms.methods"),
        note="open one to change it",
        may_write=can(Permission.SETTINGS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)


def _rates_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    ours = company()
    base = ours.base_currency if ours else ""
    rows = [
        Row(
            [rate.currency, shown_day(rate.valid_from), written(rate.rate)],
            removal=url_for("terms.remove_rate"),
            removal_fields={"currency": rate.currency, "valid_from": rate.valid_from.isoformat()},
        )
        for rate in reads.exchange_rates()
    ]
    page = Catalogue(
        title="Exchange rates",
        heads=("Currency", "From", f"Worth in {base}"),
        numeric=(2,),
        rows=rows,
        form=RecordForm(RATE, values, refusal),
        action=url_for("terms.create_rate"),
        button="Save rate",
        here=url_for("terms.rates"),
        note=f"what one unit is worth in {base}",
        empty=f"None yet: only documents in {base} can be posted.",
        may_write=can(Permission.SETTINGS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)


def _roundings_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    rows = [
        Row(
            [one.currency, amount(one.unit, one.currency)],
            removal=url_for("terms.remove_rounding"),
            removal_fields={"currency": one.currency},
        )
        for one in reads.cash_roundings()
    ]
    page = Catalogue(
        title="Cash rounding",
        heads=("Currency", "Totals are multiples of"),
        numeric=(1,),
        rows=rows,
        form=RecordForm(ROUNDING, values, refusal),
        action=url_for("terms.create_rounding"),
        button="Save rounding",
        here=url_for("terms.roundings"),
        note="the difference has its own row on the document and its own account",
        empty="None yet: every total stands to the smallest unit of its currency.",
        may_write=can(Permission.SETTINGS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)

"""The first-run page: there once, while there is no company."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import cookies
from webapp.auth import requires
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.money import decimals_of
from webapp.domain.numbers import parse_money, parse_percent
from webapp.domain.permissions import Permission
from webapp.domain.text import clean
from webapp.limits import COSTLY, limiter
from webapp.queries.company import company
from webapp.services import passwords
from webapp.services.founding import Founding, found
from webapp.set_up_token import is_right

bp = Blueprint("set_up", __name__)

UNPROCESSABLE = 422
COUNTRY_LETTERS = 2


@bp.get("/set-up")
@requires(Permission.PUBLIC)
def new() -> str:
    """Ask what the company is; 404 once there is one."""
    _refuse_later()
    return render_template("set_up/new.html", values={}, errors={})


@bp.post("/set-up")
@requires(Permission.PUBLIC)
@limiter.limit(COSTLY)
def create() -> Response | tuple[str, int]:
    """Found the company; then its administrator logs in."""
    _refuse_later()
    values = request.form.to_dict()
    try:
        given = _read(values)
        found(given, password_hash=passwords.make_hash(values["password"]))
    except BadInput as refusal:
        kept = {name: value for name, value in values.items() if name not in ("token", "password")}
        return render_template("set_up/new.html", values=kept, errors=refusal.details), UNPROCESSABLE
    response = make_response(redirect(url_for("sessions.new"), 303))
    cookies.say_next(response, f"{given.name} is set up. Log in as {given.admin_email}.")
    return response


def _refuse_later() -> None:
    if company() is not None:
        raise NotFound("The company is set up already.")


def _read(values: dict[str, str]) -> Founding:
    """The form's values, checked; every field that is wrong is named at once. Raises BadInput."""
    errors: dict[str, str] = {}

    def read(field: str, parse: Any) -> Any:
        try:
            return parse(values.get(field, ""))
        except BadInput as refusal:
            errors[field] = refusal.message
            return None

    currency = read("base_currency", _currency)
    read("token", _token)
    read("password", _password)
    fields = {
        "name": read("name", _text("name", 200)),
        "country": read("country", _country),
        "base_currency": currency,
        "time_zone": read("time_zone", _time_zone),
        "warehouse": read("warehouse", _text("warehouse", 100)),
        "tax_percent": read("tax_percent", lambda text: parse_percent(text, field="tax_percent")),
        "admin_name": read("admin_name", _text("admin_name", 200)),
        "admin_email": read("admin_email", _text("admin_email", 254)),
        "approve_up_to": read("approve_up_to", lambda text: _amount(text, currency)) if _by_policy(values) else None,
    }
    if errors:
        raise BadInput("Some fields need another look.", details=errors)
    return Founding(**fields)


def _by_policy(values: dict[str, str]) -> bool:
    return values.get("approval") == "policy"


def _text(field: str, longest: int) -> Any:
    return lambda text: clean(text, field=field, max_length=longest, required=True)


def _token(text: str) -> str:
    if not is_right(text, Path(current_app.instance_path)):
        raise BadInput("This is not the set-up token. The server printed it when it started.", field="token")
    return text


def _password(text: str) -> str:
    problem = passwords.weakness(text)
    if problem:
        raise BadInput(problem, field="password")
    return text


def _currency(text: str) -> str:
    code = text.strip().upper()
    decimals_of(code)
    return code


def _country(text: str) -> str:
    code = text.strip().upper()
    if len(code) != COUNTRY_LETTERS or not (code.isascii() and code.isalpha()):
        raise BadInput("Enter the country's two letters, such as DE.", field="country")
    return code


def _time_zone(text: str) -> str:
    if text.strip() not in available_timezones():
        raise BadInput("Enter a time zone such as Europe/Berlin.", field="time_zone")
    return text.strip()


def _amount(text: str, currency: str | None) -> Decimal:
    return parse_money(text, currency or "EUR", field="approve_up_to")

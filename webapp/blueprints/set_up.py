"""The first-run page: there once, while there is no company."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput, NotFound
from webapp.domain.importing import fields
from webapp.domain.numbers import parse_money
from webapp.domain.permissions import Permission
from webapp.queries.company import company
from webapp.services.people import passwords
from webapp.services.settings.first_run import READERS, found
from webapp.web import cookies
from webapp.web.auth import requires
from webapp.web.forms.posts import attempt
from webapp.web.limits import COSTLY, limiter
from webapp.web.set_up_token import is_right

bp = Blueprint("set_up", __name__)

SECRETS = ("token", "password")


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
    """Found the company; then its administrator logs in. What is wrong is said by field, nothing typed is lost."""
    _refuse_later()
    outcome = attempt(_found)
    if outcome.refusal:
        values = {name: value for name, value in request.form.items() if name not in SECRETS}
        return render_template("set_up/new.html", values=values, errors=outcome.refusal.details), outcome.status
    response = make_response(redirect(url_for("sessions.new"), 303))
    cookies.say_next(response, f"The company is set up. Log in as {outcome.data['email']}.")
    return response


def _refuse_later() -> None:
    if company() is not None:
        raise NotFound("The company is set up already.")


def _found() -> Mapping[str, Any]:
    values = fields.read_whole(
        {**READERS, "token": _token, "password": _password},
        {name: request.form.get(name, "") for name in (*READERS, *SECRETS)},
    )
    amount = request.form.get("approve_up_to", "") if request.form.get("approval") == "policy" else None
    limit = None if amount is None else parse_money(amount, values["base_currency"], field="approve_up_to")
    admin = found(values, approve_up_to=limit, password_hash=passwords.make_hash(values["password"]))
    return {"email": admin.email}


def _token(value: Any, field: str) -> str:
    if not is_right(str(value), Path(current_app.instance_path)):
        raise BadInput("This is not the set-up token. The server printed it when it started.", field=field)
    return str(value)


def _password(value: Any, field: str) -> str:
    problem = passwords.weakness(str(value))
    if problem:
        raise BadInput(problem, field=field)
    return str(value)

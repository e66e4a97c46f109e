"""Logging in and out."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as WerkzeugResponse
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from webapp.domain.permissions import Permission
from webapp.queries.company import company
from webapp.services.people.sessions import log_in, log_out
from webapp.web import cookies
from webapp.web.addresses import own_or_home, way_back
from webapp.web.auth import current_user, login_session, requires, visitor
from webapp.web.limits import COSTLY, limiter

bp = Blueprint("sessions", __name__)

UNPROCESSABLE = 422
WRONG = "E-mail or password is wrong. Check both; capital letters matter in the password."


class LogInForm(FlaskForm):
    email = StringField("E-mail", [InputRequired("Enter your e-mail address.")], render_kw={"type": "email"})
    password = PasswordField("Password", [InputRequired("Enter your password.")])


@bp.get("/log-in")
@requires(Permission.PUBLIC)
def new() -> str | WerkzeugResponse:
    """The log-in page; who is logged in already goes on, and before the first set-up there is nobody to log in."""
    if company() is None:
        return redirect(url_for("set_up.new"))
    to = own_or_home(request.args.get("next"))
    if current_user:
        return redirect(to)
    return render_template("sessions/new.html", form=LogInForm(), next=to)


@bp.post("/log-in")
@requires(Permission.PUBLIC)
@limiter.limit(COSTLY)
def create() -> tuple[str, int] | WerkzeugResponse:
    """Log in and go where the person was heading. Each log-in has a new token (no fixation)."""
    form, to = LogInForm(), own_or_home(request.form.get("next"))
    if form.validate():
        token = cookies.fresh_token()
        user = log_in(form.email.data or "", form.password.data or "", token, visitor())
        if user:
            cookies.take_token(token)
            return redirect(to, 303)
        form.form_errors.append(WRONG)
    return render_template("sessions/new.html", form=form, next=to), UNPROCESSABLE


@bp.get("/log-out")
@requires(Permission.SELF)
def leave() -> str:
    """Ask before logging out: a link must not end a session."""
    return render_template("sessions/leave.html", back=way_back())


@bp.post("/log-out")
@requires(Permission.SELF)
def delete() -> Response:
    """End the session at the server and let the browser forget the pages it kept."""
    session = login_session()
    if session:
        log_out(session)
    cookies.take_token(cookies.fresh_token())
    response = make_response(redirect(url_for("sessions.new"), 303))
    cookies.say_next(response, "You are logged out.")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.post("/session/renewal")
@requires(Permission.SELF)
def renew() -> Response:
    """Somebody is still there: every request puts the idle end off, this one does nothing else."""
    return current_app.response_class(status=204)

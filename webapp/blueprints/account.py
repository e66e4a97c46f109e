"""What each user settles for themselves: theme, shortcuts, password, open sessions."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, PasswordField
from wtforms.validators import InputRequired, ValidationError

from webapp.domain import clock
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.queries.people.sessions import own_sessions
from webapp.services.people import passwords, sessions, users
from webapp.web import cookies, htmx
from webapp.web.addresses import own_or_home
from webapp.web.auth import current_user, login_session, requires

bp = Blueprint("account", __name__, url_prefix="/account")

UNPROCESSABLE = 422


class PasswordForm(FlaskForm):
    current = PasswordField("Present password", [InputRequired("Enter the password you log in with now.")])
    password = PasswordField("New password", [InputRequired("Enter the new password.")])

    def validate_current(self, field: PasswordField) -> None:
        """Only who knows the present password may set another (ASVS 6.2.3)."""
        if not passwords.matches(field.data or "", current_user.password_hash):
            raise ValidationError("This is not the password you log in with now.")

    def validate_password(self, field: PasswordField) -> None:
        """The service's own rule, as the field's error."""
        problem = passwords.weakness(field.data or "")
        if problem:
            raise ValidationError(problem)


class ShortcutsForm(FlaskForm):
    shortcuts = BooleanField()


@bp.get("/")
@requires(Permission.SELF)
def show() -> str:
    """Password, sessions and shortcuts."""
    return _page(PasswordForm())


@bp.post("/theme")
@requires(Permission.SELF)
def update_theme() -> Response:
    """Light, dark or as the system has it; kept with the user, and in the browser for the log-in page."""
    theme = request.form.get("theme", "")
    if theme not in list(users.Theme):
        raise BadInput("The themes are system, light and dark.", field="theme")
    users.choose_theme(users.Theme(theme), actor=current_user)
    response = htmx.go_to(own_or_home(request.form.get("next")))
    cookies.keep_theme(response, theme)
    return response


@bp.post("/password")
@requires(users.change_password)
def update_password() -> Response | tuple[str, int]:
    """A new password; every other session of the user ends."""
    form = PasswordForm()
    if not form.validate():
        return _page(form), UNPROCESSABLE
    password_hash = passwords.make_hash(form.password.data or "")
    users.change_password(password_hash, keep=login_session(), actor=current_user)
    return htmx.go_to(url_for("account.show"), said="The password is changed. Other sessions have ended.")


@bp.post("/shortcuts")
@requires(Permission.SELF)
def update_shortcuts() -> Response:
    """Single-key shortcuts on or off."""
    is_on = bool(ShortcutsForm().shortcuts.data)
    users.choose_shortcuts(on=is_on, actor=current_user)
    return htmx.go_to(url_for("account.show"), said=f"Single-key shortcuts are {'on' if is_on else 'off'}.")


@bp.post("/sessions/<int:session_id>/end")
@requires(sessions.end_session)
def end_session(session_id: int) -> Response:
    """End another of one's own sessions."""
    sessions.end_session(session_id, actor=current_user)
    return htmx.go_to(url_for("account.show"), said="That session has ended.")


def _page(form: PasswordForm) -> str:
    return render_template(
        "account/show.html", form=form, sessions=own_sessions(current_user, clock.now()), present=login_session()
    )

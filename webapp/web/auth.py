"""Who asks, and whether they may: the user of a request and the permission each route declares.

Every route says what it needs, and one that says nothing is refused::

    @bp.post("/<number>/allocation")
    @requires(allocate_order)
    def create_allocation(number: str) -> Response:
        ... allocate_order(number, actor=current_user)

``Permission.PUBLIC`` needs no log-in, ``Permission.SELF`` any. Pages ask ``can(Permission.X)`` before they show a
button; the service asks again (``webapp.services.authorize``), since rules about *this* document live there.

Pages know their user by the session cookie; the JSON API never does, so that no other site can speak for a user: there
a bearer token says who asks. The API's own description may be read in a browser that is logged in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeGuard, TypeVar, cast

from flask import Flask, current_app, g, request
from flask_login import LoginManager
from flask_login import current_user as _current_user
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import Authorization
from werkzeug.exceptions import Unauthorized

from webapp import formats
from webapp.domain import clock
from webapp.domain.errors import Busy, Forbidden
from webapp.domain.permissions import Permission
from webapp.models import ApiToken, LoginSession, User
from webapp.queries.company import company
from webapp.queries.people import sessions as reads
from webapp.queries.people.tokens import live_token
from webapp.services import audit
from webapp.services.authorize import require
from webapp.services.commands import Command
from webapp.services.people import sessions, tokens
from webapp.web import cookies
from webapp.web.logs import logger
from webapp.web.security import UNSAFE_METHODS, is_api

P = ParamSpec("P")
R = TypeVar("R")
Right = Permission | Command[..., Any]

current_user: User = cast(User, _current_user)
"""The user of this request; false when nobody is logged in, which only public routes meet."""

login_manager = LoginManager()


class LogInNeeded(Unauthorized):
    """Nobody is logged in, or the session has ended."""

    description = "Your session has ended. Log in to go on."


class TokenNeeded(LogInNeeded):
    """A program sent no token, or one that is not good any more."""

    sentence = "Send a valid API token with the request: Authorization: Bearer TOKEN."


READABLE_IN_A_BROWSER = frozenset({"api.docs"})
"""Endpoints below /api that a cookie opens too: pages for people."""


def requires(*rights: Right) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare what a route needs: the command it runs, whose rights are then the route's, or a permission."""
    needed = tuple(dict.fromkeys(permission for right in rights for permission in _permissions(right)))

    def declare(view: Callable[P, R]) -> Callable[P, R]:
        view.permissions = needed  # type: ignore[attr-defined]
        return view

    return declare


def _permissions(right: Right) -> tuple[Permission, ...]:
    return right.permissions if isinstance(right, Command) else (right,)


def permissions_of(endpoint: str) -> tuple[Permission, ...]:
    """What the route of ``endpoint`` declares; nothing when it declares nothing."""
    view = current_app.view_functions[endpoint]
    found: tuple[Permission, ...] = getattr(view, "permissions", ())
    return found


def can(permission: Permission) -> bool:
    """Whether the user of this request has the permission."""
    return bool(current_user) and current_user.can(permission)


def may(endpoint: str) -> bool:
    """Whether the user of this request has what a route needs; templates ask it before they offer what leads there."""
    return bool(current_user) and all(current_user.can(permission) for permission in permissions_of(endpoint))


def login_session() -> LoginSession | None:
    """The session that the browser's token opened in this request."""
    found: LoginSession | None = g.get("login_session")
    return found


def visitor() -> sessions.Visitor:
    """Where this request comes from."""
    return sessions.Visitor(request.remote_addr or "", request.user_agent.string)


def init_auth(app: Flask) -> None:
    """Load the user of each request and refuse what they may not do."""
    app.session_interface = cookies.TokenSessions()
    app.after_request(cookies.forget_said)
    login_manager.session_protection = None
    login_manager.anonymous_user = lambda: None
    login_manager.init_app(app)
    login_manager.request_loader(load_user)
    app.before_request(authorize)
    app.teardown_appcontext(lambda _error: formats.forget_formats())
    app.jinja_env.globals.update(can=can, may=may, Permission=Permission)


def load_user(_request: object) -> User | None:
    """Who sent the request. A cookie opens pages only, never the API; there it takes a token."""
    if is_api() and request.endpoint not in READABLE_IN_A_BROWSER:
        return user_of_token()
    return user_of_cookie()


def user_of_token() -> User | None:
    """The user as whom the request's bearer token acts."""
    sent = request.authorization
    found = live_token(sessions.hash_of(sent.token or ""), clock.now()) if _is_bearer(sent) else None
    if found is None:
        return None
    g.api_token = found
    if tokens.is_noted_too_long_ago(found):
        _note(lambda: tokens.note_use(found))
    return found.user


def program() -> User:
    """The user of this request of a program, as commands take it."""
    token: ApiToken = g.api_token
    return token.user


def _is_bearer(sent: Authorization | None) -> TypeGuard[Authorization]:
    return sent is not None and sent.type == "bearer" and sent.token is not None and sent.token.isascii()


def user_of_cookie() -> User | None:
    """The user whose live session the cookie opens."""
    token = cookies.session_token()
    found = reads.live_session(sessions.hash_of(token), clock.now()) if token else None
    if found is None:
        return None
    g.login_session = found
    _note_use(found)
    return found.user


def authorize() -> None:
    """Refuse the request unless its user has the permission its route declares; deny by default.

    Raises LogInNeeded, Forbidden.
    """
    if request.endpoint is None:
        return
    audit.request_id.set(g.request_id)
    permissions = permissions_of(request.endpoint)
    if not permissions:
        logger(__name__).error("route without permission", endpoint=request.endpoint)
        raise Forbidden("Nobody may open this address: it does not say what right it needs.")
    if current_user:
        _use_formats(current_user)
    if permissions == (Permission.PUBLIC,):
        return
    if not current_user:
        raise TokenNeeded if is_api() else LogInNeeded
    _refuse_beyond_scope()
    for permission in permissions:
        require(current_user, permission)


def _refuse_beyond_scope() -> None:
    token: ApiToken | None = g.get("api_token")
    if token is not None and not tokens.allows(token, writing=request.method in UNSAFE_METHODS):
        raise Forbidden("This token may only read. Make one with the scope write.")


def _use_formats(user: User) -> None:
    ours = company()
    if ours:
        formats.use_formats(ours.locale, user.time_zone or ours.time_zone)


def _note_use(session: LoginSession) -> None:
    if sessions.is_seen_too_long_ago(session):
        _note(lambda: sessions.touch(session))


def _note(use: Callable[[], None]) -> None:
    """Note that something is in use. Reading goes on when nothing can be written, with a full disk for example."""
    try:
        use()
    except (Busy, DBAPIError) as error:
        logger(__name__).warning("use not noted", error=str(error))

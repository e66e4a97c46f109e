"""What the browser keeps for us: one random token, and for a moment the sentence that the next page says.

Flask's ``session`` is here that token and what follows from it (the CSRF secret). Nothing else can be put into it:
whose the token is, since when and for how long stands in the database, so logging out ends it at the server.
Behind https the cookies carry the ``__Host-`` prefix; plain http (the embedded program) has names of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, cast

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeTimedSerializer

SESSION = "session"
SAID = "said"
THEME = "theme"
SAID_SECONDS = 60
YEAR_SECONDS = 365 * 24 * 3600
TOKEN_BYTES = 32


class BrowserSession(dict[str, Any], SessionMixin):
    """Flask's session: values that follow from ``token``, the secret of this browser."""

    def __init__(self, token: str | None, key: str) -> None:
        super().__init__()
        self._key = key.encode()
        self.new = token is None
        self.used = False
        self._take(token or fresh_token())

    def renew(self, token: str) -> None:
        """Take another token and send it with the answer."""
        self.new = self.used = True
        self._take(token)

    def __getitem__(self, name: str) -> Any:
        self.used = True
        return super().__getitem__(name)

    def __setitem__(self, name: str, value: Any) -> None:
        raise TypeError(f"“{name}” cannot be kept in the session: it is a token and nothing else.")

    def _take(self, token: str) -> None:
        self.token = token
        self.update(csrf_token=hmac.new(self._key, b"csrf:" + token.encode(), hashlib.sha256).hexdigest())


class TokenSessions(SessionInterface):
    """Reads the token from its cookie; a new one is sent as soon as a page used it."""

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        token = request.cookies.get(_name(SESSION), "")
        known = len(token) >= TOKEN_BYTES and token.isascii()
        return BrowserSession(token if known else None, str(app.secret_key))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        ours = cast(BrowserSession, session)
        if ours.new and ours.used:
            _set(response, SESSION, ours.token)


def session_token() -> str | None:
    """The token that the browser sent, if it sent one."""
    ours = cast(BrowserSession, session)
    return None if ours.new else ours.token


def take_token(token: str) -> None:
    """Give the browser another token with this answer: at log-in and at log-out."""
    g.pop("csrf_token", None)
    cast(BrowserSession, session).renew(token)


def say_next(response: Response, sentence: str) -> None:
    """Let the next page say ``sentence``; it stays in a signed cookie for a minute at most."""
    _set(response, SAID, _signer().dumps(sentence), max_age=SAID_SECONDS)


def said() -> str | None:
    """The sentence that the answer before left for this page; reading it uses it up."""
    text = request.cookies.get(_name(SAID))
    if not text:
        return None
    g.forget_said = True
    try:
        return str(_signer().loads(text, max_age=SAID_SECONDS))
    except BadData:
        return None


def forget_said(response: Response) -> Response:
    """Take the sentence away once a page has said it (after_request)."""
    if g.get("forget_said"):
        response.delete_cookie(_name(SAID), path="/", secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def keep_theme(response: Response, theme: str) -> None:
    """Remember the theme for the pages before log-in."""
    _set(response, THEME, theme, max_age=YEAR_SECONDS)


def theme() -> str:
    """The theme this browser chose last."""
    return request.cookies.get(_name(THEME), "")


def fresh_token() -> str:
    """A random token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def _name(name: str) -> str:
    return f"__Host-{name}" if request.is_secure else f"counterfoil-{name}"


def _set(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    response.set_cookie(
        _name(name), value, max_age=max_age, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="said")

"""What the frame around every page shows. Templates ask it as ``frame``; pieces that do not, cost nothing."""

from __future__ import annotations

import json
import secrets
from functools import cached_property
from typing import Any

from flask import Flask, request

from webapp import formats
from webapp.domain import clock
from webapp.pages import addresses
from webapp.queries.company import company
from webapp.services.people import sessions
from webapp.web import cookies, navigation
from webapp.web.auth import current_user, login_session
from webapp.web.security import UNSAFE_METHODS

HTMX_CONFIG = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "allowScriptTags": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "scrollIntoViewOnBoost": False,
    "timeout": 30000,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "4..", "swap": True, "error": False},
        {"code": "5..", "swap": False, "error": True},
    ],
}
KEY_BYTES = 16


class Frame:
    """One page's frame; each part is looked up when the page shows it."""

    htmx_config = json.dumps(HTMX_CONFIG)

    @cached_property
    def sections(self) -> list[tuple[str, list[navigation.Link]]]:
        """The navigation of this user."""
        return navigation.sections(current_user) if current_user else []

    @cached_property
    def search(self) -> str | None:
        """Where search is, once the program has it."""
        return navigation.address_of(navigation.SEARCH) if current_user else None

    @cached_property
    def new_order(self) -> str | None:
        """Where a new order begins, for who may enter one."""
        return navigation.new_order(current_user) if current_user else None

    @cached_property
    def company(self) -> str:
        """The company's name."""
        ours = company()
        return ours.name if ours else ""

    @property
    def theme(self) -> str:
        """``light`` or ``dark`` when the user chose one, else nothing: the system decides."""
        chosen = current_user.theme if current_user else cookies.theme()
        return chosen if chosen in ("light", "dark") else ""

    @property
    def language(self) -> str:
        """The language of the words, which is English; figures follow the reader's locale."""
        locale = formats.formats().locale.replace("_", "-")
        return locale if locale.startswith("en") else "en"

    @cached_property
    def said(self) -> str | None:
        """What the request before left to say."""
        return cookies.said()

    @property
    def session_seconds(self) -> int | None:
        """How long the log-in lasts if nothing more is done."""
        session = login_session()
        return int((sessions.ends_at(session) - clock.now()).total_seconds()) if session else None

    @property
    def address(self) -> str:
        """Path and query of this page, to come back to; an answer to a form is no address."""
        return "/" if request.method in UNSAFE_METHODS else request.full_path.rstrip("?")


def init_frame(app: Flask) -> None:
    """Give templates ``frame``, ``current_user``, ``new_key()`` and, as ``at``, every address."""
    app.context_processor(_context)
    app.jinja_env.globals["at"] = addresses
    app.jinja_env.globals["new_key"] = lambda: secrets.token_urlsafe(KEY_BYTES)


def _context() -> dict[str, Any]:
    return {"frame": Frame(), "current_user": current_user}

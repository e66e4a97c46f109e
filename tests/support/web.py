"""People who use the program in a test: logged in without typing a password, sending forms with their token."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.scenes import scene
from webapp.domain.permissions import Role
from webapp.models import User
from webapp.services import company
from webapp.services.people import users
from webapp.services.people.sessions import Visitor, open_session
from webapp.web.cookies import fresh_token

COOKIE = "counterfoil-session"
HTMX = {"HX-Request": "true"}
HERE = Visitor("127.0.0.1", "tests")


@scene
def found_company() -> None:
    """A company without anything else, inside an application context."""
    company.found_company(name="Northwind Traders", country="DE", base_currency="EUR", time_zone="Europe/Berlin")


def add_user(*roles: Role, email: str = "nancy@example.com", name: str = "Nancy Davolio", **more: Any) -> User:
    """A user of these roles, added by the program itself, inside an application context."""
    return users.add_user(email, name, roles, actor=company.system_user(), **more)


def log_in(app: Flask, user: User) -> FlaskClient:
    """A browser in which ``user`` is logged in; call it inside an application context."""
    token = fresh_token()
    open_session(user, token, HERE)
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    return client


def token_of(client: FlaskClient, page: str = "/log-out") -> str:
    """The CSRF token that the pages of this browser carry; it is read from one that asks little of the database."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(page).text)
    assert found, f"{page} carries no token"
    return found[1]


def submit(client: FlaskClient, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
    """POST a form as its page would: with the token of this browser. ``headers=HTMX`` makes it a request of htmx."""
    token = token_of(client, path) if path in ("/log-in", "/set-up") else token_of(client)
    return client.open(path, data={"csrf_token": token, **(data or {})}, **{"method": "POST", **more})


def words(response: TestResponse) -> str:
    """What a person reads of an answer, in one line."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

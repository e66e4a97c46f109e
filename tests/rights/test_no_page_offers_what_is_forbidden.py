"""Whatever a page leads to, by link, button, form or key, its reader has the right to; nothing it leads to is missing.

Every page is reached from the first one by its links, as each role, in a company that has one of everything.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from tests.support.everything import one_of_everything
from webapp.domain.permissions import Permission
from webapp.models import User
from webapp.web.auth import permissions_of

pytestmark = pytest.mark.engines("sqlite")

OK = 200
TARGET = re.compile(r'\s(?P<how>href|action|formaction|hx-get|hx-post|data-row)="(?P<url>/[^"]*)"')
METHODS = {"href": "GET", "hx-get": "GET", "data-row": "GET", "action": None, "formaction": "POST", "hx-post": "POST"}
FORM = re.compile(r"<form\b[^>]*>")
LEAVE = "sessions.leave"
PER_ROUTE = 4
"""How many addresses of one route are followed: one row of a list is like the next."""


def targets(page: str) -> Iterator[tuple[str, str]]:
    """The method and the address of everything that a page leads to."""
    for form in FORM.finditer(page):
        action = re.search(r'\saction="(/[^"]*)"', form[0])
        if action:
            yield ("POST" if 'method="post"' in form[0] else "GET"), html.unescape(action[1])
    for found in TARGET.finditer(page):
        method = METHODS[found["how"]]
        if method:
            yield method, html.unescape(found["url"])


class Visitor:
    """Somebody who follows every link of the pages that they reach."""

    def __init__(self, app: Flask, user: User, client: FlaskClient) -> None:
        self._app, self._user, self._client = app, user, client
        self._routes = app.url_map.bind("localhost")
        self._seen: set[tuple[str, str]] = set()
        self._followed: Counter[str] = Counter()
        self._waiting = ["/"]

    def wrong(self) -> Iterator[str]:
        """What is wrong with where their pages lead."""
        while self._waiting:
            url = self._waiting.pop(0)
            answer = self._client.get(url, follow_redirects=True)
            if answer.status_code != OK:
                yield f"{url} is led to and answers {answer.status_code}"
            elif answer.mimetype == "text/html":
                yield from (f"{url} leads to {told}" for told in self._look(answer.text))

    def _look(self, page: str) -> Iterator[str]:
        for method, target in targets(page):
            path = unquote(urlsplit(target).path)
            if path.startswith(("/static", "/api")) or (method, target) in self._seen:
                continue
            self._seen.add((method, target))
            endpoint = self._endpoint(path, method)
            missing = self._missing(endpoint) if endpoint else []
            if not endpoint:
                yield f"{method} {target}, which is nowhere"
            elif missing:
                yield f"{method} {target}, which takes {', '.join(missing)}"
            elif method == "GET" and endpoint != LEAVE:
                self._follow(endpoint, target)

    def _endpoint(self, path: str, method: str) -> str:
        try:
            return self._routes.match(path, method=method)[0]
        except HTTPException:
            return ""

    def _missing(self, endpoint: str) -> list[str]:
        with self._app.app_context():
            needed = set(permissions_of(endpoint)) - {Permission.PUBLIC}
        return sorted(needed - self._user.permissions)

    def _follow(self, endpoint: str, target: str) -> None:
        self._followed[endpoint] += 1
        if self._followed[endpoint] <= PER_ROUTE:
            self._waiting.append(target)


def test_every_role_may_go_wherever_its_pages_lead(app: Flask, browsers) -> None:
    staff, _ = one_of_everything()
    wrong = [
        f"{role}: {told}"
        for role, (user, client) in browsers(staff).items()
        for told in Visitor(app, user, client).wrong()
    ]
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong)

"""A real browser for the journeys; each person works in a profile of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.support import web
from tests.support.browser import HOW_TO_GET_ONE, find_browser, running_browser
from tests.support.server import LiveServer
from webapp.db import db
from webapp.models import User
from webapp.services.people.sessions import open_session
from webapp.web.cookies import fresh_token

MILLISECONDS_TO_WAIT = 10_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this worker."""
    chromium = find_browser()
    if chromium is None:
        pytest.skip(HOW_TO_GET_ONE)
    with running_browser(chromium) as browser:
        yield browser


@pytest.fixture
def new_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Opens a page in a new profile on the live server; options are Playwright's (``java_script_enabled=False``).

    A script error, and anything that the content security policy blocks, fails the test.
    """
    contexts = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            complaints.append(message.text)

    def open_page(**options: object) -> Page:
        defaults = {"base_url": live_server.url, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
        context = browser.new_context(**{**defaults, **options})
        context.set_default_timeout(MILLISECONDS_TO_WAIT)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def books(live_app: Flask) -> Iterator[None]:
    """The books of the company that ``live_server`` serves, to fill before and to look into after."""
    with live_app.app_context():
        yield
        db.session.rollback()


@pytest.fixture
def enter(new_page: Callable[..., Page], live_server: LiveServer, books: None) -> Callable[..., Page]:
    """Opens a page in which somebody is logged in, in a profile of their own; options are Playwright's."""

    def open_for(user: User, **options: object) -> Page:
        token = fresh_token()
        open_session(user, token, web.HERE)
        page = new_page(**options)
        page.context.add_cookies([{"name": web.COOKIE, "value": token, "url": live_server.url}])
        return page

    return open_for

"""The door of the program in a real browser, on the real server, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.support import web
from tests.support.axe import violations
from webapp.domain.permissions import Role
from webapp.services.people import passwords

PASSWORD = "three green bottles"


@pytest.fixture
def nancy(live_app: Flask) -> str:
    """The address that a salesperson logs in with."""
    with live_app.app_context():
        web.found_company()
        return web.add_user(Role.SALES, password_hash=passwords.make_hash(PASSWORD)).email


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_salesperson_logs_in_and_out(new_page: Callable[..., Page], nancy: str, with_scripts: bool) -> None:
    page = new_page(java_script_enabled=with_scripts)
    page.goto("/")
    page.get_by_label("E-mail").fill(nancy)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()

    page.goto("/log-out")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    page.goto("/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_on_the_way_in_keeps_people_out(new_page: Callable[..., Page], nancy: str, colours: str) -> None:
    page = new_page(color_scheme=colours)
    page.goto("/log-in")
    assert violations(page) == []
    page.get_by_label("E-mail").fill(nancy)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    assert violations(page) == []

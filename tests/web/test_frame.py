"""The frame around the pages: what the navigation shows to whom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Blueprint, Flask, render_template
from sqlalchemy.orm import Session

from tests.support.web import add_user, found_company, log_in
from webapp.domain.permissions import Permission, Role
from webapp.web import navigation
from webapp.web.auth import requires
from webapp.web.navigation import Item

pytestmark = pytest.mark.engines("sqlite")


def things() -> Blueprint:
    bp = Blueprint("things", __name__, url_prefix="/things")

    @bp.get("/")
    @bp.get("/<name>", endpoint="show")
    @requires(Permission.SELF)
    def index(name: str = "") -> str:
        return render_template("settings/index.html", doors=())

    return bp


@pytest.fixture
def app_with_things(make_app: Callable[..., Flask], session: Session, monkeypatch: pytest.MonkeyPatch) -> Flask:
    found_company()
    items = (
        Item("Dashboard", "dashboard.show", "home", Permission.SELF, key="d"),
        Item("Things", "things.index", "box", Permission.SELF, count=lambda user: len(user.name), is_hot=True),
        Item("Secrets", "things.index", "hold", Permission.USERS_WRITE),
        Item("Later", "later.index", "clock", Permission.SELF),
    )
    monkeypatch.setattr(navigation, "SECTIONS", (("Desk", items), ("Empty", items[3:])))
    app = make_app()
    app.register_blueprint(things())
    return app


def test_the_navigation_shows_what_the_user_may_see_and_the_program_has(app_with_things: Flask) -> None:
    page = log_in(app_with_things, add_user(Role.SALES, name="Ann Bo")).get("/").text
    assert "Things" in page
    assert '<span class="count count-hot">6<span class="vh"> waiting</span></span>' in page
    assert "Secrets" not in page
    assert "Later" not in page
    assert "Empty" not in page
    assert "Secrets" in log_in(app_with_things, add_user(Role.ADMIN, email="ada@example.com")).get("/").text


def test_the_current_item_is_the_one_whose_address_the_page_is_under(app_with_things: Flask) -> None:
    client = log_in(app_with_things, add_user(Role.SALES))
    assert '<a href="/" aria-current="page"' in client.get("/").text
    below = client.get("/things/hammer").text
    assert '<a href="/things/" aria-current="page"' in below
    assert '<a href="/" aria-current="page"' not in below
    elsewhere = client.get("/account/").text
    assert 'aria-current="page"' not in elsewhere


def test_times_are_shown_in_the_zone_of_the_user(app_with_things: Flask, session: Session) -> None:
    user = add_user(Role.SALES)
    assert re.search(r'title="[^"]+ CES?T"', log_in(app_with_things, user).get("/account/").text)
    user.time_zone = "Pacific/Auckland"
    session.commit()
    assert re.search(r'title="[^"]+ \+1[23]00"', log_in(app_with_things, user).get("/account/").text)

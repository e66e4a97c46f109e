"""What a person sees when htmx sends a form: pieces, notices, messages, banners, and where the focus goes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Blueprint, Flask, Response, render_template_string, request
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from tests.support.web import COOKIE, HERE, add_user, found_company
from webapp.domain import errors
from webapp.domain.permissions import Permission, Role
from webapp.models import LoginSession
from webapp.services.people.sessions import log_out, open_session
from webapp.web import htmx
from webapp.web.auth import requires
from webapp.web.cookies import fresh_token

pytestmark = pytest.mark.engines("sqlite")

PAGE = """
{% extends "base.html" %}
{% import "macros/forms.html" as forms %}
{% import "macros/ui.html" as ui %}
{% block title %}Desk{% endblock %}
{% block head %}<div class="page-head"><h1>Desk</h1></div>{% endblock %}
{% block content %}<div class="content"><div id="desk">
{% call forms.form("/desk", target="#desk", draft=true) %}
{{ forms.textarea("note", "Note") }}
{% for act in ("piece", "refused", "busy", "mistake", "gateway", "invalid") %}
{{ ui.button(act, name="act", value=act) }}
{% endfor %}
{% endcall %}
</div></div>{% endblock %}
"""
PIECE = '<div id="desk"><p>Done <b>{{ note }}</b></p></div>'
INVALID = """{% import "macros/forms.html" as forms %}
<div id="desk">{{ forms.errors_of([("note", "Say why.")], "Not saved") }}
{{ forms.textarea("note", "Note", note, error="Say why.") }}</div>"""


def desk() -> Blueprint:
    bp = Blueprint("desk", __name__)

    @bp.get("/desk")
    @requires(Permission.SELF)
    def show() -> str:
        return render_template_string(PAGE)

    @bp.post("/desk")
    @requires(Permission.SELF)
    def change():
        note = request.form["note"]
        match request.form["act"]:
            case "piece":
                return render_template_string(PIECE, note=note) + htmx.toast(f"Saved “{note}”.")
            case "invalid":
                return render_template_string(INVALID, note=note), 422
            case "refused":
                raise errors.IllegalMove("The order is closed <already>.")
            case "busy":
                raise errors.Busy("Somebody else works on it.")
            case "gateway":
                return Response("<h1>Bad gateway</h1>", 502)
        raise LookupError("a mistake of ours")

    return bp


@pytest.fixture
def page(make_app: Callable[..., Flask], session: Session, browser: Browser) -> Iterator[Page]:
    found_company()
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    app.register_blueprint(desk())
    token = fresh_token()
    open_session(add_user(Role.SALES), token, HERE)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.server_port}")
    context.add_cookies([{"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/"}])
    page = context.new_page()
    page.goto("/desk")
    page.get_by_label("Note").fill("ring <twice>")
    yield page
    context.close()
    server.shutdown()
    thread.join(10)
    server.server_close()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_change_swaps_the_piece_and_says_it(page: Page) -> None:
    press(page, "piece")
    expect(page.locator("#desk")).to_have_text("Done ring <twice>")
    expect(page.locator("#toasts")).to_contain_text("Saved “ring <twice>”.")
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("refused", "The order is closed <already>."),
        ("busy", "Somebody else works on it."),
        ("mistake", "Something went wrong here. Nothing was saved."),
    ],
)
def test_a_refusal_is_said_above_the_form_which_keeps_what_was_typed(page: Page, act: str, sentence: str) -> None:
    press(page, act)
    expect(page.locator("#notice")).to_contain_text(sentence)
    expect(page.locator("#notice")).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("ring <twice>")
    expect(page.get_by_role("button", name=act, exact=True)).to_be_enabled()
    press(page, "piece")
    expect(page.locator("#desk")).to_contain_text("Done")
    expect(page.locator("#notice")).to_be_empty()


def test_a_form_with_errors_comes_back_in_place_and_takes_the_focus_to_them(page: Page) -> None:
    press(page, "invalid")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("ring <twice>")
    page.get_by_role("link", name="Say why.").click()
    expect(page.get_by_label("Note")).to_be_focused()


def test_an_answer_from_in_between_shows_a_banner_and_leaves_the_form(page: Page) -> None:
    press(page, "gateway")
    expect(page.locator("#banner")).to_contain_text("The server could not answer (502).")
    expect(page.get_by_label("Note")).to_have_value("ring <twice>")
    expect(page.get_by_text("Bad gateway")).to_have_count(0)


def test_a_lost_network_shows_a_banner_and_leaves_the_form(page: Page) -> None:
    page.context.set_offline(True)
    press(page, "piece")
    expect(page.locator("#banner")).to_contain_text("The server cannot be reached.")
    page.context.set_offline(False)
    press(page, "piece")
    expect(page.locator("#desk")).to_contain_text("Done")
    expect(page.locator("#banner")).to_be_hidden()


def test_a_lost_session_leads_to_log_in_and_back(page: Page, session: Session) -> None:
    log_out(session.scalars(select(LoginSession)).one())
    press(page, "piece")
    expect(page).to_have_url(re.compile(r"/log-in\?next=/desk"))


def test_what_was_typed_is_offered_after_a_crash_until_it_was_saved(page: Page) -> None:
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_label("Note")).to_have_value("ring <twice>")
    press(page, "piece")
    expect(page.locator("#desk")).to_contain_text("Done")
    page.reload()
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)


def test_keys_lead_about_and_rest_inside_fields(page: Page) -> None:
    page.get_by_label("Note").press_sequentially("gd?")
    expect(page.get_by_label("Note")).to_have_value("ring <twice>gd?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("the page's main button")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good")

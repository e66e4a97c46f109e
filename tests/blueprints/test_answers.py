"""What every answer carries, and what refusals become for htmx, for plain forms and for programs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests.support.probes import REFUSALS, probes
from tests.support.web import HTMX, add_user, found_company, log_in, submit, token_of, words
from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.permissions import Role
from webapp.models import Event
from webapp.web import cookies
from webapp.web.database_refusals import refusal_of
from webapp.web.limits import limiter
from webapp.web.security import CONTENT_SECURITY_POLICY, UNSAFE_METHODS

STATUSES = {
    "refused": 400,
    "bad_input": 422,
    "not_found": 404,
    "forbidden": 403,
    "illegal": 409,
    "stale": 409,
    "busy": 503,
    "key": 409,
}


@pytest.fixture(scope="module")
def app_with_probes(engine: str, make_lasting_app: Callable[..., Flask]) -> Flask:
    app = make_lasting_app(engine, PROPAGATE_EXCEPTIONS=False)
    app.register_blueprint(probes())
    return app


@pytest.fixture
def probed(app_with_probes: Flask, session: Session) -> Flask:
    found_company()
    return app_with_probes


@pytest.fixture
def client(probed: Flask) -> FlaskClient:
    return log_in(probed, add_user(Role.SALES))


# -- headers ----------------------------------------------------------------------------------------------------------


def filled(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "1", rule.rule)


def test_every_address_answers_with_the_security_headers(client: FlaskClient, probed: Flask) -> None:
    paths = {"/nowhere", "/api/nowhere"} | {filled(rule) for rule in probed.url_map.iter_rules()}
    for path in sorted(paths):
        answer = client.get(path)
        headers = answer.headers
        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert "camera=()" in headers["Permissions-Policy"], path
        assert headers["Cache-Control"] == "no-store", path
        assert {"HX-Request", "HX-History-Restore-Request"} <= set(headers["Vary"].split(", ")), path
        assert headers["X-Request-Id"], path


def test_static_files_have_names_that_never_expire_and_the_same_headers(client: FlaskClient, probed: Flask) -> None:
    with client.get(probed.jinja_env.globals["asset"]("base.css")) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert client.get("/static/manifest.json/../../app.py").status_code == 404


def test_strange_hosts_are_refused_where_hosts_are_named(make_app: Callable[..., Flask]) -> None:
    client = make_app(TRUSTED_HOSTS=["desk.example.com"]).test_client()
    assert client.get("/healthz", headers={"Host": "desk.example.com"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400


def test_forwarded_headers_count_only_behind_the_configured_proxies(make_app: Callable[..., Flask]) -> None:
    forwarded = {"X-Forwarded-Proto": "https"}
    assert "Strict-Transport-Security" not in make_app().test_client().get("/healthz", headers=forwarded).headers
    behind = make_app(PROXY_HOPS=1).test_client()
    assert "Strict-Transport-Security" in behind.get("/healthz", headers=forwarded).headers


# -- who sent it ------------------------------------------------------------------------------------------------------


def changing(app: Flask) -> list[tuple[str, str]]:
    rules = [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/api/")]
    return [(filled(rule), method) for rule in rules for method in (rule.methods or set()) & UNSAFE_METHODS]


def test_no_form_is_taken_without_the_token_of_its_own_browser(client: FlaskClient, probed: Flask) -> None:
    other = token_of(probed.test_client(), "/log-in")
    for path, method in changing(probed):
        for token in ({}, {"csrf_token": "made-up"}, {"csrf_token": other}):
            answer = client.open(path, method=method, data=token)
            assert answer.status_code == 400, path
            assert "This form belongs to an earlier log-in." in words(answer), path


def test_another_site_cannot_send_a_form_even_with_a_token(client: FlaskClient, probed: Flask) -> None:
    for path, method in changing(probed):
        data = {"csrf_token": token_of(client)}
        answer = client.open(path, method=method, data=data, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 400, path
        assert "Another site sent this" in words(answer), path


def test_htmx_sends_the_token_in_a_header(client: FlaskClient) -> None:
    headers = HTMX | {"X-CSRFToken": token_of(client)}
    assert client.post("/probe/change", headers=headers).status_code == 200


# -- permissions ------------------------------------------------------------------------------------------------------


def test_a_missing_right_is_refused_with_who_has_it_and_recorded(client: FlaskClient, session: Session) -> None:
    answer = submit(client, "/probe/approve")
    assert answer.status_code == 403
    assert "Nancy Davolio may not do this (orders:approve). It takes the role sales manager" in words(answer)
    event = session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert (event.action, event.details["after"]) == (Action.PERMISSION_REFUSED, {"path": "/probe/approve"})
    assert "orders:approve" in event.reason


def test_a_route_that_declares_no_right_is_open_to_nobody(client: FlaskClient) -> None:
    answer = client.get("/probe/undeclared")
    assert answer.status_code == 403
    assert "open to all" not in answer.text


def test_whose_right_it_is_passes(probed: Flask, session: Session) -> None:
    manager = log_in(probed, add_user(Role.SALES_MANAGER, email="steven@example.com"))
    assert submit(manager, "/probe/approve").text == "approved"


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(REFUSALS))
def test_a_refusal_is_a_notice_for_htmx_that_leaves_the_form_alone(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/probe/{name}", headers=HTMX)
    assert answer.status_code == STATUSES[name]
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#notice", "outerHTML")
    assert answer.text.lstrip().startswith('<div id="notice"')
    assert REFUSALS[name].message in words(answer)


@pytest.mark.parametrize("name", list(REFUSALS))
def test_a_refusal_is_a_page_for_a_plain_form_that_shows_what_was_typed(client: FlaskClient, name: str) -> None:
    typed = {"note": "Ring <twice>", "password": "s3cret", "idempotency_key": "abc", "empty": ""}
    answer = submit(client, f"/probe/{name}", typed, headers={"Referer": "http://localhost/account/?a=1"})
    assert answer.status_code == STATUSES[name]
    assert "<title>Error: " in answer.text
    seen = words(answer)
    assert REFUSALS[name].message in seen
    assert "Note Ring <twice>" in seen
    assert "s3cret" not in answer.text
    assert "Idempotency" not in seen
    assert 'href="/account/?a=1"' in answer.text


@pytest.mark.parametrize("name", list(REFUSALS))
def test_a_refusal_is_json_for_a_program(client: FlaskClient, name: str) -> None:
    answer = client.post(f"/api/probe/{name}")
    assert answer.status_code == STATUSES[name]
    assert answer.json == {"error": REFUSALS[name].message, "details": REFUSALS[name].details}
    assert ("Retry-After" in answer.headers) == (name in ("busy", "key"))


def test_the_way_back_never_leads_to_another_site(client: FlaskClient) -> None:
    answer = client.get("/probe/refused", headers={"Referer": "https://evil.example/orders"})
    assert "evil.example" not in answer.text


@pytest.mark.parametrize(("status", "part"), [(404, "nothing at this address"), (413, "at most 20 MB"), (429, "Wait")])
def test_an_http_error_has_a_sentence(client: FlaskClient, status: int, part: str) -> None:
    answer = client.get(f"/probe/abort/{status}")
    assert answer.status_code == status
    assert part in words(answer)
    assert client.get(f"/probe/abort/{status}", headers=HTMX).headers["HX-Retarget"] == "#notice"


def test_an_address_used_in_a_wrong_way_says_which_ways_there_are(client: FlaskClient) -> None:
    answer = client.get("/account/theme")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_programs_read_http_errors_as_json(client: FlaskClient) -> None:
    answer = client.get("/api/nowhere")
    assert (answer.status_code, answer.json["details"]) == (404, {})


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_mistake_shows_the_request_and_no_trace(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get("/probe/mistake", headers=headers)
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in words(answer)
    assert "secret inside" not in answer.text
    assert "Traceback" not in answer.text
    program = client.get("/api/probe/mistake")
    assert program.json == {"error": "Something went wrong here. Nothing was saved.", "details": {}}


# -- the database's refusals ------------------------------------------------------------------------------------------


def test_a_broken_unique_constraint_is_a_sentence_on_both_engines(client: FlaskClient) -> None:
    row = {"email": "nancy@example.com", "name": "Nancy", "is_active": True, "created_at": "2026-01-01"}
    with pytest.raises(DBAPIError) as caught:
        db.session.execute(
            text(
                "INSERT INTO users (email, name, title, is_active, is_system, own_customers_only, theme, shortcuts, "
                "created_at, version) VALUES (:email, :name, '', true, false, false, 'system', true, :created_at, 1)"
            ),
            row,
        )
    db.session.rollback()
    refusal = refusal_of(caught.value)
    assert (refusal.status, refusal.sentence) == (409, "This e-mail address belongs to another user already.")


@pytest.mark.parametrize(
    ("state", "status", "part"),
    [
        (psycopg.errors.LockNotAvailable, 503, "Somebody else is working on this."),
        (psycopg.errors.DeadlockDetected, 503, "Too many people"),
        (psycopg.errors.SerializationFailure, 503, "Too many people"),
        (psycopg.errors.QueryCanceled, 503, "took too long"),
        (psycopg.errors.DiskFull, 503, "disk is full"),
        (psycopg.errors.AdminShutdown, 503, "was restarted"),
        (psycopg.errors.ReadOnlySqlTransaction, 503, "only be read"),
        (psycopg.errors.NumericValueOutOfRange, 422, "outside what can be stored"),
    ],
)
def test_states_of_postgresql_have_sentences(state: type[psycopg.Error], status: int, part: str) -> None:
    refusal = refusal_of(DBAPIError("SELECT", {}, state("as the server says")))
    assert refusal.status == status
    assert part in refusal.sentence


@pytest.mark.parametrize(
    ("code", "part"),
    [
        (sqlite3.SQLITE_BUSY, "Somebody else"),
        (sqlite3.SQLITE_FULL, "disk is full"),
        (sqlite3.SQLITE_READONLY, "only be read"),
    ],
)
def test_states_of_sqlite_have_sentences(code: int, part: str) -> None:
    error = sqlite3.OperationalError("as the library says")
    error.sqlite_errorcode = code
    assert part in refusal_of(DBAPIError("SELECT", {}, error)).sentence


def test_a_mistake_in_our_sql_is_no_refusal() -> None:
    assert refusal_of(DBAPIError("SELEKT", {}, psycopg.errors.SyntaxError("near SELEKT"))) is None


# -- too often --------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(make_app: Callable[..., Flask]) -> Iterator[FlaskClient]:
    yield make_app(RATELIMIT_ENABLED=True).test_client()
    limiter.enabled = False
    limiter.reset()


def test_a_burst_of_log_ins_is_told_to_wait(counted: FlaskClient, session: Session) -> None:
    found_company()
    token = {"csrf_token": token_of(counted, "/log-in")}
    statuses = [counted.post("/log-in", data=token).status_code for _ in range(31)]
    assert statuses == [422] * 30 + [429]
    refused = counted.post("/log-in", data=token)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "Too many requests" in words(refused)


# -- pieces and pages -------------------------------------------------------------------------------------------------


def test_a_change_answers_htmx_with_the_piece_and_a_message_outside_it(client: FlaskClient) -> None:
    answer = client.post("/probe/change", headers=HTMX | {"X-CSRFToken": token_of(client)})
    assert answer.status_code == 200
    assert 'id="notice"' in answer.text
    assert 'hx-swap-oob="beforeend"' in answer.text
    assert "Line &lt;4&gt; removed." in answer.text


def test_a_change_leads_a_plain_form_to_the_page_which_says_it_once(client: FlaskClient) -> None:
    answer = submit(client, "/probe/change")
    assert (answer.status_code, answer.location) == (303, "/account/")
    assert "Line <4> removed." in words(client.get("/account/"))
    assert "Line <4> removed." not in words(client.get("/account/"))


def test_a_message_that_somebody_else_wrote_is_not_said(client: FlaskClient) -> None:
    client.set_cookie("counterfoil-said", "Send your password to evil.example")
    assert "evil.example" not in client.get("/account/").text


# -- what belongs to each user ----------------------------------------------------------------------------------------


def test_the_theme_is_chosen_without_javascript_and_kept(client: FlaskClient, probed: Flask) -> None:
    answer = submit(client, "/account/theme", {"theme": "dark", "next": "/account/"})
    assert answer.location == "/account/"
    assert 'data-theme="dark"' in client.get("/").text
    assert client.get_cookie(f"counterfoil-{cookies.THEME}").value == "dark"
    assert submit(client, "/account/theme", {"theme": "neon"}).status_code == 422


def test_shortcuts_are_switched_off_and_on(client: FlaskClient) -> None:
    submit(client, "/account/shortcuts", {})
    assert "data-no-keys" in client.get("/").text
    submit(client, "/account/shortcuts", {"shortcuts": "y"})
    assert "data-no-keys" not in client.get("/").text


def test_the_styleguide_and_the_dashboard_are_shown(client: FlaskClient) -> None:
    assert "Good" in words(client.get("/"))
    assert client.get("/styleguide").status_code == 200


# -- machines that watch ----------------------------------------------------------------------------------------------


def test_health_needs_no_log_in_and_metrics_are_closed_unless_opened(make_app: Callable[..., Flask]) -> None:
    shut, open_ = make_app().test_client(), make_app(METRICS=True).test_client()
    assert (shut.get("/healthz").status_code, shut.get("/healthz").text) == (200, "ok\n")
    assert shut.get("/metrics").status_code == 404
    assert "http_request_seconds" in open_.get("/metrics").text

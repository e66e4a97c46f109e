"""Logging in and out, as a browser sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.web import COOKIE, HTMX, log_in, submit, words
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.permissions import Role
from webapp.models import Event, LoginAttempt, LoginSession, User
from webapp.services.people import passwords, users
from webapp.services.people.sessions import hash_of

PASSWORD = "three green bottles"
WRONG = "E-mail or password is wrong."


@pytest.fixture
def nancy(nancy: User) -> User:
    users.change_password(passwords.make_hash(PASSWORD), keep=None, actor=nancy)
    return nancy


def try_to_log_in(client: FlaskClient, email: str = "nancy@example.com", password: str = PASSWORD, **more):
    return submit(client, "/log-in", {"email": email, "password": password, **more.pop("data", {})}, **more)


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(Event.action).order_by(Event.id)))


def test_who_is_not_logged_in_is_led_to_the_log_in_page_and_back(client: FlaskClient, nancy: User) -> None:
    answer = client.get("/account/?tab=2")
    assert answer.status_code == 302
    assert answer.location == "/log-in?next=/account/?tab%3D2"

    page = client.get(answer.location)
    assert 'name="next" value="/account/?tab=2"' in page.text
    assert try_to_log_in(client, data={"next": "/account/?tab=2"}).location == "/account/?tab=2"


def test_the_right_password_opens_a_session_that_the_cookie_names_and_the_database_keeps_as_a_hash(
    client: FlaskClient, nancy: User, session: Session
) -> None:
    client.get("/log-in")
    before = client.get_cookie(COOKIE).value
    answer = try_to_log_in(client, email=" Nancy@Example.com ")
    assert (answer.status_code, answer.location) == (303, "/")

    token = client.get_cookie(COOKIE).value
    assert token != before
    stored = session.scalars(select(LoginSession)).one()
    assert stored.token_hash == hash_of(token)
    assert token not in stored.token_hash
    assert client.get("/").status_code == 200
    assert actions(session)[-1] == Action.LOGGED_IN


@pytest.mark.parametrize(
    ("email", "password"),
    [("nancy@example.com", "wrong password"), ("nobody@example.com", PASSWORD), ("", ""), ("system@counterfoil", "")],
)
def test_a_wrong_log_in_says_the_same_for_known_and_unknown_names(
    client: FlaskClient, nancy: User, session: Session, email: str, password: str
) -> None:
    answer = try_to_log_in(client, email, password)
    assert answer.status_code == 422
    assert ("<title>Error: Log in" in answer.text) is True
    if email and password:
        assert WRONG in words(answer)
        assert [attempt.email for attempt in session.scalars(select(LoginAttempt))] == [email]
        assert actions(session)[-1] == Action.LOG_IN_FAILED
    assert client.get("/").status_code == 302


def test_a_user_who_was_switched_off_cannot_log_in(client: FlaskClient, nancy: User, session: Session) -> None:
    nancy_is_gone(nancy)
    assert WRONG in words(try_to_log_in(client))


def nancy_is_gone(nancy: User) -> None:
    from webapp.services.company import system_user

    users.change_user(
        nancy.email,
        roles=nancy.roles,
        max_discount=None,
        own_customers_only=False,
        is_active=False,
        actor=system_user(),
    )


def test_twenty_wrong_tries_are_slowed_down_and_the_right_one_from_elsewhere_works(
    client: FlaskClient, nancy: User, app: Flask, session: Session
) -> None:
    statuses = [try_to_log_in(client, password="wrong password").status_code for _ in range(20)]
    assert statuses == [422] * 10 + [429] * 10
    refused = try_to_log_in(client)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many log-ins failed. Wait 15 minutes" in words(refused)

    elsewhere = try_to_log_in(app.test_client(), environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 303
    with clock.set_to(clock.now() + timedelta(minutes=16)):
        assert passwords.matches(PASSWORD, nancy.password_hash)


def test_waiting_ends_the_slowing_down(client: FlaskClient, nancy: User, session: Session) -> None:
    for _ in range(10):
        try_to_log_in(client, password="wrong password")
    session.execute(LoginAttempt.__table__.update().values(at=clock.now() - timedelta(minutes=16)))
    session.commit()
    assert try_to_log_in(client).status_code == 303


def test_a_log_in_that_worked_forgets_the_failures_before(client: FlaskClient, nancy: User, session: Session) -> None:
    for _ in range(9):
        try_to_log_in(client, password="wrong password")
    try_to_log_in(client)
    assert session.scalars(select(LoginAttempt)).all() == []


def test_logging_out_ends_the_session_at_the_server_so_that_a_kept_cookie_opens_nothing(
    client: FlaskClient, nancy: User, app: Flask, session: Session
) -> None:
    try_to_log_in(client)
    kept = client.get_cookie(COOKIE).value
    assert "Log out?" in words(client.get("/log-out"))
    answer = submit(client, "/log-out")
    assert (answer.status_code, answer.location) == (303, "/log-in")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "You are logged out." in words(client.get("/log-in"))
    assert "You are logged out." not in words(client.get("/log-in"))

    thief = app.test_client()
    thief.set_cookie(COOKIE, kept)
    assert thief.get("/").status_code == 302
    assert actions(session)[-1] == Action.LOGGED_OUT


def test_a_link_does_not_log_anybody_out(browse: Callable[..., FlaskClient]) -> None:
    client = browse(Role.SALES)
    client.get("/log-out")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("column", "age"), [("last_seen_at", timedelta(minutes=30)), ("expires_at", timedelta(seconds=1))]
)
def test_a_session_ends_after_half_an_idle_hour_and_at_its_latest_moment(
    browse: Callable[..., FlaskClient], session: Session, column: str, age: timedelta
) -> None:
    client = browse(Role.SALES)
    assert client.get("/").status_code == 200
    session.execute(LoginSession.__table__.update().values({column: clock.now() - age}))
    session.commit()
    assert client.get("/").status_code == 302


def test_a_session_lasts_twelve_hours_at_most_and_its_use_is_noted_once_a_minute(
    browse: Callable[..., FlaskClient], session: Session
) -> None:
    client = browse(Role.SALES)
    stored = session.scalars(select(LoginSession)).one()
    assert stored.expires_at - stored.created_at == timedelta(hours=12)

    begun = stored.last_seen_at
    client.get("/")
    session.refresh(stored)
    assert stored.last_seen_at == begun
    earlier = begun - timedelta(minutes=2)
    session.execute(LoginSession.__table__.update().values(last_seen_at=earlier))
    session.commit()
    client.get("/")
    assert session.scalars(select(LoginSession.last_seen_at)).one() > earlier


def test_a_piece_asked_for_after_the_session_has_ended_leads_the_page_to_log_in_and_back(
    client: FlaskClient, nancy: User
) -> None:
    at = {"HX-Current-URL": "http://localhost/account/?tab=2"}
    answer = client.get("/account/", headers=HTMX | at)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/log-in?next=/account/?tab%3D2"
    restored = client.get("/account/", headers=HTMX | at | {"HX-History-Restore-Request": "true"})
    assert restored.status_code == 302


def test_a_form_sent_after_the_session_has_ended_shows_what_was_typed(
    client: FlaskClient, nancy: User, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        answer = client.post(
            "/account/theme", data={"theme": "dark", "note": "Ring <b>twice</b>", "password": "s3cret"}
        )
    finally:
        app.config["WTF_CSRF_ENABLED"] = True
    assert answer.status_code == 401
    assert "Note Ring <b>twice</b>" in words(answer)
    assert "s3cret" not in answer.text
    assert 'href="/log-in?next=/"' in answer.text


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\tevil",
        "evil.example",
    ],
)
def test_after_log_in_nobody_is_led_to_another_site(client: FlaskClient, nancy: User, evil: str) -> None:
    assert try_to_log_in(client, data={"next": evil}).location == "/"


def test_a_token_that_somebody_planted_is_replaced_at_log_in(client: FlaskClient, nancy: User) -> None:
    planted = "planted-" * 6
    client.set_cookie(COOKIE, planted)
    try_to_log_in(client)
    assert client.get_cookie(COOKIE).value != planted


def test_behind_https_the_cookie_has_the_host_prefix_and_is_sent_over_https_only(
    make_app: Callable[..., Flask], nancy: User
) -> None:
    client = make_app(PROXY_HOPS=1).test_client()
    answer = client.get("/log-in", headers={"X-Forwarded-Proto": "https"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_a_password_change_ends_every_other_session(nancy: User, app: Flask, session: Session) -> None:
    here, there = log_in(app, nancy), log_in(app, nancy)
    wrong = submit(here, "/account/password", {"current": "no", "password": "four green bottles"})
    assert wrong.status_code == 422
    weak = submit(here, "/account/password", {"current": PASSWORD, "password": "password"})
    assert "among the first that an attacker tries" in words(weak)
    assert there.get("/").status_code == 200

    answer = submit(here, "/account/password", {"current": PASSWORD, "password": "four green bottles"})
    assert answer.status_code == 303
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_a_change_of_roles_ends_the_sessions(nancy: User, app: Flask, session: Session) -> None:
    client = log_in(app, nancy)
    nancy_is_gone(nancy)
    assert client.get("/").status_code == 302


def test_users_see_their_sessions_and_end_another(nancy: User, app: Flask, session: Session) -> None:
    here, there = log_in(app, nancy), log_in(app, nancy)
    ids = session.scalars(select(LoginSession.id).order_by(LoginSession.id)).all()
    assert "this browser" in words(here.get("/account/"))
    submit(here, f"/account/sessions/{ids[1]}/end")
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200

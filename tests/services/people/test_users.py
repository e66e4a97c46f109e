"""Users: who may add and change them, and what ends when they change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.web import HERE, add_user, found_company
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, NotFound, Refused
from webapp.domain.permissions import Role
from webapp.models import Event, LoginSession, User
from webapp.services.people import passwords, sessions, users
from webapp.services.people.users import Theme


@pytest.fixture
def admin(session: Session) -> User:
    found_company()
    return add_user(Role.ADMIN, email="ada@example.com", name="Ada Admin")


def change(email: str, actor: User, **changes: object) -> User:
    settings = {"roles": [Role.SALES], "max_discount": None, "own_customers_only": False, "is_active": True}
    return users.change_user(email, actor=actor, **(settings | changes))


def last_event(session: Session) -> Event:
    return session.scalars(select(Event).order_by(Event.id.desc())).first()


def test_an_administrator_adds_a_user_whose_roles_give_the_maximum_discount(admin: User, session: Session) -> None:
    user = users.add_user(
        " Nancy@Example.com", "Nancy   Davolio", [Role.SALES, Role.SALES_MANAGER], actor=admin, title="Representative"
    )
    assert (user.email, user.name, user.max_discount) == ("nancy@example.com", "Nancy Davolio", Decimal(20))
    assert user.roles == {Role.SALES, Role.SALES_MANAGER}
    event = last_event(session)
    assert (event.action, event.actor_id) == (Action.USER_ADDED, admin.id)
    assert event.details["after"]["roles"] == ["sales", "sales_manager"]


@pytest.mark.parametrize(
    ("email", "name", "discount", "field"),
    [
        ("nancy", "Nancy", None, "email"),
        ("nancy@x\r\nBcc: all@example.com", "Nancy", None, "email"),
        ("n@" + "x" * 260, "Nancy", None, "email"),
        ("nancy@example.com", " ", None, "name"),
        ("nancy@example.com", "Nancy\x00", None, "name"),
        ("nancy@example.com", "Nancy", Decimal(101), "max_discount"),
        ("nancy@example.com", "Nancy", Decimal(-1), "max_discount"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_field(
    admin: User, email: str, name: str, discount: Decimal | None, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        users.add_user(email, name, [Role.SALES], actor=admin, max_discount=discount)
    assert refused.value.field == field


def test_an_address_belongs_to_one_user(admin: User) -> None:
    with pytest.raises(Refused, match=r"ada@example\.com belongs to another user already"):
        users.add_user("ADA@example.com", "Ada Again", [Role.SALES], actor=admin)


def test_only_who_may_manage_users_does(admin: User) -> None:
    nancy = add_user(Role.SALES)
    with pytest.raises(Forbidden):
        users.add_user("x@example.com", "X", [Role.ADMIN], actor=nancy)
    with pytest.raises(Forbidden):
        change(nancy.email, nancy, roles=[Role.ADMIN])
    with pytest.raises(Forbidden):
        users.set_password(admin.email, passwords.make_hash("three green bottles"), actor=nancy)
    with pytest.raises(NotFound):
        change("nobody@example.com", admin)


def test_a_change_of_roles_says_before_and_after_and_ends_the_sessions(admin: User, session: Session) -> None:
    nancy = add_user(Role.SALES, Role.WAREHOUSE)
    sessions.open_session(nancy, "t" * 40, HERE)
    change(nancy.email, admin, roles=[Role.SALES, Role.ACCOUNTANT], max_discount=Decimal("7.5"))
    assert nancy.roles == {Role.SALES, Role.ACCOUNTANT}
    assert nancy.max_discount == Decimal("7.5")
    assert session.scalars(select(LoginSession)).one().revoked_at is not None
    details = last_event(session).details
    assert details["before"]["roles"] == ["sales", "warehouse"]
    assert details["after"]["roles"] == ["accountant", "sales"]


@pytest.mark.parametrize("changes", [{"is_active": False}, {"roles": [Role.SALES]}])
def test_administrators_cannot_lock_themselves_out(admin: User, changes: dict[str, object]) -> None:
    with pytest.raises(Refused, match="Ask another administrator"):
        change(admin.email, admin, **({"roles": [Role.ADMIN]} | changes))


def test_how_a_user_likes_the_pages_leaves_no_event(admin: User, session: Session) -> None:
    before = last_event(session).id
    users.choose_theme(Theme.DARK, actor=admin)
    users.choose_shortcuts(on=False, actor=admin)
    assert (admin.theme, admin.shortcuts) == ("dark", False)
    assert last_event(session).id == before


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("short", "at least 8 characters"),
        ("x" * 129, "at most 128"),
        ("password", "first that an attacker tries"),
        ("PassWord123", "first that an attacker tries"),
        ("counterfoil1", "first that an attacker tries"),
        ("aaaabbbbaaaa", "first that an attacker tries"),
    ],
)
def test_a_password_that_can_be_guessed_is_refused(password: str, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        passwords.make_hash(password)


def test_a_password_is_kept_as_argon2id_and_matches_itself_alone() -> None:
    stored = passwords.make_hash("three green bottles ✓")
    assert stored.startswith("$argon2id$")
    assert passwords.matches("three green bottles ✓", stored)
    assert not passwords.matches("three green bottles", stored)
    assert not passwords.matches("three green bottles ✓", None)
    assert not passwords.matches("three green bottles ✓", "no hash")
    assert passwords.make_better_hash("three green bottles ✓", stored) is None


def test_a_weaker_hash_of_old_is_made_anew() -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("three green bottles")
    better = passwords.make_better_hash("three green bottles", old)
    assert better is not None
    assert passwords.matches("three green bottles", better)

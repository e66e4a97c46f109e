"""The command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy.orm import Session

from tests.support.web import found_company
from webapp.domain.permissions import Role
from webapp.queries.people.users import user_by_email
from webapp.services.people import passwords


def test_a_user_is_added_with_a_password_from_standard_input(
    counterfoil: Callable[..., Result], session: Session
) -> None:
    found_company()
    words = ("--name", "Nancy Davolio", "--role", "sales", "--role", "warehouse", "--max-discount", "7.5")
    done = counterfoil("user", "add", "Nancy@example.com", *words, "--password-stdin", typed="three green bottles\n")
    assert (done.exit_code, done.output) == (0, "Nancy Davolio logs in as nancy@example.com.\n")
    user = user_by_email("nancy@example.com")
    assert user.roles == {Role.SALES, Role.WAREHOUSE}
    assert str(user.max_discount.normalize()) == "7.5"
    assert passwords.matches("three green bottles", user.password_hash)


def test_a_password_is_asked_for_twice(counterfoil: Callable[..., Result], session: Session) -> None:
    found_company()
    typed = "three green bottles\nthree green bottles\n"
    done = counterfoil("user", "add", "ann@example.com", "--name", "Ann", "--role", "sales", typed=typed)
    assert done.exit_code == 0
    assert "three green bottles" not in done.output


@pytest.mark.parametrize(
    ("words", "typed", "sentence"),
    [
        (("--name", "Ann", "--role", "sales"), "password\n", "first that an attacker tries"),
        (("--name", " ", "--role", "sales"), "three green bottles\n", "Enter the person's name."),
        (("--name", "Ann", "--role", "sales", "--max-discount", "1e1"), "three green bottles\n", "discount"),
        (("--name", "Ann", "--role", "king"), "", "is not one of"),
    ],
)
def test_a_refusal_is_one_line_and_a_failure(
    counterfoil: Callable[..., Result], session: Session, words: tuple[str, ...], typed: str, sentence: str
) -> None:
    found_company()
    done = counterfoil("user", "add", "ann@example.com", *words, "--password-stdin", typed=typed)
    assert done.exit_code != 0
    assert sentence.casefold() in done.output.casefold()
    assert "Traceback" not in done.output


def test_before_the_company_is_set_up_there_are_no_users_to_add(
    counterfoil: Callable[..., Result], session: Session
) -> None:
    done = counterfoil("user", "add", "ann@example.com", "--name", "Ann", "--role", "sales", "--password-stdin")
    assert (done.exit_code, done.output) == (1, "Error: The company has not been set up yet.\n")


def test_a_port_that_there_is_not_is_refused_with_a_sentence(counterfoil, session):
    done = counterfoil("run", "--port", "99999")
    assert (done.exit_code, "99999 is not in the range 1<=x<=65535" in done.output) == (2, True)

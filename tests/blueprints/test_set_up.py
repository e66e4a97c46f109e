"""The first-run page: once, with the server's token, and nothing typed is lost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.web import submit, words
from webapp.db import db
from webapp.domain.permissions import Role
from webapp.models import ApprovalPolicy, Company, TaxCode, User
from webapp.queries.people.users import user_by_email
from webapp.services.people.sessions import Visitor, log_in
from webapp.web.set_up_token import FILE, token_in

PASSWORD = "correct horse battery"


@pytest.fixture
def answers(app) -> dict[str, str]:
    return {
        "token": token_in(Path(app.instance_path)),
        "name": "Nordwind Großhandel",
        "country": "de",
        "base_currency": "eur",
        "time_zone": "Europe/Berlin",
        "warehouse": "Hamburg",
        "tax_percent": "19",
        "approval": "policy",
        "approve_up_to": "5,000.00",
        "admin_name": "Adam Mint",
        "admin_email": "adam@example.com",
        "password": PASSWORD,
    }


def test_everything_leads_to_the_set_up_before_there_is_a_company(client):
    assert client.get("/log-in").headers["Location"] == "/set-up"
    assert "Set up your company" in words(client.get("/set-up"))


def test_the_company_is_founded_and_its_administrator_can_log_in(client, session, answers):
    response = submit(client, "/set-up", answers)

    assert (response.status_code, response.headers["Location"]) == (303, "/log-in")
    company = session.get_one(Company, 1)
    assert (company.country, company.base_currency, company.default_location.name) == ("DE", "EUR", "Hamburg")
    assert (company.approval_policy, company.approval_policy_amount) == (ApprovalPolicy.UP_TO_AMOUNT, Decimal(5000))
    assert [code.rates[0].percent for code in session.scalars(db.select(TaxCode))] == [Decimal(19)]
    admin = user_by_email("adam@example.com")
    assert admin.roles == {Role.ADMIN}
    assert log_in("adam@example.com", PASSWORD, "x" * 32, Visitor("127.0.0.1", "tests"))
    assert client.get("/set-up").status_code == 404


def test_what_is_wrong_is_said_field_by_field_and_what_was_typed_stays(client, session, answers):
    wrong = answers | {"token": "guess", "country": "Germany", "base_currency": "XXQ", "tax_percent": "nineteen"}

    response = submit(client, "/set-up", wrong)

    text = words(response)
    assert response.status_code == 422
    assert "This is not the set-up token." in text
    assert "must be the two letters of a country" in text
    assert 'value="Nordwind Großhandel"' in response.text
    assert PASSWORD not in response.text
    assert session.get(Company, 1) is None
    assert session.scalars(db.select(User)).all() == []


def test_the_token_is_for_its_owners_eyes(app):
    folder = Path(app.instance_path)
    token_in(folder)

    assert (folder / FILE).stat().st_mode & 0o777 == 0o600

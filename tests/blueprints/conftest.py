"""A company and its people, for tests that speak HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.support import masters, web
from tests.support.scenes import scene
from webapp.domain.permissions import Role
from webapp.models import User


@pytest.fixture
def company(session: Session) -> None:
    """A founded company."""
    web.found_company()


@pytest.fixture
def nancy(company: None) -> User:
    """A salesperson."""
    return web.add_user(Role.SALES)


@pytest.fixture
def browse(app: Flask, company: None) -> Callable[..., FlaskClient]:
    """Opens a browser in which somebody with the given roles is logged in."""

    def open_browser(*roles: Role) -> FlaskClient:
        name = "-".join(roles) or "nobody"
        return web.log_in(app, web.add_user(*roles, email=f"{name}@example.com", name=name.title()))

    return open_browser


@pytest.fixture
@scene
def stocked(company: None) -> None:
    """A customer, an item and a price, beside the founded company."""
    masters.stock_the_shelves()
    masters.load("customers", masters.alfki(billing_city="Berlin", billing_country="DE", credit_limit="1000"))
    masters.load("items", masters.chai(category="Tea", units="case=24"))
    masters.load("prices", {"list": "RETAIL", "sku": "CHAI", "unit_price": "17.50"})
    masters.load("prices", {"customer": "ALFKI", "sku": "CHAI", "unit_price": "15", "min_quantity": "10"})

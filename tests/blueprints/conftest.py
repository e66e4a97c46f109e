"""A company and its people, for tests that speak HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.support import web
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

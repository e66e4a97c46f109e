"""One browser for each role, to see what pages offer to whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.rights.acts import Browsers
from tests.support.factories import Staff, make_user
from tests.support.web import log_in
from webapp.domain.permissions import Role


@pytest.fixture
def browsers(app: Flask, session) -> Callable[[Staff], Browsers]:
    """A browser for one person of each role, for the second of two accountants, and for somebody with all roles."""

    def open_all(staff: Staff) -> Browsers:
        people = {
            "sales": staff.sales,
            "manager": staff.manager,
            "warehouse": staff.warehouse,
            "accountant": staff.accountant,
            "second accountant": staff.second_accountant,
            "admin": staff.admin,
            "everything": make_user(Role.SALES, "Eve Allen", *(role for role in Role if role is not Role.SALES)),
        }
        return {role: (user, log_in(app, user)) for role, user in people.items()}

    return open_all

"""Every address says what right it needs."""

from __future__ import annotations

import pytest
from flask import Flask

from webapp.domain.permissions import Permission
from webapp.services.order_steps.confirmation import confirm_order
from webapp.web.auth import permissions_of, requires

pytestmark = pytest.mark.engines("sqlite")


def test_every_route_declares_a_permission(app: Flask) -> None:
    assert _without_permission(app) == []


def test_a_route_that_declares_nothing_is_found(make_app) -> None:
    app = make_app()
    app.add_url_rule("/open", "open", lambda: "")
    app.add_url_rule("/shut", "shut", requires(Permission.SELF)(lambda: ""))
    assert _without_permission(app) == ["open"]


def _without_permission(app: Flask) -> list[str]:
    with app.app_context():
        return [rule.endpoint for rule in app.url_map.iter_rules() if not permissions_of(rule.endpoint)]


def test_a_route_that_declares_less_than_its_command_takes_is_noticed(make_app, system) -> None:
    @requires(Permission.SELF)
    def view() -> str:
        confirm_order("SO-2026-001", actor=system)
        return ""

    app = make_app()
    app.add_url_rule("/loose", "loose", view)
    with app.test_request_context("/loose"), pytest.raises(AssertionError, match="loose runs confirm_order"):
        view()

"""The first page after log-in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, render_template

from webapp import formats
from webapp.domain import clock
from webapp.domain.permissions import Permission
from webapp.pages.home.dashboard import dashboard
from webapp.web.auth import current_user, requires

bp = Blueprint("dashboard", __name__)

NOON, EVENING = 12, 18


@bp.get("/")
@requires(Permission.SELF)
def show() -> str:
    """What waits for the user first, then the figures of the business for who may see them."""
    page = dashboard(current_user)
    return render_template("dashboard/show.html", greeting=greeting(), page=page)


def greeting() -> str:
    """Good morning, afternoon or evening, by the reader's clock."""
    hour = clock.now().astimezone(ZoneInfo(formats.formats().zone)).hour
    return "Good morning" if hour < NOON else "Good afternoon" if hour < EVENING else "Good evening"

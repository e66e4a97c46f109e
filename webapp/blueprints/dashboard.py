"""The first page after log-in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, render_template

from webapp import filters
from webapp.auth import requires
from webapp.domain import clock
from webapp.domain.permissions import Permission

bp = Blueprint("dashboard", __name__)

NOON, EVENING = 12, 18


@bp.get("/")
@requires(Permission.SELF)
def show() -> str:
    """Greets, and leads to what the user may do."""
    return render_template("dashboard/show.html", greeting=greeting(), today=clock.today(filters.formats().zone))


def greeting() -> str:
    """Good morning, afternoon or evening, by the reader's clock."""
    hour = clock.now().astimezone(ZoneInfo(filters.formats().zone)).hour
    return "Good morning" if hour < NOON else "Good afternoon" if hour < EVENING else "Good evening"

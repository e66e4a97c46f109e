"""Every component of the pages with sample figures; only where the program is developed or tested."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from flask import Blueprint, render_template

from webapp.domain import clock
from webapp.domain.permissions import Permission
from webapp.web.auth import requires

bp = Blueprint("styleguide", __name__)

SYMBOLS = Path(__file__).parent.parent / "static" / "src" / "icons.svg"
COLOURS = (
    ("bg", "desk"),
    ("surface", "sheet"),
    ("surface-2", "table head"),
    ("surface-3", "hover"),
    ("text", "ink"),
    ("text-2", "second ink"),
    ("line-strong", "field border"),
    ("accent", "act, link"),
    ("accent-soft", "under way"),
    ("ok", "done"),
    ("ok-soft", "done, ground"),
    ("warn", "waits"),
    ("warn-soft", "waits, ground"),
    ("stop", "stopped"),
    ("stop-soft", "stopped, ground"),
)
DOCUMENTS = (
    ("Draft", "", "pencil"),
    ("Submitted", "wait", "clock"),
    ("Approved", "part", "check"),
    ("Confirmed", "ok", "done"),
    ("Rejected", "stop", "x"),
    ("Cancelled", "", "ban"),
    ("Closed", "", "check"),
    ("On credit hold", "stop", "hold"),
)
FACTS = (
    ("Not allocated", "", "none"),
    ("Part allocated", "part", "part"),
    ("Allocated", "ok", "done"),
    ("Short", "wait", "alert"),
    ("Paid", "ok", "done"),
    ("Overdue", "stop", "alert"),
)


@dataclass(frozen=True)
class Bar:
    label: str
    value: Decimal
    shown: str
    before: Decimal | None = None
    tone: str = "1"


@dataclass(frozen=True)
class Blocker:
    message: str
    detail: str
    icon: str
    tone: str
    url: str = "#"


MONTHS = (
    Bar("Jan", Decimal(94), "94", Decimal(61)),
    Bar("Feb", Decimal(99), "99", Decimal(38)),
    Bar("Mar", Decimal(105), "105", Decimal(39)),
    Bar("Apr", Decimal(124), "124", Decimal(53)),
)
BUCKETS = (
    Bar("Not due", Decimal("140649.55"), "140,649.55"),
    Bar("1–30 days", Decimal("21480.20"), "21,480.20", tone="2"),
    Bar("Over 90", Decimal(3500), "3,500.00", tone="over"),
)
BLOCKERS = (
    Blocker("Credit hold: EUR 1,240.00 over the limit.", "Steven Buchanan can release it.", "hold", "stop"),
    Blocker("Line 4 is short by 4.", "40 expected on Tue 12 May.", "short", "wait"),
)
AMOUNTS = {
    "net": Decimal("7083.96"),
    "tax": Decimal("882.71"),
    "rounding": Decimal("-0.01"),
    "total": Decimal("7966.66"),
}


@bp.get("/styleguide")
@requires(Permission.SELF)
def show() -> str:
    """Both themes beside each other."""
    now = clock.now()
    return render_template(
        "styleguide/show.html",
        symbols=re.findall(r'id="i-([a-z]+)"', SYMBOLS.read_text(encoding="utf-8")),
        colours=COLOURS,
        documents=DOCUMENTS,
        facts=FACTS,
        months=MONTHS,
        buckets=BUCKETS,
        blockers=BLOCKERS,
        amounts=AMOUNTS,
        events=(
            {"sentence": "Credit check put the order on hold: 1,240.00 over.", "at": now},
            {"sentence": "Michael Suyama shipped 40 of line 1.", "at": now - timedelta(days=1)},
        ),
    )

"""Reports: what customers owe, by age."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request

from webapp.auth import current_user, requires
from webapp.domain.errors import BadInput
from webapp.domain.numbers import parse_date
from webapp.domain.payments import AgeingBucket
from webapp.domain.permissions import Permission
from webapp.queries.company import today
from webapp.queries.dashboard import TONES, age_bars
from webapp.queries.receivables import ageing, open_items_of

bp = Blueprint("reports", __name__, url_prefix="/reports")

LABELS = {bucket: label for bucket, (label, _) in TONES.items()}


@bp.get("")
@requires(Permission.REPORTS_READ)
def index() -> str:
    """Which reports there are."""
    return render_template("reports/index.html")


@bp.get("/ageing")
@requires(Permission.REPORTS_READ)
def ageing_report() -> str:
    """What each customer owed at the end of the day in the address, by how late it was."""
    report = ageing(_as_of(), viewer=current_user)
    return render_template("reports/ageing.html", report=report, bars=age_bars(report), labels=LABELS)


@bp.get("/ageing/items")
@requires(Permission.REPORTS_READ)
def ageing_items() -> str:
    """The open items behind a figure of the ageing: of a day, perhaps of one customer and of one age."""
    day, code, bucket = _as_of(), request.args.get("customer", ""), _bucket()
    items = open_items_of(day, customer_code=code, bucket=bucket, viewer=current_user)
    return render_template(
        "reports/open_items.html", day=day, code=code, age=LABELS.get(bucket) if bucket else "", items=items
    )


def _as_of() -> date:
    text = request.args.get("as_of", "").strip()
    return parse_date(text, field="as_of") if text else today()


def _bucket() -> AgeingBucket | None:
    name = request.args.get("bucket", "")
    if name and name not in AgeingBucket.__members__:
        raise BadInput("There is no such age of receivables.", field="bucket")
    return AgeingBucket[name] if name else None

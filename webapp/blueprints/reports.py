"""Reports: what customers owe, by age and by the ledger, down to the documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from flask import Blueprint, render_template, request

from webapp.domain.errors import BadInput
from webapp.domain.numbers import parse_date
from webapp.domain.payments.split import AgeingBucket
from webapp.domain.permissions import Permission
from webapp.pages.home.dashboard import TONES, age_bars
from webapp.pages.reports.accounts import account_of, receivables_account
from webapp.queries.company import company, today
from webapp.queries.receivables.ageing import ageing, open_items_of
from webapp.queries.receivables.unused import unused_credits
from webapp.web.auth import current_user, requires

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
    late = "overdue" in request.args
    items = open_items_of(day, customer_code=code, bucket=bucket, late_only=late, viewer=current_user)
    return render_template(
        "reports/open_items.html",
        day=day,
        code=code,
        age=LABELS[bucket] if bucket else "Overdue" if late else "",
        items=items,
        totals=_by_currency((item.debt.currency, item.debt.open_amount) for item in items),
    )


@bp.get("/ageing/credit")
@requires(Permission.REPORTS_READ)
def unused_credit() -> str:
    """The payments and credit notes behind the unused credit of the ageing: of a day, perhaps of one customer."""
    day, code = _as_of(), request.args.get("customer", "")
    rows = unused_credits(day, customer_code=code, viewer=current_user)
    totals = _by_currency((row.currency, row.rest) for row in rows)
    return render_template("reports/unused_credit.html", day=day, code=code, rows=rows, totals=totals)


@bp.get("/ledger")
@requires(Permission.REPORTS_READ)
def ledger() -> str:
    """What stands on the receivables account for each customer at the end of the day in the address."""
    day, ours = _as_of(), company()
    rows = receivables_account(day, viewer=current_user)
    return render_template(
        "reports/ledger.html",
        day=day,
        rows=rows,
        base_currency=ours.base_currency if ours else "",
        total=sum((row.base_amount for row in rows), Decimal(0)),
    )


@bp.get("/ledger/<code>")
@requires(Permission.REPORTS_READ)
def ledger_account(code: str) -> str:
    """Every entry of one customer on the receivables account, with the balance after it."""
    day = _as_of()
    return render_template("reports/ledger_account.html", day=day, account=account_of(code, day, viewer=current_user))


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        sums[currency] += amount
    return dict(sorted(sums.items()))


def _as_of() -> date:
    text = request.args.get("as_of", "").strip()
    return parse_date(text, field="as_of") if text else today()


def _bucket() -> AgeingBucket | None:
    name = request.args.get("bucket", "")
    if name and name not in AgeingBucket.__members__:
        raise BadInput("There is no such age of receivables.", field="bucket")
    return AgeingBucket[name] if name else None

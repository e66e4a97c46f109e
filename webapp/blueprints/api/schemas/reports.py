"""Reports."""

from __future__ import annotations

from webapp.blueprints.api.schemas.base import Day, Input, Money, Output
from webapp.domain.money import plain
from webapp.queries.receivables.ageing import Ageing, AgeingRow


class AgeingQuery(Input):
    """At the end of which day; by default today."""

    as_of: Day | None = None


class AgeingLine(Output):
    """What a customer owed, by how many days it was late; ``balance`` is that less the credit it has not used."""

    customer: str
    name: str
    currency: str
    buckets: dict[str, Money]
    total: Money
    overdue: Money
    unapplied: Money
    balance: Money

    @classmethod
    def of(cls, row: AgeingRow) -> AgeingLine:
        """A customer's row, or the totals."""
        return cls(
            customer=row.code,
            name=row.name,
            currency=row.currency,
            buckets={bucket.value: plain(amount, row.currency) for bucket, amount in row.buckets.items()},
            total=plain(row.open_amount, row.currency),
            overdue=plain(row.overdue, row.currency),
            unapplied=plain(row.unapplied, row.currency),
            balance=plain(row.balance, row.currency),
        )


class AgeingOutput(Output):
    """Every customer that owes or has credit, and the totals in the company's currency."""

    as_of: str
    results: list[AgeingLine]
    totals: AgeingLine
    without_rate: list[str]
    next: str | None

    @classmethod
    def of(cls, found: Ageing) -> AgeingOutput:
        """The report; it is never split into pages."""
        return cls(
            as_of=found.as_of.isoformat(),
            results=[AgeingLine.of(row) for row in found.rows],
            totals=AgeingLine.of(found.total),
            without_rate=list(found.without_rate),
            next=None,
        )

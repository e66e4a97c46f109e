"""One order or quote as its page shows it, in a fixed number of statements however many lines it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.constants import HUNDRED, ZERO
from webapp.domain.money import round_half_up
from webapp.domain.numbers import tidy
from webapp.domain.orders.counts import is_changeable
from webapp.domain.permissions import Permission
from webapp.domain.pricing.derivation import PriceStep, Source
from webapp.domain.states import EDITABLE, ENDED, OrderState
from webapp.domain.taxes.parts import PartAmount, restored
from webapp.models import (
    Approval,
    ApprovalKind,
    Comment,
    Order,
    OrderCharge,
    OrderLine,
    User,
)
from webapp.pages import addresses as at
from webapp.pages import timeline
from webapp.pages.orders.blockers import Blocker, blockers_of
from webapp.pages.orders.facts import OrderFacts, facts_of, find_order
from webapp.pages.orders.next_steps import Step, steps_of
from webapp.pages.orders.words import ON_HOLD, REFUSED_CREDIT, Tag, head_tags, line_tag
from webapp.pages.settings.catalogues import tax_code_choices
from webapp.queries.approvals.facts import allowance_share
from webapp.queries.orders.coupons import coupons_of
from webapp.services.approvals.deciding import reject_order
from webapp.services.commands import may
from webapp.services.order_steps.credit_desk import hold_order
from webapp.services.order_steps.moves import cancel_order, short_close_line, withdraw_order
from webapp.services.orders.edits import edit_order
from webapp.services.stock.allocation import release_order_allocation


@dataclass(frozen=True)
class LineView:
    """One line with the words about it. ``margin`` is in percent of the net, None when it is unknown or not shown."""

    line: OrderLine
    tag: Tag
    request: Approval | None
    over_limit: bool
    free: Decimal
    margin: Decimal | None
    editable: bool

    @property
    def number(self) -> int:
        return self.line.line_number

    @property
    def quantity(self) -> Decimal:
        """In the unit the line was entered in."""
        return tidy(self.line.quantity / self.line.price_base)

    @property
    def taxes(self) -> tuple[PartAmount, ...]:
        """The taxes that its tax is made of; none where it is a single one."""
        return restored(self.line.tax_parts)

    @cached_property
    def steps(self) -> list[PriceStep]:
        """How the price came about."""
        return [PriceStep.from_dict(step) for step in self.line.derivation]

    @property
    def promotions(self) -> list[str]:
        """The promotions that count for the line, in words."""
        return [step.label for step in self.steps if step.won and step.kind == Source.PROMOTION]


@dataclass(frozen=True)
class CreditView:
    """The customer's credit with this order, in the customer's currency; parts of the bar in percent."""

    invoices: Decimal
    on_account: Decimal
    others: Decimal
    this_order: Decimal
    limit: Decimal | None

    @property
    def total(self) -> Decimal:
        """Exposure with this order."""
        return self.invoices - self.on_account + self.others + self.this_order

    @property
    def left(self) -> Decimal | None:
        """What is left under the limit with this order; negative when it is over."""
        return None if self.limit is None else self.limit - self.total

    @property
    def bar(self) -> list[tuple[Decimal, int]]:
        """Shares of the bar with their colours: invoices 0, other orders 2, this order 1; what is over not included."""
        room = self.limit if self.limit is not None else self._whole
        shares = []
        for amount, key in ((self.invoices - self.on_account, 0), (self.others, 2), (self.this_order, 1)):
            part = min(max(amount, ZERO), max(room, ZERO))
            shares.append((self._percent(part), key))
            room -= part
        return shares

    @property
    def limit_at(self) -> Decimal | None:
        """Where the limit stands on the bar."""
        return None if self.limit is None else self._percent(min(self.limit, self._whole))

    @property
    def over(self) -> Decimal:
        """The share of the bar beyond the limit."""
        return self._percent(max(-(self.left or ZERO), ZERO)) if self.limit is not None else ZERO

    @property
    def _whole(self) -> Decimal:
        return max(self.total, self.limit or ZERO, Decimal(1))

    def _percent(self, amount: Decimal) -> Decimal:
        return round_half_up(amount * HUNDRED / self._whole, 2)


@dataclass(frozen=True)
class OrderPage:
    """Everything that the page of an order or quote shows to one user."""

    facts: OrderFacts
    user: User
    history: Sequence[timeline.Entry]
    comments: Sequence[Comment]
    coupons: Sequence[str]
    tax_codes: dict[int, tuple[str, str]]

    @property
    def order(self) -> Order:
        return self.facts.order

    @property
    def is_quote(self) -> bool:
        return self.order.order_number is None

    @property
    def url(self) -> str:
        """The page's own address."""
        return at.order_page(self.order)

    @cached_property
    def blockers(self) -> list[Blocker]:
        """What is in the way."""
        return blockers_of(self.order, self.facts, sees_costs=self.sees_costs)

    @cached_property
    def steps(self) -> list[Step]:
        """What comes next, this user's own acts first."""
        return steps_of(self.facts, self.user)

    @property
    def tags(self) -> list[Tag]:
        hold = ON_HOLD if self.facts.hold else REFUSED_CREDIT if self.facts.refused else None
        return head_tags(self.order.state, [line.counts for line in self.order.lines], hold)

    @property
    def can_edit(self) -> bool:
        return may(self.user, edit_order) and self.order.state in EDITABLE

    @property
    def can_withdraw(self) -> bool:
        return may(self.user, withdraw_order) and self.order.state is OrderState.SUBMITTED

    @property
    def can_cancel(self) -> bool:
        """Before anything was picked, shipped or billed."""
        return (
            may(self.user, cancel_order)
            and self.order.state not in ENDED
            and not any(
                line.picked_qty or line.shipped_qty or line.invoiced_qty or line.drafted_qty
                for line in self.order.lines
            )
        )

    @property
    def can_hold(self) -> bool:
        return (
            may(self.user, hold_order)
            and self.facts.hold is None
            and self.order.state in (OrderState.APPROVED, OrderState.CONFIRMED)
        )

    @property
    def can_reject(self) -> bool:
        return (
            may(self.user, reject_order)
            and self.order.state is OrderState.SUBMITTED
            and self.user.id not in self.facts.asked
        )

    @property
    def can_release_allocation(self) -> bool:
        """Something is allocated that no shipment holds."""
        return may(self.user, release_order_allocation) and any(self.facts.loose(line) > 0 for line in self.order.lines)

    @property
    def closable(self) -> list[LineView]:
        """The lines whose rest this user may close short."""
        if self.order.state is not OrderState.CONFIRMED or not may(self.user, short_close_line):
            return []
        return [view for view in self.lines if self.facts.closable(view.line) > 0]

    @property
    def sees_costs(self) -> bool:
        return self.user.can(Permission.COSTS_READ)

    @cached_property
    def lines(self) -> list[LineView]:
        """The lines in their order."""
        requests = {one.order_line_id: one for one in self.facts.waiting if one.kind is ApprovalKind.DISCOUNT}
        over = {one.line.id for one in self.facts.over}
        return [self._line(line, requests.get(line.id), line.id in over) for line in self.order.lines]

    def changed_since(self, before: Mapping[int, Decimal], besides: int) -> list[LineView] | None:
        """The other lines whose price is another than ``before``; None when lines came or went."""
        if before.keys() != {view.number for view in self.lines}:
            return None
        return [view for view in self.lines if view.number != besides and view.line.unit_price != before[view.number]]

    def line(self, number: int) -> LineView | None:
        """One line by its number."""
        return next((view for view in self.lines if view.number == number), None)

    def code_of(self, charge: OrderCharge) -> str:
        """The code of a charge's tax."""
        return self.tax_codes[charge.tax_code_id][0]

    @cached_property
    def allowance_percent(self) -> Decimal:
        """What allowances take off the goods, in percent of their net."""
        return round_half_up(allowance_share(self.order), 2)

    @property
    def next_line_number(self) -> int:
        return max((line.line_number for line in self.order.lines), default=0) + 1

    @cached_property
    def credit(self) -> CreditView:
        """The customer's credit beside this order."""
        exposure = self.facts.standing.exposure
        return CreditView(
            invoices=exposure.open_invoices,
            on_account=exposure.unapplied,
            others=exposure.open_orders,
            this_order=self.order.to_ship_amount,
            limit=self.order.customer.limit_on(self.facts.day),
        )

    @cached_property
    def margin(self) -> Decimal | None:
        """Of the whole order in percent of the net; None when a cost is unknown or not for this user."""
        return self.facts.margins.percent if self.sees_costs else None

    def _line(self, line: OrderLine, request: Approval | None, over: bool) -> LineView:
        free = self.facts.free_by_line[line.id]
        margin = self.facts.margins.of(line) if self.sees_costs else None
        return LineView(
            line=line,
            tag=line_tag(line.counts, self.order.state, free),
            request=request,
            over_limit=over,
            free=free,
            margin=margin.percent if margin else None,
            editable=self.can_edit and is_changeable(line.counts) and line.free_with_id is None,
        )


def order_page(number: str, user: User) -> OrderPage:
    """The page of an order or quote. Raises NotFound, also for customers that are not the user's own."""
    order = find_order(number, user)
    return OrderPage(
        facts=facts_of(order),
        user=user,
        history=timeline.history_of(Order.document_kind, order.id, order.currency),
        comments=_comments(order),
        coupons=coupons_of(order.id),
        tax_codes=tax_code_choices(),
    )


def line_prices(number: str) -> dict[int, Decimal]:
    """The unit prices of an order's lines by line number, to tell afterwards which of them changed."""
    return dict(
        db.session.execute(
            select(OrderLine.line_number, OrderLine.unit_price)
            .join(Order, Order.id == OrderLine.order_id)
            .where(or_(Order.order_number == number, Order.quote_number == number))
        ).all()
    )


def _comments(order: Order) -> Sequence[Comment]:
    return db.session.scalars(
        select(Comment).where(Comment.order_id == order.id).order_by(Comment.id).options(joinedload(Comment.user))
    ).all()

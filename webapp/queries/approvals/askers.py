"""Who asked for what is to be decided: creators, editors since the last approval, and who submitted (four eyes)."""

from __future__ import annotations

from sqlalchemy import func, select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.states import ApprovalState
from webapp.models import Approval, ApprovalKind, Event, EventDocument, Order, User

EDITS = frozenset(
    {
        Action.ORDER_CHANGED,
        Action.LINE_ADDED,
        Action.LINE_CHANGED,
        Action.LINE_REMOVED,
        Action.QUOTE_ACCEPTED,
        Action.QUOTE_REVISED,
        Action.ORDER_SUBMITTED,
        Action.ORDER_AMENDED,
        Action.ORDER_COPIED,
    }
)
"""What makes somebody an asker."""


def askers(order: Order) -> set[int]:
    """The ids of the users who may not decide about this order."""
    last_approval = (
        select(func.max(Approval.decided_at))
        .where(
            Approval.order_id == order.id,
            Approval.kind == ApprovalKind.ORDER,  # one line's discount decides nothing about the edits of others
            Approval.state.in_([ApprovalState.APPROVED, ApprovalState.VOIDED]),
        )
        .scalar_subquery()
    )
    editors = db.session.scalars(
        select(Event.actor_id)
        .join(EventDocument, EventDocument.event_id == Event.id)
        .where(
            EventDocument.kind == Order.document_kind,
            EventDocument.document_id == order.id,
            Event.action.in_([action.value for action in EDITS]),
            func.coalesce(Event.at > last_approval, True),
        )
        .distinct()
    )
    return {order.created_by_id, *filter(None, editors), *filter(None, [order.submitted_by_id])}


def deciders(permission_holders: list[User], order: Order) -> list[User]:
    """Of the people who have the right, those whom four eyes lets decide about this order."""
    asked = askers(order)
    return [user for user in permission_holders if user.id not in asked]

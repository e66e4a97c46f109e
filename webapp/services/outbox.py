"""Messages that leave after the fact: written in its transaction, delivered by the worker.

A message is leased before it is sent and marked after, each in a transaction of its own: a worker that dies in between
sends it once more under the same Message-ID. What keeps failing is tried less and less often and stops with its error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from webapp.db import db, transaction
from webapp.domain import clock
from webapp.models import OutboxMessage
from webapp.services.company import the_company
from webapp.services.locks import lock_next_message

MAIL = "mail"
LEASE = timedelta(minutes=2)
FIRST_PAUSE = timedelta(seconds=30)
MOST_ATTEMPTS = 8
LONGEST_ERROR = 500
LOCAL_HOST = "counterfoil.invalid"


@dataclass(frozen=True, slots=True)
class Leased:
    """A message in the hands of one worker."""

    id: int
    kind: str
    message_id: str
    payload: dict[str, Any]


Deliver = Callable[[Leased], None]


def enqueue_mail(key: str, *, to: str, subject: str, text: str, attached: tuple[str, int]) -> None:
    """Write a mail with the PDF of a document (kind and id); ``key`` makes its Message-ID, which stays the same."""
    company = the_company()
    host = company.email.rpartition("@")[2] or LOCAL_HOST
    kind, document_id = attached
    db.session.add(
        OutboxMessage(
            kind=MAIL,
            message_id=f"<{key}@{host}>",
            payload={
                "from": company.email or f"accounts@{LOCAL_HOST}",
                "to": to,
                "subject": subject,
                "text": text,
                "attached": {"kind": kind, "id": document_id},
            },
            created_at=clock.now(),
            not_before=clock.now(),
        )
    )


def deliver_next(deliver: Deliver) -> bool:
    """Lease the next message that is due, deliver it and mark it; False when none is due.

    A delivery that fails is noted on the message and tried again later, eight times in all.
    """
    message = _lease()
    if message is None:
        return False
    try:
        deliver(message)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one message must not stop the others
        _mark_failed(message.id, str(error) or type(error).__name__)
    else:
        _mark_sent(message.id)
    return True


@transaction
def _lease() -> Leased | None:
    now = clock.now()
    message = lock_next_message(now, MOST_ATTEMPTS)
    if message is None:
        return None
    message.leased_until = now + LEASE
    message.attempts += 1
    return Leased(message.id, message.kind, message.message_id, dict(message.payload))


@transaction
def _mark_sent(message_id: int) -> None:
    _mark(message_id, sent_at=clock.now(), leased_until=None, last_error="")


@transaction
def _mark_failed(message_id: int, error: str) -> None:
    attempts = db.session.scalars(select(OutboxMessage.attempts).where(OutboxMessage.id == message_id)).one()
    pause = FIRST_PAUSE * 2 ** (attempts - 1)
    _mark(message_id, leased_until=None, not_before=clock.now() + pause, last_error=error[:LONGEST_ERROR])


def _mark(message_id: int, **values: Any) -> None:
    db.session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(**values))

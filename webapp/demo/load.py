"""Loading the demo company into an empty database, in one transaction: all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from webapp.db import Base, atomic, db
from webapp.demo import masters
from webapp.demo.northwind import Northwind, shift_to
from webapp.demo.people import ADMINISTRATION, SALES_MANAGER, WAREHOUSE, LogIn, add_people, make_log_ins, staff
from webapp.demo.replay import Replay
from webapp.demo.timetable import Entry, timetable
from webapp.domain import clock
from webapp.domain.errors import Refused
from webapp.models import Company, Customer, Location, PaymentMethod, PaymentTerm, TaxCode, User, Variant
from webapp.services.company import system_user

LOOKED_UP: tuple[type[Base], ...] = (Company, Customer, Location, PaymentMethod, PaymentTerm, TaxCode, Variant)
"""What every order looks up again; the session forgets rows that nobody holds."""

Progress = Callable[[int, int], None]
"""Told how many acts are done, and of how many."""


def is_empty() -> bool:
    """Whether the database holds no company and no user yet."""
    return not db.session.scalar(select(exists().where(Company.id == 1) | exists().where(User.id > 0)))


def company_name() -> str:
    """The name of the company in the database; empty when there is none."""
    return db.session.scalar(select(Company.name)) or ""


def load(progress: Progress = lambda done, of: None, *, keep: Callable[[list[LogIn]], object]) -> list[LogIn]:
    """Load the demo company and answer its log-ins; ``keep`` takes them before the transaction ends.

    Raises Refused when the database holds data.
    """
    if not is_empty():
        raise Refused("The database holds data already. The demo company is loaded into an empty one only.")
    now = clock.now()
    northwind = Northwind(shift_to(clock.today(masters.ZONE)))
    log_ins = make_log_ins(staff(northwind))
    with atomic():
        users = _found(northwind, log_ins)
        superiors = {log_in.person.key: log_in.person.superior for log_in in log_ins}
        _replay(Replay(northwind, users, superiors), timetable(northwind, masters.ZONE, now), progress)
        with clock.set_to(now):
            masters.discontinue(northwind, actor=users[ADMINISTRATION])
            masters.offer(clock.today(masters.ZONE), actor=users[SALES_MANAGER])
        keep(log_ins)
    return log_ins


def _found(northwind: Northwind, log_ins: list[LogIn]) -> dict[str, User]:
    """The company on the day before the first order: people, master data, opening stock. Answers users by key."""
    first = min(order.ordered for order in northwind.orders) - timedelta(days=1)
    with clock.set_to(datetime.combine(first, time(9), ZoneInfo(masters.ZONE)).astimezone(UTC)):
        masters.found()
        users = add_people(log_ins, actor=system_user())
        masters.set_up(northwind, admin=users[ADMINISTRATION])
        emails = {log_in.person.key: log_in.person.email for log_in in log_ins}
        masters.add_customers(northwind, _representatives(northwind, emails), actor=users[ADMINISTRATION])
        masters.receive_opening_stock(northwind, actor=users[WAREHOUSE])
    return users


def _representatives(northwind: Northwind, emails: dict[str, str]) -> dict[str, str]:
    """By customer the e-mail of the employee who took most of its orders."""
    taken: dict[str, Counter[str]] = {}
    for order in northwind.orders:
        taken.setdefault(order.customer, Counter())[order.employee] += 1
    return {customer: emails[counts.most_common(1)[0][0]] for customer, counts in taken.items()}


def _replay(replay: Replay, entries: list[Entry], progress: Progress) -> None:
    reference: list[Base] = [row for model in LOOKED_UP for row in db.session.scalars(select(model))]
    for done, entry in enumerate(entries, 1):
        replay.play(entry)
        progress(done, len(entries))
    reference.clear()

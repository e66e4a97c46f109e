"""The whole server is killed while two hundred payments come in: what it acknowledged is in the books, nothing is half.

On both engines with everything that survives a crash switched on. Afterwards every request is sent again with its key:
what had been done is answered from memory, the rest is done now, and each payment stands there exactly once.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.databases import migrate, sqlite_url
from tests.support.factories import make_company, make_customer, make_staff
from tests.support.postgres import create_database, running_postgres
from tests.support.programs import token_for
from tests.support.server import LiveServer, start_server
from webapp import create_app
from webapp.db import db
from webapp.models import Payment
from webapp.queries.invariants import run_all
from webapp.services.company import system_user, today
from webapp.services.importing.opening_invoices import import_opening_invoice

PAYMENTS = 200
CUSTOMERS = 10
CLIENTS = 8
KILLED_AFTER = 70
AMOUNT = Decimal("1.00")


@dataclass(frozen=True)
class Request:
    """One payment that a program wants recorded, under a key of its own."""

    path: str
    reference: str


@dataclass
class Clients:
    """Eight programs that share one list of payments; ``acknowledged`` are those the server said yes to."""

    token: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)

    def send(self, server: LiveServer, requests: list[Request], *, until: int) -> None:
        """Send them all at once; ``enough`` is set at so many acknowledgements, and whoever meets no server stops."""
        waiting: queue.SimpleQueue[Request] = queue.SimpleQueue()
        for request in requests:
            waiting.put(request)
        with ThreadPoolExecutor(CLIENTS) as pool:
            for _ in range(CLIENTS):
                pool.submit(self._work, server, waiting, until)

    def _work(self, server: LiveServer, waiting: queue.SimpleQueue[Request], until: int) -> None:
        while True:
            try:
                request = waiting.get_nowait()
                number = self._post(server.url, request)
            except (queue.Empty, OSError):
                return
            self.acknowledged[request.reference] = number
            if len(self.acknowledged) >= until:
                self.enough.set()

    def _post(self, url: str, request: Request) -> str:
        body = {
            "payment_amount": str(AMOUNT),
            "payment_method": "BANK_TRANSFER",
            "payment_reference": request.reference,
        }
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": request.reference,
        }
        sent = urllib.request.Request(url + request.path, json.dumps(body).encode(), headers)  # noqa: S310 - our server
        with urllib.request.urlopen(sent, timeout=20) as answer:  # noqa: S310
            return str(answer.headers["Location"])


@pytest.fixture
def durable_url(engine: str, tmp_path: Path) -> Iterator[str]:
    """A migrated database that forgoes nothing to be quick."""
    if engine == "sqlite":
        migrate(sqlite_url(tmp_path / "durable.sqlite"))
        yield sqlite_url(tmp_path / "durable.sqlite")
        return
    with running_postgres(durable=True) as server:
        url = create_database(server.url, "durable")
        migrate(url)
        yield url


@pytest.fixture
def books(durable_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The program itself on that database, beside the server: to fill it before and to look into it after."""
    app = create_app(
        {
            "DATABASE_URL": durable_url,
            "SECRET_KEY": secrets.token_hex(32),
            "INSTANCE_PATH": str(tmp_path / "instance"),
            "TESTING": True,
        }
    )
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def open_the_books() -> tuple[str, list[Request]]:
    """One open invoice for each customer; answers the accountant's token and the payments to come."""
    make_company()
    staff, due = make_staff(), today() + timedelta(days=30)
    for place in range(CUSTOMERS):
        make_customer(f"C{place}")
        import_opening_invoice(
            f"OLD-{place}",
            f"C{place}",
            issue_date=today(),
            due_date=due,
            total="1000.00",
            open_amount="1000.00",
            actor=system_user(),
        )
    requests = [
        Request(f"/api/sales/invoices/OLD-{n % CUSTOMERS}/record_payment/", f"TXN-{n:03d}") for n in range(PAYMENTS)
    ]
    token = token_for(staff.accountant)
    db.session.rollback()
    return token, requests


def recorded() -> dict[str, str]:
    """The payments in the books by reference."""
    db.session.rollback()
    found = db.session.scalars(select(Payment))
    return {payment.reference: f"/api/payments/{payment.payment_number}/" for payment in found}


@pytest.mark.slow
def test_a_killed_server_loses_nothing_it_acknowledged(books: Flask, durable_url: str, tmp_path: Path) -> None:
    token, requests = open_the_books()
    clients = Clients(token)
    server = start_server(durable_url, tmp_path / "first")
    sending = threading.Thread(target=clients.send, args=(server, requests), kwargs={"until": KILLED_AFTER})
    try:
        sending.start()
        assert clients.enough.wait(40), "the server acknowledged too little"
    finally:
        server.kill()
        sending.join(40)
    acknowledged = dict(clients.acknowledged)

    assert KILLED_AFTER <= len(acknowledged) < PAYMENTS
    in_the_books = recorded()
    assert acknowledged.items() <= in_the_books.items()
    assert not run_all()

    server = start_server(durable_url, tmp_path / "second")
    try:
        clients.send(server, requests, until=PAYMENTS)
    finally:
        server.stop()

    assert clients.acknowledged == recorded()
    assert len(recorded()) == PAYMENTS
    assert in_the_books.items() <= recorded().items()
    assert not run_all()

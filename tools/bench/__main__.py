"""``python -m tools.bench``: order-to-cash cycles per second through the services, beside hand-written SQL; then what
pricing costs (``tools.bench.pricing``).

Both sides work in one process on one durable PostgreSQL (its own defaults: fsync on), by turns, so that what else the
machine does falls on both. A cycle is an order of five lines in five transactions: order (created, submitted, approved
by the policy, confirmed), allocate, ship, invoice (drafted, validated, posted), pay. After each side's turn the rows of
every table are counted: both must have added the same. Making the PDF is the same program for both, so its time is
stated apart and one made beforehand is stored.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from unittest import mock

import psycopg
import structlog
from flask import Flask
from psycopg import sql

from tests.support.databases import migrate
from tests.support.postgres import create_database, running_postgres
from tools.bench import pricing, through_services
from tools.bench.by_hand import ByHand
from tools.bench.company import found
from webapp import create_app
from webapp.db import Base, db
from webapp.models import Invoice
from webapp.services.papers import pdf as paper

TARGET = 0.3
WARM_UP = 12  # the server plans a prepared statement for good at its sixth run
SERVICES, BY_HAND = "through the services", "hand-written SQL"
REPEATED_TABLES = frozenset({"number_series"})  # a row of the first cycle alone

Counts = dict[str, int]


@dataclass
class Side:
    """One way to turn orders into cash, and how fast it was in each round (cycles per second)."""

    name: str
    cycle: Callable[[], None]
    rates: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description="Order-to-cash cycles per second.")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each side (default: %(default)s)")
    parser.add_argument("--cycles", type=int, default=20, help="cycles in each turn (default: %(default)s)")
    wanted = parser.parse_args()
    with sides() as (both, count, pdf_seconds):
        for side in both:
            run(side, WARM_UP)
            side.rates.clear()
        added = [rounds(both, count, wanted.cycles) for _ in range(wanted.rounds)]
    report(both, wanted.cycles, added[-1], pdf_seconds)
    with application() as (app, _):
        found()
        measured = pricing.pairs(app)
        for _ in range(WARM_UP + wanted.rounds * wanted.cycles):
            for pair in measured:
                pair.turn()
    pricing.report(measured, left_out=WARM_UP)


@contextmanager
def application() -> Iterator[tuple[Flask, str]]:
    """The program on a new durable PostgreSQL, inside its context; and the address of the database."""
    with running_postgres(durable=True) as server, tempfile.TemporaryDirectory() as instance:
        url = create_database(server.url, "bench")
        migrate(url)
        app = create_app({"DATABASE_URL": url, "SECRET_KEY": secrets.token_hex(32), "INSTANCE_PATH": instance})
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        with app.app_context():
            yield app, url
            db.engine.dispose()


@contextmanager
def sides() -> Iterator[tuple[list[Side], Callable[[], Counts], float]]:
    """Both sides on one new company, how to count its rows, and the seconds that one PDF takes."""
    with application() as (_, url), psycopg.connect(url, autocommit=True) as counter:
        people = found()
        through_services.cycle(people)
        pdf, seconds = make_pdf()
        by_hand = ByHand(url, people, pdf)
        with mock.patch.object(paper, "render", return_value=pdf):
            both = [Side(SERVICES, partial(through_services.cycle, people)), Side(BY_HAND, by_hand.cycle)]
            yield both, partial(count_rows, counter), seconds
        by_hand.close()


def make_pdf() -> tuple[bytes, float]:
    """The PDF of the invoice posted first, and the seconds it takes once the fonts are loaded."""
    snapshot = db.session.scalars(db.select(Invoice)).one().snapshot or {}
    db.session.remove()
    made = paper.invoice_pdf(snapshot)
    began = time.perf_counter()
    paper.invoice_pdf(snapshot | {"number": "INV-2000-001"})  # what was made a moment ago would come from memory
    return made, time.perf_counter() - began


def rounds(both: list[Side], count: Callable[[], Counts], cycles: int) -> Counts:
    """A turn of each side; answers the rows that each added. Raises RuntimeError when they differ."""
    added = []
    for side in both:
        before = count()
        run(side, cycles)
        after = count()
        added.append({table: after[table] - before[table] for table in after if table not in REPEATED_TABLES})
    if added[0] != added[1]:
        differing = {
            table: (added[0][table], added[1][table]) for table in added[0] if added[0][table] != added[1][table]
        }
        raise RuntimeError(f"The two sides wrote different rows: {differing}")
    return added[0]


def run(side: Side, cycles: int) -> None:
    """Let one side work, and note how fast it was."""
    began = time.perf_counter()
    for _ in range(cycles):
        side.cycle()
    side.rates.append(cycles / (time.perf_counter() - began))


def count_rows(connection: psycopg.Connection[tuple[int, ...]]) -> Counts:
    """How many rows each table has."""
    names = sorted(Base.metadata.tables)
    counts = sql.SQL(", ").join(sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(name)) for name in names)
    row = connection.execute(sql.SQL("SELECT {}").format(counts)).fetchone() or ()
    return dict(zip(names, row, strict=True))


def report(both: list[Side], cycles: int, added: Counts, pdf_seconds: float) -> None:
    """Print the table."""
    services, by_hand = both
    ratios = [ours / theirs for ours, theirs in zip(services.rates, by_hand.rates, strict=True)]
    ratio = statistics.median(ratios)
    print("Order to cash: an order of 5 lines in 5 transactions, on a durable PostgreSQL")
    print(f"{len(ratios)} rounds; in each of them {cycles} cycles of the one, then of the other\n")
    print(f"{'':24}{'cycles/s':>10}{'slowest':>10}{'fastest':>10}{'ms/cycle':>10}")
    for side in both:
        rate = statistics.median(side.rates)
        print(f"{side.name:24}{rate:>10.1f}{min(side.rates):>10.1f}{max(side.rates):>10.1f}{1000 / rate:>10.1f}")
    print(f"{'ratio':24}{ratio:>10.2f}{min(ratios):>10.2f}{max(ratios):>10.2f}   (medians; wanted: {TARGET} or more)\n")
    rows = ", ".join(f"{table} {count // cycles}" for table, count in added.items() if count)
    print(f"Both sides wrote the same rows in each cycle: {rows}.")
    print(f"Making the PDF of an invoice, the same for both and left out above: {pdf_seconds * 1000:.0f} ms.")


if __name__ == "__main__":
    main()

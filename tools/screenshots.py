"""Take the pictures of README.md: ``make screenshots`` loads the demo company and walks over its pages.

The demo stands in a folder of its own that is removed afterwards; dates and numbers are those of the day.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from tests.support.browser import HOW_TO_GET_ONE, provide_browser, running_browser
from tests.support.databases import migrate, sqlite_url
from tests.support.server import running_server
from webapp import create_app
from webapp.db import db
from webapp.demo.load import load
from webapp.demo.people import FILE, SALES_MANAGER, LogIn, keep
from webapp.domain.states import HoldState
from webapp.models import CreditHold, Invoice, Order

TARGET = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
WIDTH, HEIGHT = 1440, 900
PAPER_HEIGHT = 1300
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Picture:
    """A page and how its picture is called; ``themes`` beside the light one."""

    name: str
    address: str
    themes: tuple[Scheme, ...] = SCHEMES
    height: int = HEIGHT


def main() -> None:
    """Load, serve, take the pictures."""
    chromium = provide_browser()
    if chromium is None:
        sys.exit(HOW_TO_GET_ONE)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        url = sqlite_url(Path(folder) / "demo.db")
        log_ins, pictures = _load(url, Path(folder))
        log_in = next(one for one in log_ins if one.person.key == SALES_MANAGER)
        with running_server(url, Path(folder) / "server") as server, running_browser(chromium) as browser:
            for scheme in SCHEMES:
                with _logged_in(browser, server.url, log_in, scheme) as page:
                    for picture in pictures:
                        if scheme in picture.themes:
                            _take(page, server.url, picture, scheme)


def _load(url: str, folder: Path) -> tuple[list[LogIn], list[Picture]]:
    migrate(url)
    app = create_app({"DATABASE_URL": url, "INSTANCE_PATH": str(folder), "SECRET_KEY": secrets.token_hex(32)})
    with app.app_context():
        log_ins = load(_show_progress, keep=lambda made: keep(made, folder / FILE))
        pictures = list(_pictures())
        db.session.remove()
        db.engine.dispose()
    return log_ins, pictures


def _pictures() -> Iterator[Picture]:
    held = db.session.scalars(
        select(Order.order_number).join(CreditHold).where(CreditHold.state == HoldState.OPEN).order_by(Order.id)
    ).first()
    invoice = db.session.scalars(select(Invoice.invoice_number).order_by(Invoice.id.desc())).first()
    yield Picture("dashboard", "/")
    yield Picture("order", f"/orders/{held}")
    yield Picture("approvals", f"/approvals/holds/{held}")
    yield Picture("orders", "/orders")
    yield Picture("ageing", "/reports/ageing", themes=("light",))
    yield Picture("invoice-print", f"/invoices/{invoice}/print", themes=("light",), height=PAPER_HEIGHT)


@contextmanager
def _logged_in(browser: Browser, url: str, log_in: LogIn, scheme: Scheme) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{url}/log-in")
    page.get_by_label("E-mail").fill(log_in.person.email)
    page.get_by_label("Password").fill(log_in.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    yield page
    context.close()


def _take(page: Page, url: str, picture: Picture, scheme: Scheme) -> None:
    page.set_viewport_size({"width": WIDTH, "height": picture.height})
    answer = page.goto(url + picture.address)
    if answer is None or not answer.ok:
        raise RuntimeError(f"{picture.address} answered {answer.status if answer else 'nothing'}.")
    TARGET.mkdir(parents=True, exist_ok=True)
    name = f"{picture.name}-{scheme}.png"
    page.screenshot(path=TARGET / name)
    print(TARGET / name)


def _show_progress(done: int, of: int) -> None:
    if done % 500 == 0 or done == of:
        print(f"\rLoading the demo company: {done * 100 // of} %", end="\n" if done == of else "", file=sys.stderr)


if __name__ == "__main__":
    main()

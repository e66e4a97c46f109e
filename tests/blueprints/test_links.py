"""Nothing that a page links to is missing: every address that somebody can reach by following links answers."""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.everything import one_of_everything
from tests.support.factories import make_user
from tests.support.web import log_in
from webapp.domain.permissions import Role

LINKS = re.compile(r'(?:href|src|hx-get|data-row)="(/(?!/)[^"#]*)')
FOUND = (200, 303)
MOST_PAGES = 1500
SORTED_OR_FILTERED = ("sort", "cursor")
"""Orders of the same list: followed from the bare list alone."""


def test_every_link_of_every_page_answers(app, session):
    one_of_everything()
    everybody = make_user(Role.ADMIN, "Ada All", *[role for role in Role if role is not Role.ADMIN])
    session.rollback()

    missing = list(_missing(log_in(app, everybody)))

    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("role", ["sales", "warehouse", "accountant"])
def test_a_page_links_to_nothing_that_its_reader_may_not_open(app, session, role):
    staff, _ = one_of_everything()
    reader = getattr(staff, role)
    session.rollback()

    missing = list(_missing(log_in(app, reader), deepest=2))

    assert not missing, "\n".join(missing)


def _missing(client: FlaskClient, deepest: int = 99) -> Iterator[str]:
    """Addresses that do not answer, each with the page that links to it."""
    waiting, seen = deque([("/", "the beginning", 0)]), {"/"}
    while waiting:
        address, page, depth = waiting.popleft()
        with client.get(address) as answer:
            status, found = answer.status_code, _links(answer.text) if answer.mimetype == "text/html" else set()
        if status not in FOUND:
            yield f"{status} {address}, linked from {page}"
        if depth >= deepest:
            continue
        for link in sorted(found - seen):
            seen.add(link)
            waiting.append((link, address, depth + 1))
        assert len(seen) < MOST_PAGES, "the pages have no end"


def _links(text: str) -> set[str]:
    found = {html.unescape(link) for link in LINKS.findall(text)}
    return {link for link in found if not any(f"{word}=" in link for word in SORTED_OR_FILTERED)}

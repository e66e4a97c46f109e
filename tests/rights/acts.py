"""What a page offers and what the commands behind it allow, for the same document and the same person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from flask.testing import FlaskClient

from webapp.db import atomic, db
from webapp.domain.errors import DomainError
from webapp.models import User

IDLE = "nothing is left to do"
"""What ``do`` answers when the command would run and change nothing: then it need not be offered."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done to a document: where its page offers it, and the command that does it.

    ``page`` is the address on which it is offered, ``targets`` where its form or its link may lead; all of them may
    name the document as ``{}``.
    """

    name: str
    page: str
    targets: tuple[str, ...]
    do: Callable[[str, User], object]


class Offers(HTMLParser):
    """Where the links, buttons and forms of a page lead, with and without what stands behind a question mark."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._actions: dict[str, str] = {}
        self._pressed: list[tuple[str, str | None]] = []
        self._open: str | None = None
        self.feed(page)
        for form, target in self._pressed:
            self._offer(target or self._actions.get(form, ""))

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attributes = dict(given)
        if tag == "a":
            self._offer(attributes.get("href") or "")
        elif tag == "form":
            self._open = attributes.get("id") or f"form {len(self._actions)}"
            self._actions[self._open] = attributes.get("action") or ""
        elif tag == "button" and attributes.get("type", "submit") == "submit":
            self._pressed.append((attributes.get("form") or self._open or "", attributes.get("formaction")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _offer(self, target: str) -> None:
        self.found |= {target, target.partition("?")[0].partition("#")[0]}


Browsers = Mapping[str, tuple[User, FlaskClient]]


class _Undone(Exception):
    pass


def refusal_of(act: Act, document: str, user: User) -> str:
    """Empty when the command does something; else why it refuses. Nothing of it stays."""
    db.session.rollback()
    try:
        with atomic():
            if act.do(document, db.session.merge(user, load=True)) is IDLE:
                return IDLE
            raise _Undone
    except _Undone:
        return ""
    except DomainError as refusal:
        return refusal.message or type(refusal).__name__
    finally:
        db.session.rollback()


def disagreements(acts: list[Act], documents: Mapping[str, str], people: Browsers) -> list[str]:
    """Each act that a page offers and its command refuses, or the other way round."""
    wrong = []
    for (name, document), (role, (user, client)) in ((one, who) for one in documents.items() for who in people.items()):
        seen: dict[str, set[str]] = {}
        for act in acts:
            url = act.page.format(document)
            if url not in seen:
                answer = client.get(url, follow_redirects=True)
                seen[url] = Offers(answer.text).found if answer.status_code == 200 else set()
            is_offered = any(target.format(document) in seen[url] for target in act.targets)
            why_not = refusal_of(act, document, user)
            if is_offered and why_not:
                wrong.append(f"{name}: {role} is offered to {act.name}, and refused: {why_not}")
            elif not is_offered and not why_not:
                wrong.append(f"{name}: {role} may {act.name}, and is not offered it")
    return wrong


def check(acts: list[Act], documents: Mapping[str, str], people: Browsers) -> None:
    """Fail with every disagreement."""
    wrong = disagreements(acts, documents, people)
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong)

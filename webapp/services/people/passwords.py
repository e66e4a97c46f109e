"""Passwords: kept as argon2id hashes, never more than a few computed at once, the guessable ones refused.

A hash takes 64 MiB for a fraction of a second, so a burst of log-ins waits in line here instead of using up the
memory. Rules after OWASP ASVS 5.0, 6.2: length counts, composition does not.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.domain.errors import BadInput

SHORTEST = 8
LONGEST = 128
AT_ONCE = 2
FEWEST_DIFFERENT_CHARACTERS = 4

PRODUCT_WORDS = ("counterfoil", "northwind", "wholesale", "invoice", "warehouse")
COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())

_turns = threading.BoundedSemaphore(AT_ONCE)
_hasher = PasswordHasher()


def make_hash(password: str) -> str:
    """The argon2id hash to store. Raises BadInput for a password that is too easy to guess."""
    problem = weakness(password)
    if problem:
        raise BadInput(problem, field="password")
    with _turns:
        return _hasher.hash(password)


def make_better_hash(password: str, stored: str) -> str | None:
    """A hash with today's parameters when ``stored`` has weaker ones, else None; for a password that matches."""
    if not _hasher.check_needs_rehash(stored):
        return None
    with _turns:
        return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether ``password`` is the one behind ``stored``; takes as long when there is nothing to compare with."""
    with _turns:
        try:
            return _hasher.verify(stored or _nobodys_hash(), password[:LONGEST]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def weakness(password: str) -> str | None:
    """What is wrong with a new password, in a sentence; None when nothing is."""
    if len(password) < SHORTEST:
        return f"The password needs at least {SHORTEST} characters; 15 or more are better."
    if len(password) > LONGEST:
        return f"The password can have at most {LONGEST} characters."
    if _is_guessable(password.casefold()):
        return "This password is among the first that an attacker tries. Take another one."
    return None


def _is_guessable(password: str) -> bool:
    if password in COMMON or len(set(password)) < FEWEST_DIFFERENT_CHARACTERS:
        return True
    return any(word in password and len(password) < len(word) + SHORTEST for word in PRODUCT_WORDS)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("no account has this password")

"""Who works at the demo company, and the log-ins made for one database.

Passwords are made at random when the company is loaded. They stand in a file of the instance folder that only its
owner can read, one for each database, so that they can be shown again; the database keeps their hashes alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sqlalchemy import make_url

from webapp.config import OWN_DATABASE
from webapp.demo.northwind import Northwind, Row
from webapp.domain.permissions import Role
from webapp.models import User
from webapp.services.people import passwords, users

COMPANY = "Northwind Traders Ltd"
FILE = "demo-log-ins.txt"
"""For the database of the instance; those of another one have its name in it."""
MANAGERS_MAXIMUM = Decimal(25)
VICE_PRESIDENT, SALES_MANAGER = "2", "5"
WAREHOUSE, ACCOUNTS, ADMINISTRATION = "warehouse", "accounts", "administration"
PASSWORD_BYTES = 9


@dataclass(frozen=True, slots=True)
class Person:
    """One member of the staff; ``key`` is Northwind's employee id, or the department of those it does not name."""

    key: str
    name: str
    title: str
    role: Role
    superior: str = ""

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@northwind.example"

    @property
    def max_discount(self) -> Decimal | None:
        """The managers' own maximum; the others have their role's."""
        return MANAGERS_MAXIMUM if self.role is Role.SALES_MANAGER else None


@dataclass(frozen=True, slots=True)
class LogIn:
    """How somebody logs in; the database gets the hash alone."""

    person: Person
    password: str
    password_hash: str


OFFICE = (
    Person(WAREHOUSE, "Wendy Harper", "Warehouse", Role.WAREHOUSE),
    Person(ACCOUNTS, "Arthur Cole", "Accounts", Role.ACCOUNTANT),
    Person(ADMINISTRATION, "Grace Lowe", "Administration", Role.ADMIN),
)
"""Northwind's tables name no one for these three; they are ours."""


def staff(northwind: Northwind) -> list[Person]:
    """The nine employees by their titles, and one person each for warehouse, accounts and administration."""
    return [*(_employee(row) for row in northwind.employees), *OFFICE]


def _employee(row: Row) -> Person:
    is_manager = row["EmployeeID"] in (VICE_PRESIDENT, SALES_MANAGER)
    return Person(
        key=row["EmployeeID"],
        name=f"{row['FirstName']} {row['LastName']}",
        title=row["Title"],
        role=Role.SALES_MANAGER if is_manager else Role.SALES,
        superior=row["ReportsTo"] or SALES_MANAGER,
    )


def make_log_ins(people: Sequence[Person]) -> list[LogIn]:
    """A log-in with a new random password for everybody; call it before the transaction, for hashing takes its time."""
    made = [secrets.token_urlsafe(PASSWORD_BYTES) for _ in people]
    with ThreadPoolExecutor(passwords.AT_ONCE) as hashing:
        hashes = hashing.map(passwords.make_hash, made)
        return [LogIn(*log_in) for log_in in zip(people, made, hashes, strict=True)]


def add_people(log_ins: Sequence[LogIn], *, actor: User) -> dict[str, User]:
    """The users, by their person's key."""
    return {
        log_in.person.key: users.add_user(
            log_in.person.email,
            log_in.person.name,
            [log_in.person.role],
            title=log_in.person.title,
            password_hash=log_in.password_hash,
            max_discount=log_in.person.max_discount,
            actor=actor,
        )
        for log_in in log_ins
    }


def as_text(log_ins: Sequence[LogIn]) -> str:
    """The log-ins as a table in plain text."""
    rows = [
        f"{log_in.person.name:<17} {log_in.person.title:<25} {log_in.person.email:<36} {log_in.password}"
        for log_in in log_ins
    ]
    head = f"{'Name':<17} {'Title':<25} {'Log in as':<36} Password"
    return "\n".join([head, *rows]) + "\n"


def log_ins_file(folder: Path, database_url: str) -> Path:
    """Where ``folder`` keeps the log-ins of a database: its own, or another by name and a hash of its address."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and Path(url.database or "") == folder / OWN_DATABASE:
        return folder / FILE
    address = url.set(password=None, query={}).render_as_string()
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(url.database or "").name)
    return folder / f"{Path(FILE).stem}-{name}-{hashlib.sha256(address.encode()).hexdigest()[:8]}.txt"


def keep(log_ins: Sequence[LogIn], path: Path) -> None:
    """Write the log-ins where only the owner can read them, in place of those of an earlier database."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(as_text(log_ins))


def kept(path: Path, company: str) -> str | None:
    """The log-ins kept in ``path``; None when there are none or ``company`` is not the demo."""
    return path.read_text(encoding="utf-8") if company == COMPANY and path.exists() else None

"""The log-ins of the demo are kept for each database of an instance on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.demo.people import COMPANY, FILE, LogIn, Person, keep, kept, log_ins_file
from webapp.domain.permissions import Role


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///{folder}/counterfoil.db", FILE),
        ("postgresql+psycopg://desk@db.example/wholesale?sslmode=require", "demo-log-ins-wholesale.txt"),
        ("postgresql+psycopg://desk@db.example/two%2F..%2Fhouses", "demo-log-ins-houses.txt"),
        ("sqlite:////elsewhere/try.db", "demo-log-ins-try.txt"),
    ],
)
def test_every_database_has_a_file_of_its_own(tmp_path: Path, url: str, name: str) -> None:
    assert log_ins_file(tmp_path, url.format(folder=tmp_path)) == tmp_path / name


def test_another_database_leaves_the_log_ins_of_the_first(tmp_path: Path) -> None:
    first = log_ins_file(tmp_path, f"sqlite:///{tmp_path / 'counterfoil.db'}")
    other = log_ins_file(tmp_path, "postgresql+psycopg://desk@db.example/wholesale")
    for path, password in ((first, "one-password"), (other, "another")):
        person = Person("1", "Nancy Davolio", "Sales", Role.SALES)
        keep([LogIn(person, password, "hash")], path)
    assert "one-password" in (kept(first, COMPANY) or "")
    assert "another" in (kept(other, COMPANY) or "")
    assert kept(first, "A company of one’s own") is None

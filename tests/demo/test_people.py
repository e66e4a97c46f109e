"""The log-ins of the demo are kept for each database of an instance on its own."""

from __future__ import annotations

from pathlib import Path

from webapp.demo.people import COMPANY, FILE, LogIn, Person, keep, kept, log_ins_file
from webapp.domain.permissions import Role

OTHERS = (
    "postgresql+psycopg://desk:secret@db.example/shop.eu",
    "postgresql+psycopg://desk@db.example/shop.us",
    "postgresql+psycopg://desk@two.example/shop.us",
    "sqlite:////a/counterfoil.db",
    "sqlite:////b/counterfoil.db",
)


def test_every_database_has_a_file_of_its_own(tmp_path: Path) -> None:
    own = log_ins_file(tmp_path, f"sqlite:///{tmp_path / 'counterfoil.db'}")
    files = [log_ins_file(tmp_path, url) for url in (*OTHERS, f"sqlite:///{tmp_path / 'second.db'}")]
    assert own == tmp_path / FILE
    assert len({own, *files}) == len(files) + 1
    assert all(file.parent == tmp_path and file.suffix == ".txt" for file in files)
    assert files[0].name.startswith("demo-log-ins-shop-eu-")


def test_another_password_of_the_database_finds_the_same_file(tmp_path: Path) -> None:
    assert log_ins_file(tmp_path, OTHERS[0]) == log_ins_file(tmp_path, OTHERS[0].replace("secret", "changed"))


def test_another_database_leaves_the_log_ins_of_the_first(tmp_path: Path) -> None:
    first = log_ins_file(tmp_path, f"sqlite:///{tmp_path / 'counterfoil.db'}")
    other = log_ins_file(tmp_path, "postgresql+psycopg://desk@db.example/wholesale")
    for path, password in ((first, "one-password"), (other, "another")):
        person = Person("1", "Nancy Davolio", "Sales", Role.SALES)
        keep([LogIn(person, password, "hash")], path)
    assert "one-password" in (kept(first, COMPANY) or "")
    assert "another" in (kept(other, COMPANY) or "")
    assert kept(first, "A company of one’s own") is None

"""What the program takes from its environment."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.support.web import words
from webapp import create_app
from webapp.config import BadSetting, database_url, instance_folder, settings, stored_key
from webapp.web.static_files import Assets, AssetsMissing

STRONG = "Zx8-fjP2qLw0RtYvB6nKdE4sHcUa1M9o"


def test_postgresql_is_spoken_to_through_the_installed_driver() -> None:
    assert database_url("postgresql://u@h/db") == "postgresql+psycopg://u@h/db"
    assert database_url("postgres://u@h/db") == "postgresql+psycopg://u@h/db"
    assert database_url("sqlite:////tmp/x.db") == "sqlite:////tmp/x.db"


def test_without_any_setting_everything_lies_in_the_instance_folder(tmp_path: Path) -> None:
    found = settings(str(tmp_path), {}, {})
    assert found["DATABASE_URL"] == f"sqlite:///{tmp_path / 'counterfoil.db'}"
    assert found["MAIL_URL"] == f"file:{tmp_path / 'mail'}"
    assert (found["PROXY_HOPS"], found["WEB_WORKERS"], found["METRICS"]) == (0, 0, False)


def test_the_instance_folder_can_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert instance_folder({}, {}) is None
    assert instance_folder({}, {"INSTANCE_PATH": "kept"}) == str(tmp_path / "kept")
    assert instance_folder({"INSTANCE_PATH": "/told"}, {"INSTANCE_PATH": "kept"}) == "/told"


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    key = stored_key(path)
    assert stored_key(path) == key
    assert len(key) > 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("weak", ["secret", "a" * 64, "changeme" * 4, "short-but-Mixed-1"])
def test_the_program_does_not_start_with_a_key_that_can_be_guessed(tmp_path: Path, weak: str) -> None:
    with pytest.raises(BadSetting, match="SECRET_KEY is too weak"):
        create_app({"INSTANCE_PATH": str(tmp_path), "SECRET_KEY": weak})
    with pytest.raises(BadSetting):
        settings(str(tmp_path), {}, {"SECRET_KEY": weak})
    assert settings(str(tmp_path), {}, {"SECRET_KEY": STRONG})["SECRET_KEY"] == STRONG


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="WEB_THREADS must be a whole number, not “many”"):
        settings(str(tmp_path), {}, {"WEB_THREADS": "many"})


def test_names_of_hosts_are_split(tmp_path: Path) -> None:
    found = settings(str(tmp_path), {}, {"TRUSTED_HOSTS": "desk.example.com, localhost"})
    assert found["TRUSTED_HOSTS"] == ["desk.example.com", "localhost"]


def test_static_files_that_were_not_built_say_how_to_build_them(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match="make assets"):
        Assets(tmp_path).url("base.css")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(AssetsMissing, match=r"base\.css is not among"):
        Assets(tmp_path).url("base.css")


def test_the_styleguide_is_for_developers(make_app: Callable[..., Flask]) -> None:
    rules = [rule.rule for rule in make_app(TESTING=False).url_map.iter_rules()]
    assert "/styleguide" not in rules


def test_words_reads_an_answer_as_a_person_does(make_app: Callable[..., Flask]) -> None:
    assert words(make_app().test_client().get("/healthz")) == "ok"

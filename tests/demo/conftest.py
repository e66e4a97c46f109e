"""One demo company for each engine and run: loading it takes about a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from tests.support.applications import application
from tests.support.databases import Database
from webapp.demo import people
from webapp.demo.load import load


@dataclass(frozen=True)
class Demo:
    """The application on a database with the demo company, and the file with its log-ins."""

    app: Flask
    log_ins: Path


@pytest.fixture(scope="session")
def demo(
    engine: str, new_database: Callable[[str], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """The demo company. Tests only read it."""
    folder = tmp_path_factory.mktemp(f"demo-{engine}")
    with application(new_database(engine).url, folder) as app:
        file = people.log_ins_file(folder, app.config["SQLALCHEMY_DATABASE_URI"])
        with app.app_context():
            load(keep=lambda log_ins: people.keep(log_ins, file))
        yield Demo(app, file)

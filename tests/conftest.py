"""How the tests run: on which engines, on which databases, and what is asked after each of them."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.support import masters, web
from tests.support.applications import application
from tests.support.databases import ENGINES, Database, TestRun
from tests.support.rights import watched_commands
from tests.support.scenes import keep_scenes_of, scene
from tests.support.server import LiveServer, running_server
from webapp.models import User

RUN = pytest.StashKey[TestRun]()
ALIVE = pytest.StashKey[IO[str]]()

hypothesis.settings.register_profile("counterfoil", deadline=None, print_blob=True)
hypothesis.settings.load_profile("counterfoil")


# --- the run ---------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=[*ENGINES, "both"], default="both", help="database engines to test on")


def pytest_configure(config: pytest.Config) -> None:
    worker = getattr(config, "workerinput", None)
    if worker:
        config.stash[RUN] = TestRun(Path(worker["run_folder"]))
        return
    folder = Path(tempfile.mkdtemp(prefix="run-"))
    config.stash[RUN] = TestRun(folder)
    config.stash[ALIVE] = (folder / "alive").open("w")
    fcntl.flock(config.stash[ALIVE], fcntl.LOCK_EX)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["run_folder"] = str(node.config.stash[RUN].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if ALIVE in config.stash:
        config.stash[RUN].drop_from_lent_server()
        config.stash[ALIVE].close()
        shutil.rmtree(config.stash[RUN].folder, ignore_errors=True)


def pytest_collection_finish() -> None:
    """What is there by now stays until the end: it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


# --- which engines ---------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", _engines(metafunc), indirect=True, scope="session")


def _engines(metafunc: pytest.Metafunc) -> list[str]:
    wanted = metafunc.config.getoption("engine")
    asked = ENGINES if wanted == "both" else (wanted,)
    marker = metafunc.definition.get_closest_marker("engines")
    return [name for name in (marker.args if marker else ENGINES) if name in asked]


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """The database engine of this test: ``sqlite`` or ``postgresql``."""
    return str(request.param)


# --- databases and applications --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Database]]:
    """Makes a further migrated database of an engine, for a server or a process of its own."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "only")
    made: list[Database] = []

    def make(engine: str) -> Database:
        made.append(request.config.stash[RUN].copy(engine, f"{worker}_{len(made)}"))
        keep_scenes_of(made[-1])
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture(scope="session")
def _workplaces(
    new_database: Callable[[str], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Flask, Database]]]:
    """One database and one application for each engine, made when first asked for."""
    with ExitStack() as made:

        @cache
        def make(engine: str) -> tuple[Flask, Database]:
            database = new_database(engine)
            return made.enter_context(application(database.url, tmp_path_factory.mktemp("instance"))), database

        yield make


@pytest.fixture
def database(engine: str, _workplaces: Callable[[str], tuple[Flask, Database]]) -> Iterator[Database]:
    """The worker's database of this engine, clean; the books must agree after the test."""
    _, database = _workplaces(engine)
    yield database
    database.reset()


@pytest.fixture
def app(
    request: pytest.FixtureRequest,
    engine: str,
    database: Database,
    _workplaces: Callable[[str], tuple[Flask, Database]],
) -> Iterator[Flask]:
    """The application on the worker's database. No application context is pushed: see ``session``."""
    app, _ = _workplaces(engine)
    yield app
    if not request.node.get_closest_marker("plants_errors"):
        _assert_books_agree(app)


@pytest.fixture
def make_app(database: Database, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes a further application with other settings on the same database."""
    with ExitStack() as made:

        def make(**settings: Any) -> Flask:
            return made.enter_context(application(database.url, tmp_path / "instance", **settings))

        yield make


@pytest.fixture(scope="session")
def make_lasting_app(
    _workplaces: Callable[[str], tuple[Flask, Database]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Flask]]:
    """Makes a further application with other settings on the worker's database of an engine, for more than one test."""
    with ExitStack() as made:

        def make(engine: str, **settings: Any) -> Flask:
            _, database = _workplaces(engine)
            return made.enter_context(application(database.url, tmp_path_factory.mktemp("instance"), **settings))

        yield make


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The database session of the test, inside an application context. Commits are real."""
    from webapp.db import db

    with app.app_context():
        yield db.session  # type: ignore[misc]  # a scoped session is a session to its users
        db.session.rollback()


@pytest.fixture
@scene
def system(session: Session) -> User:
    """A founded company with a tax code, a warehouse and a price list; its system's user."""
    web.found_company()
    return masters.stock_the_shelves()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript: each request has a session of its own, also beside ``session``."""
    return app.test_client()


@dataclass(frozen=True)
class Stage:
    """A server as an operator starts it, its database, and an application on the same database."""

    server: LiveServer
    app: Flask
    database: Database


@pytest.fixture(scope="session")
def _stages(
    new_database: Callable[[str], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Stage]]:
    """One running server for each engine, started when first asked for."""
    with ExitStack() as running:

        @cache
        def stage(engine: str) -> Stage:
            database = new_database(engine)
            app = running.enter_context(application(database.url, tmp_path_factory.mktemp("instance")))
            server = running.enter_context(running_server(database.url, tmp_path_factory.mktemp("server")))
            return Stage(server, app, database)

        yield stage


@pytest.fixture
def live_server(live_app: Flask, engine: str, _stages: Callable[[str], Stage]) -> LiveServer:
    """The real server on the database of ``live_app``."""
    return _stages(engine).server


@pytest.fixture
def live_app(request: pytest.FixtureRequest, engine: str, _stages: Callable[[str], Stage]) -> Iterator[Flask]:
    """An application on the clean database that ``live_server`` serves: to fill it before and to look into it after."""
    stage = _stages(engine)
    yield stage.app
    stage.database.wait_until_quiet()
    if not request.node.get_closest_marker("plants_errors"):
        _assert_books_agree(stage.app)
    stage.database.reset()


def _assert_books_agree(app: Flask) -> None:
    """Every invariant of the business holds after every test that had a database."""
    from webapp.queries.invariants import run_all

    with app.app_context():
        offending = run_all()
    assert not offending, f"The test left the books wrong: {offending}"


@pytest.fixture(scope="session", autouse=True)
def _watched_commands() -> Iterator[None]:
    """No route of any test runs a command whose rights it does not declare."""
    with watched_commands():
        yield


# --- no silent skips on a build machine ------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report = yield
    if _skips_count() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, although CI is set: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[Any]:
    report = yield
    if _skips_count() and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"Skipped, although CI is set: {report.longrepr}"
    return report


def _skips_count() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}

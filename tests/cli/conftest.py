"""Runs the command line inside a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from webapp.cli import main


@pytest.fixture
def counterfoil(app: Flask) -> Callable[..., Result]:
    """Runs the command with these words on the test's database."""

    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, list(words), input=typed, obj=ScriptInfo(create_app=lambda: app))

    return run

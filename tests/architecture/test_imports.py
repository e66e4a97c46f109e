"""The contracts between the rooms hold, and they would notice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT

LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]

FORBIDDEN = [
    ("domain/sneaky.py", "from webapp.domain import errors\nimport webapp.db"),
    ("domain/sneaky.py", "import flask"),
    ("services/sneaky.py", "from werkzeug.exceptions import NotFound"),
    ("services/stock/sneaky.py", "import webapp.web.json"),
    ("models/sneaky.py", "from flask_login import current_user"),
    ("queries/sneaky.py", "import webapp.services"),
    ("services/approvals/sneaky.py", "import webapp.services.orders.entry"),
    ("pages/orders/sneaky.py", "import webapp.pages.home.dashboard"),
    ("pages/sneaky.py", "from flask import url_for"),
    ("queries/stock/sneaky.py", "import webapp.queries.orders.amounts"),
    ("domain/money_too.py", ""),
    ("domain/payments/sneaky.py", "import webapp.domain.documents.totals"),
    ("services/sneaky.py", ""),
    ("unheard_of.py", ""),
]


@pytest.fixture
def copied_program(tmp_path: Path) -> Path:
    """The program's Python files with its contracts, to be spoilt."""
    shutil.copytree(ROOT / "webapp", tmp_path / "webapp", ignore=shutil.ignore_patterns("static", "fonts", "templates"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_goes_downwards() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("place", "text"), FORBIDDEN)
def test_a_forbidden_import_is_noticed(copied_program: Path, place: str, text: str) -> None:
    (copied_program / "webapp" / place).write_text(text)
    assert _lint(copied_program).returncode == 1


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(LINT, cwd=folder, capture_output=True, text=True, check=False)

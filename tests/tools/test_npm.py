"""npm comes from the machine or from the locked package."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.npm import npm


def test_without_npm_on_the_path_the_locked_one_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/sbin:/sbin")
    npm("pkg", "set", "name=made", folder=_package(tmp_path))
    assert '"made"' in (tmp_path / "package.json").read_text()


def test_a_failure_says_what_npm_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="unheard-of"):
        npm("unheard-of", folder=_package(tmp_path))


def _package(folder: Path) -> Path:
    (folder / "package.json").write_text('{"name": "empty"}')
    return folder

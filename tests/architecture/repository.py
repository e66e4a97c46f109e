"""The files that the rules are about: those that git tracks or would track."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files(*patterns: str) -> list[Path]:
    """Tracked and new files by git's patterns, relative to the root, without those that are deleted or ignored."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run([*command, *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()})


def offences(rule: Callable[[str], list[str]], paths: Iterable[Path]) -> list[str]:
    """What the rule finds in the files, each with its file; empty when all keep it."""
    return [f"{path}:{found}" for path in paths for found in rule(_text(path))]


def _text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")

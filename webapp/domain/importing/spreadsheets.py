"""Cells that a spreadsheet program would run as formulas: guarded on the way out, unguarded on the way in."""

from __future__ import annotations

import re

_RISKY = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guarded(cell: str) -> str:
    """``cell`` with an apostrophe before what a spreadsheet would run; numbers, also negative ones, stay numbers."""
    return f"'{cell}" if _RISKY.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    """What ``guarded`` was given."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell

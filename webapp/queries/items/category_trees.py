"""Categories with what lies below them."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from webapp.db import db
from webapp.models import Category


def with_sub_categories() -> dict[int, frozenset[int]]:
    """By category itself and everything below it; one statement."""
    parents: dict[int, int | None] = dict(db.session.execute(select(Category.id, Category.parent_id)).all())
    below: dict[int, set[int]] = defaultdict(set)
    for category_id in parents:
        above: int | None = category_id
        while above is not None:
            below[above].add(category_id)
            above = parents[above]
    return {key: frozenset(ids) for key, ids in below.items()}

"""Finding what somebody means by a SKU, a barcode or a part of a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.models import Variant

MOST_CHOICES = 8


class Ambiguous(BadInput):
    """Several items fit; ``choices`` are the first of them."""

    def __init__(self, text: str, choices: Sequence[Variant]) -> None:
        super().__init__(f"Several items fit “{text}”. Choose one.", field="entry")
        self.choices = choices


def the_item(text: str) -> Variant:
    """The one active item that ``text`` means. Raises Ambiguous, and BadInput when nothing fits."""
    found = find_items(text)
    if not found:
        raise BadInput(f"No item fits “{text}”.", field="entry")
    if len(found) > 1:
        raise Ambiguous(text, found)
    return found[0]


def find_items(text: str, limit: int = MOST_CHOICES) -> list[Variant]:
    """Active items: the one whose SKU or barcode it is, else those whose SKU or name holds every word of it."""
    exact = _active().where(or_(func.lower(Variant.sku) == text.lower(), Variant.barcode == text))
    found = list(db.session.scalars(exact.limit(limit)))
    if found or not text.strip():
        return found
    words = [_escaped(word) for word in text.split()]
    fits = [
        or_(Variant.sku.ilike(f"{word}%", escape="\\"), Variant.name.ilike(f"%{word}%", escape="\\")) for word in words
    ]
    return list(db.session.scalars(_active().where(*fits).order_by(Variant.name, Variant.id).limit(limit)))


def _active() -> Any:
    return select(Variant).where(Variant.is_active).options(selectinload(Variant.conversions))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

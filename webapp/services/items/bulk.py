"""Many items at once."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.models import User, Variant
from webapp.queries.batches import chunks
from webapp.queries.items.records import variant_ids, variants_by_sku
from webapp.services import locks
from webapp.services.authorize import require
from webapp.services.bulk_outcome import Loaded, Progress, Row, no_progress, note_load
from webapp.services.commands import command
from webapp.services.items.record_fields import ItemWriter


@command(Permission.ITEMS_WRITE)
def load_items(rows: Sequence[Row], *, actor: User) -> Loaded:
    """Add the items that are new and change those that differ; takes all rows or none.

    Categories and shared items that rows name are made when missing; tax codes must exist. Raises RowsRefused,
    Forbidden.
    """
    loaded = put_items(rows, actor=actor).complete()
    note_load(loaded, *loaded.documents, after=loaded.report("items"), actor=actor)
    return loaded


def put_items(rows: Sequence[Row], *, actor: User, progress: Progress = no_progress) -> Loaded:
    """As ``load_items``, but leaves wrong rows out and tells ``progress`` how many rows it did."""
    require(actor, Permission.ITEMS_WRITE)
    loaded = Loaded()
    known = _lock_known([_sku(row) for row in rows])
    writer, seen = ItemWriter(rows, known.values()), set[str]()
    with db.session.no_autoflush:
        for index, row in enumerate(rows):
            with loaded.row(index):
                _put(row, known, seen, writer, loaded)
            progress(1)
    db.session.flush()
    return loaded


def _lock_known(skus: list[str]) -> dict[str, Variant]:
    for part in chunks(sorted(variant_ids(skus).values())):
        locks.lock_variants(part)
    return variants_by_sku(skus)


def _put(row: Row, known: dict[str, Variant], seen: set[str], writer: ItemWriter, loaded: Loaded) -> None:
    sku = _sku(row)
    if sku in seen:
        raise BadInput(f"Item {sku} stands in these rows twice.", field="sku")
    seen.add(sku)
    variant = known.get(sku)
    if variant is None:
        loaded.documents.append(writer.add(row))
        loaded.added += 1
        return
    change = writer.read_change(variant, row)
    if change is None:
        loaded.unchanged += 1
        return
    writer.write(variant, change)
    loaded.changed += 1
    loaded.documents.append(variant)
    loaded.changes[sku] = {"before": change.before, "after": change.after}


def _sku(row: Row) -> str:
    return str(row.get("sku") or "").strip()

"""Opening stock: what lies where when a company moves in.

A row says how much lies at a place. Where nothing has moved yet it is received; where the opening receipts brought
just that, or just that lies there now, there is nothing to do; anything else is for a count or an adjustment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.domain.importing.records import stock_table
from webapp.domain.permissions import Permission
from webapp.models import Location, Tracking, User, Variant
from webapp.queries.items.records import variants_by_sku
from webapp.queries.stock.records import Pile, Place, piles
from webapp.services.authorize import require
from webapp.services.bulk_outcome import Loaded, Progress, Row, no_progress, note_load
from webapp.services.commands import command
from webapp.services.stock.receipts import ReceiptLine, receive_stock

REFERENCE = "Opening stock"
READERS = stock_table()


@command(Permission.STOCK_WRITE)
def load_stock(rows: Sequence[Row], *, actor: User) -> Loaded:
    """Receive opening stock; takes all rows or none. Raises RowsRefused, Forbidden."""
    loaded = put_stock(rows, actor=actor).complete()
    note_load(loaded, *loaded.documents, after=loaded.report("stock"), actor=actor)
    return loaded


def put_stock(rows: Sequence[Row], *, actor: User, progress: Progress = no_progress) -> Loaded:
    """As ``load_stock``, but leaves wrong rows out. One receipt for each location."""
    require(actor, Permission.STOCK_WRITE)
    load = _Load(rows)
    for index, row in enumerate(rows):
        with load.loaded.row(index):
            load.put(fields.read_whole(READERS, row))
        progress(1)
    for location, lines in load.receipts.items():
        receive_stock(location, lines, reference=REFERENCE, actor=actor)
        load.loaded.documents.append(load.locations[location])
    return load.loaded


@dataclass
class _Load:
    """One load: the items and places its rows speak of, and the receipts they make."""

    loaded: Loaded
    locations: dict[str, Location]
    receipts: dict[str, list[ReceiptLine]]
    _variants: dict[str, Variant]
    _piles: dict[Place, Pile]
    _seen: set[Place]

    def __init__(self, rows: Sequence[Row]) -> None:
        skus = [str(row.get("sku") or "").strip() for row in rows]
        self.loaded, self.receipts, self._seen = Loaded(), {}, set()
        self.locations = {found.code: found for found in db.session.scalars(select(Location))}
        self._variants = variants_by_sku(skus)
        self._piles = piles(skus, REFERENCE)

    def put(self, record: Mapping[str, Any]) -> None:
        """Take one row. Raises BadInput."""
        variant = self._checked(record)
        place = Place(variant.sku, record["location"], record["batch"], record["serial"])
        if place in self._seen:
            raise BadInput("This item, location, batch and serial stand in these rows twice.", field="sku")
        self._seen.add(place)
        if self._lies_there(place, record):
            self.loaded.unchanged += 1
            return
        self.receipts.setdefault(place.location, []).append(
            ReceiptLine(
                sku=variant.sku,
                quantity=record["quantity"],
                unit_cost=record["unit_cost"],
                batch=record["batch"],
                expires_on=record["expires_on"],
                serials=(record["serial"],) if record["serial"] else (),
            )
        )
        self.loaded.added += 1

    def _checked(self, record: Mapping[str, Any]) -> Variant:
        variant, location = self._variants.get(record["sku"]), self.locations.get(record["location"])
        if variant is None:
            raise BadInput(f"There is no item {record['sku']}.", field="sku")
        if location is None or not location.is_active:
            raise BadInput(f"There is no location {record['location']} in use.", field="location")
        _check_tracking(variant, record)
        if record["quantity"] % variant.quantity_step:
            step = fields.written(variant.quantity_step)
            raise BadInput(f"{variant.sku} comes in whole multiples of {step} {variant.unit}.", field="quantity")
        return variant

    def _lies_there(self, place: Place, record: Mapping[str, Any]) -> bool:
        pile = self._piles.get(place)
        if pile is None:
            return not record["quantity"]
        if record["quantity"] in (pile.opening, pile.on_hand):
            return True
        raise BadInput(
            f"Stock of {place.sku} at {place.location} has moved already and is {fields.written(pile.on_hand)}, not"
            f" {fields.written(record['quantity'])}. Count or adjust it instead.",
            field="quantity",
        )


def _check_tracking(variant: Variant, record: Mapping[str, Any]) -> None:
    wanted = {Tracking.BATCH: "batch", Tracking.SERIAL: "serial"}.get(variant.tracking)
    for field in ("batch", "serial"):
        if record[field] and field != wanted:
            raise BadInput(f"{variant.sku} is not kept by {field} number.", field=field)
    if wanted and not record[wanted]:
        raise BadInput(f"{variant.sku} is kept by {wanted} number: name it.", field=wanted)
    if variant.tracking is Tracking.SERIAL and record["quantity"] > 1:
        raise BadInput("A serial number is one piece: write a row for each.", field="quantity")
    if record["expires_on"] and wanted != "batch":
        raise BadInput("Only batches expire.", field="expires_on")

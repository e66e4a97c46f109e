"""Many prices at once: rows of price lists, and prices agreed with single customers.

A price is known by its list (or customer), item, least quantity and first day; the price itself and the last day are
what a row may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.domain.importing.records import price_table
from webapp.domain.permissions import Permission
from webapp.models import Customer, CustomerPrice, ListPrice, PriceList, User
from webapp.queries.batches import chunks
from webapp.queries.items.records import variant_ids
from webapp.queries.pricing.records import prices_of
from webapp.queries.visibility import sees
from webapp.services import locks
from webapp.services.authorize import require
from webapp.services.bulk_outcome import Loaded, Progress, Row, no_progress, note_load
from webapp.services.commands import command

READERS = price_table()
Owner = PriceList | Customer


@command(Permission.PRICES_WRITE)
def load_prices(rows: Sequence[Row], *, actor: User) -> Loaded:
    """Add the prices that are new and change those that differ; takes all rows or none.

    A row names a ``list`` or a ``customer``; a list that does not exist is made when the row says its ``currency``.
    Raises RowsRefused, Forbidden.
    """
    loaded = put_prices(rows, actor=actor).complete()
    note_load(loaded, *loaded.documents, after=loaded.report("prices"), actor=actor)
    return loaded


def put_prices(rows: Sequence[Row], *, actor: User, progress: Progress = no_progress) -> Loaded:
    """As ``load_prices``, but leaves wrong rows out and tells ``progress`` how many rows it did."""
    require(actor, Permission.PRICES_WRITE)
    loaded, book = Loaded(), PriceBook(rows, actor)
    for index, row in enumerate(rows):
        with loaded.row(index):
            book.put(row, loaded)
        progress(1)
    book.write()
    loaded.documents.extend(book.touched)
    return loaded


@dataclass
class _Side:
    """The prices of one kind of owner: what is stored, and what is to be written."""

    model: type[ListPrice] | type[CustomerPrice]
    owner_column: str
    stored: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    added: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)


class PriceBook:
    """The lists, customers, items and stored prices that some rows speak of, locked and looked up once."""

    def __init__(self, rows: Sequence[Row], actor: User) -> None:
        self._skus = variant_ids(_texts(rows, "sku"))
        self._lists: dict[str, PriceList] = {}
        self._customers: dict[str, Customer] = {}
        self._seen: set[tuple[Any, ...]] = set()
        self.touched: list[Owner] = []
        for customer in _locked(Customer, _texts(rows, "customer")):
            if sees(actor, customer):
                self._customers[customer.code] = customer
        for price_list in _locked(PriceList, _texts(rows, "list")):
            self._lists[price_list.code] = price_list
        self._of_lists = _Side(ListPrice, "price_list_id")
        self._of_customers = _Side(CustomerPrice, "customer_id")
        for side, owners in ((self._of_lists, self._lists), (self._of_customers, self._customers)):
            side.stored = prices_of(side.model, [owner.id for owner in owners.values()])

    def put(self, row: Row, loaded: Loaded) -> None:
        """Take one row. Raises BadInput."""
        record = fields.read_whole(READERS, row)
        _check_dates(record)
        variant_id = self._variant_id(record["sku"])
        owner, side = self._owner(record)
        key = (owner.id, variant_id, record["min_quantity"], record["valid_from"])
        if (side.model, *key) in self._seen:
            raise BadInput("This list, item, quantity and first day stand in these rows twice.", field="sku")
        self._seen.add((side.model, *key))
        values = {"unit_price": record["unit_price"], "valid_to": record["valid_to"]}
        stored = side.stored.get(key)
        if stored is None:
            names = (side.owner_column, "variant_id", "min_quantity", "valid_from")
            side.added.append(dict(zip(names, key, strict=True)) | values)
            loaded.added += 1
        elif (stored.unit_price, stored.valid_to) == (record["unit_price"], record["valid_to"]):
            loaded.unchanged += 1
            return
        else:
            side.changed.append({"id": stored.id} | values)
            loaded.changed += 1
            loaded.changes[_name(owner, record)] = {
                "before": {"unit_price": stored.unit_price, "valid_to": stored.valid_to},
                "after": values,
            }
        if owner not in self.touched:
            self.touched.append(owner)

    def write(self) -> None:
        """Write what the rows taken so far ask for."""
        for side in (self._of_lists, self._of_customers):
            if side.added:
                db.session.execute(insert(side.model), side.added)
            if side.changed:
                db.session.execute(update(side.model), side.changed)
        for owner in self.touched:
            if isinstance(owner, PriceList):
                owner.bump()
        db.session.flush()

    def _variant_id(self, sku: str) -> int:
        if sku not in self._skus:
            raise BadInput(f"There is no item {sku}.", field="sku")
        return self._skus[sku]

    def _owner(self, record: Mapping[str, Any]) -> tuple[Owner, _Side]:
        if bool(record["list"]) == bool(record["customer"]):
            raise BadInput("A price belongs to a list or to a customer: name one of them.", field="list")
        owner: Owner
        if record["customer"]:
            owner, side = self._customer(record["customer"]), self._of_customers
        else:
            owner, side = self._list(record["list"], record["currency"]), self._of_lists
        if record["currency"] and record["currency"] != owner.currency:
            raise BadInput(f"{owner.code} has prices in {owner.currency}, not {record['currency']}.", field="currency")
        return owner, side

    def _customer(self, code: str) -> Customer:
        if code not in self._customers:
            raise BadInput(f"There is no customer {code}.", field="customer")
        return self._customers[code]

    def _list(self, code: str, currency: str | None) -> PriceList:
        if code not in self._lists:
            if currency is None:
                raise BadInput(f"There is no price list {code}. Say its currency to begin one.", field="list")
            self._lists[code] = PriceList(
                code=fields.code(code, "list"), name=code, currency=currency, percent=Decimal(0), is_active=True
            )
            db.session.add(self._lists[code])
            db.session.flush()
        return self._lists[code]


def _locked(model: type[Owner], codes: list[str]) -> list[Any]:
    found: list[Any] = []
    for part in chunks(codes):
        ids = db.session.scalars(select(model.id).where(model.code.in_(part))).all()
        found += locks.lock_price_rules(PriceList, ids) if model is PriceList else locks.lock_customers(ids)
    return found


def _check_dates(record: Mapping[str, Any]) -> None:
    first, last = record["valid_from"], record["valid_to"]
    if first and last and last < first:
        raise BadInput(f"The last day {last} lies before the first day {first}.", field="valid_to")


def _name(owner: Owner, record: Mapping[str, Any]) -> str:
    parts = (owner.code, record["sku"], f"from {fields.written(record['min_quantity'])}", record["valid_from"])
    return " ".join(str(part) for part in parts if part)


def _texts(rows: Sequence[Row], name: str) -> list[str]:
    return list(dict.fromkeys(str(row[name]).strip() for row in rows if row.get(name)))

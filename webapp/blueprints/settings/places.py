"""Warehouses and bins."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import DomainError
from webapp.domain.permissions import Permission
from webapp.models import Location
from webapp.pages.settings import catalogues as reads
from webapp.services.stock import locations
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import form_version, try_once
from webapp.web.forms.records import Catalogue, Field, RecordForm, Row, Section, shown, typed, typed_whole

IN_USE = {True: "in use", False: "out of use"}

bp = Blueprint("places", __name__, url_prefix="/settings/locations")


@bp.get("")
@requires(Permission.STOCK_READ)
def index() -> str:
    """The tree of locations, and the form for one."""
    wanted = request.args.get("edit")
    return _page(reads.find_location(wanted) if wanted else None, {})


@bp.post("")
@requires(locations.add_location)
def create() -> Response | tuple[str, int]:
    """Add a location."""
    values = typed_whole(_sections(None))
    attempt = try_once(
        lambda: {
            "code": locations.add_location(
                values["code"], values["name"], parent=values["parent"], actor=current_user
            ).code
        }
    )
    if attempt.refusal:
        return _page(None, values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("places.index"), said=f"Location {attempt.data['code']} is added.")


@bp.post("/<code>")
@requires(locations.change_location)
def update(code: str) -> Response | tuple[str, int]:
    """Change a location."""
    location = reads.find_location(code)
    values, version = typed(_sections(location)), form_version() or 0
    attempt = try_once(
        lambda: {"v": locations.change_location(code, version=version, actor=current_user, **values).version}
    )
    if attempt.refusal:
        return _page(location, values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("places.index"), said=f"Location {code} is saved.")


def _page(location: Location | None, values: dict[str, str], refusal: DomainError | None = None) -> str:
    tree = reads.location_tree()
    stored = shown(locations.location_record(location)) if location else {}
    rows = [
        Row(
            [row.location.code, row.location.name, str(row.items), IN_USE[row.location.is_active]],
            url=url_for("places.index", edit=row.location.code),
            depth=row.depth,
            is_current=location is not None and row.location.id == location.id,
        )
        for row in tree
    ]
    page = Catalogue(
        title="Locations",
        heads=("Code", "Name", "Items there", "State"),
        numeric=(2,),
        rows=rows,
        form=RecordForm(_sections(location), stored | values, refusal),
        action=url_for("places.update", code=location.code) if location else url_for("places.create"),
        button=f"Save {location.code}" if location else "Add location",
        here=url_for("places.index"),
        note="bins stand below their warehouse",
        version=location.version if location else None,
        may_write=can(Permission.LOCATIONS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)


def _sections(location: Location | None) -> list[Section]:
    tree = reads.location_tree()
    parents = [
        (row.location.code, "\N{NO-BREAK SPACE}" * 3 * row.depth + f"{row.location.code} {row.location.name}")
        for row in tree
        if location is None or row.location.id != location.id
    ]
    head = [] if location else [[Field("code", "Code", css="w-12", optional=False)]]
    in_use = [[Field("is_active", "In use", "check")]] if location else []
    return [
        Section(
            location.code if location else "New location",
            [
                *head,
                [Field("name", "Name", optional=False)],
                [Field("parent", "Inside", "select", options=[("", "Nothing: a warehouse of its own"), *parents])],
                *in_use,
            ],
        )
    ]

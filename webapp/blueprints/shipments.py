"""Shipments: the list by what is next, and one shipment through picking, packing, departure and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain import numbers
from webapp.domain.errors import BadInput, DomainError
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.models import Disposition
from webapp.pages.shipments.lists import ShipmentFilter, Stage, list_shipments, open_counts
from webapp.pages.shipments.page import refuse_hidden as reads_refuse_hidden
from webapp.pages.shipments.page import shipment_page, standing_hold
from webapp.pages.shipments.returns import return_options
from webapp.pages.stock.lists import all_locations
from webapp.services.papers.shipments import delivery_note, packing_slip, pick_list
from webapp.services.shipments import shipping
from webapp.services.shipments.returns import ReturnInput, receive_return
from webapp.web import htmx
from webapp.web.addresses import here_with
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import Attempt, form_version, try_once
from webapp.web.forms.typed import neutral

bp = Blueprint("shipments", __name__, url_prefix="/shipments")

MOST_PARCELS = 50
PARCELS = 3
TABS = (
    (Stage.TO_PICK, "To pick"),
    (Stage.PICKED, "Picked"),
    (Stage.PACKED, "Packed"),
    (Stage.SHIPPED, "Shipped"),
    (Stage.CANCELLED, "Cancelled"),
)
DISPOSITIONS = (
    (Disposition.RESTOCK, "Back on the shelf"),
    (Disposition.QUARANTINE, "Quarantine"),
    (Disposition.SCRAP, "Scrap"),
)
PAPERS = {"pick-list": pick_list, "packing-slip": packing_slip, "delivery-note": delivery_note}


@bp.before_request
def refuse_hidden() -> None:
    """What is not this user's to see cannot be changed either."""
    if request.method == "POST":
        reads_refuse_hidden((request.view_args or {})["number"], viewer=current_user)


@bp.get("")
@requires(Permission.SHIPMENTS_READ)
def index() -> str:
    """Shipments of one stage; the tab, the search and the place stand in the address."""
    stage = request.args.get("stage", "")
    wanted = ShipmentFilter(
        stage=Stage(stage) if stage in set(Stage) else Stage.TO_PICK,
        text=request.args.get("q", "").strip(),
        location=request.args.get("location", ""),
    )
    return htmx.piece_or_page(
        "shipments/_list.html",
        "shipments/index.html",
        found=list_shipments(wanted, viewer=current_user, cursor=request.args.get("cursor")),
        counts=open_counts(viewer=current_user),
        wanted=wanted,
        tabs=TABS,
        locations=all_locations(),
        standing_hold=standing_hold,
        here_with=here_with,
    )


@bp.get("/<number>")
@requires(Permission.SHIPMENTS_READ)
def show(number: str) -> str:
    """One shipment with its next step."""
    return _page(number)


@bp.get("/<number>/<any('pick-list', 'packing-slip', 'delivery-note'):paper>")
@requires(Permission.SHIPMENTS_READ)
def print_paper(number: str, paper: str) -> str:
    """A sheet to print."""
    sheet = PAPERS[paper](number, viewer=current_user)
    return render_template("shipments/paper.html", sheet=sheet, number=number, kind=paper)


# -- the steps --------------------------------------------------------------------------------------------------------


@bp.post("/<number>/picking")
@requires(shipping.pick_shipment)
def create_picking(number: str) -> Response | tuple[str, int]:
    """Confirm what was picked; less than allocated needs a reason."""

    def pick() -> Mapping[str, Any]:
        shipment = shipping.pick_shipment(
            number,
            quantities=_picked(),
            reason=request.form.get("reason", ""),
            version=form_version(),
            actor=current_user,
        )
        return {"number": shipment.number}

    return _answer(number, try_once(pick), f"{number} is picked.")


@bp.post("/<number>/sending")
@requires(shipping.send_shipment)
def create_sending(number: str) -> Response | tuple[str, int]:
    """Confirm what was picked and let it go at once."""

    def send() -> Mapping[str, Any]:
        outcome = shipping.send_shipment(
            number,
            quantities=_picked(),
            reason=request.form.get("reason", ""),
            version=form_version(),
            actor=current_user,
        )
        return {"number": number, "held": outcome.hold is not None}

    return _departed(number, try_once(send))


@bp.post("/<number>/packing")
@requires(shipping.pack_shipment)
def create_packing(number: str) -> Response | tuple[str, int]:
    """Note parcels and carrier."""

    def pack() -> Mapping[str, Any]:
        shipment = shipping.pack_shipment(
            number,
            packages=_parcels(),
            carrier=TEXT(request.form.get("carrier", ""), "carrier"),
            tracking_number=TEXT(request.form.get("tracking_number", ""), "tracking_number"),
            version=form_version(),
            actor=current_user,
        )
        return {"number": shipment.number}

    return _answer(number, try_once(pack), f"{number} is packed.")


@bp.post("/<number>/departure")
@requires(shipping.ship_shipment)
def create_departure(number: str) -> Response | tuple[str, int]:
    """Let the goods go, unless credit holds them at the door."""

    def ship() -> Mapping[str, Any]:
        outcome = shipping.ship_shipment(number, version=form_version(), actor=current_user)
        return {"number": number, "held": outcome.hold is not None}

    return _departed(number, try_once(ship))


def _departed(number: str, attempt: Attempt) -> Response | tuple[str, int]:
    held = attempt.data.get("held")
    return _answer(number, attempt, f"{number} stays: the order is on credit hold." if held else f"{number} has left.")


@bp.post("/<number>/cancellation")
@requires(shipping.cancel_shipment)
def create_cancellation(number: str) -> Response | tuple[str, int]:
    """Undo a shipment that has not left."""

    def cancel() -> Mapping[str, Any]:
        reason = request.form.get("reason", "")
        shipment = shipping.cancel_shipment(number, reason=reason, version=form_version(), actor=current_user)
        return {"number": shipment.number}

    return _answer(number, try_once(cancel), f"{number} is cancelled; its goods are free for another shipment.")


TEXT = fields.text(100)


def _picked() -> dict[int, Decimal]:
    """Line numbers with what was picked of them; a line that the form does not show was picked whole."""
    named = {name: value for name, value in request.form.items() if name.startswith("picked.")}
    table = dict.fromkeys(named, _quantity_or_none_picked)
    read = fields.read(table, named)
    return {numbers.parse_whole(name.removeprefix("picked.")): quantity for name, quantity in read.items()}


def _quantity_or_none_picked(value: Any, _field: str) -> Decimal:
    return numbers.parse_between(neutral(value), 0, 10**12, field="quantity", decimals=6)


def _parcels() -> list[shipping.PackageInput]:
    weight = fields.optional(lambda value, _field: numbers.parse_quantity(neutral(value), field="weight"))
    parcels = []
    for n in range(MOST_PARCELS):
        typed = {part: request.form.get(f"{part}.{n}", "").strip() for part in ("weight", "tracking")}
        if any(typed.values()):
            read = fields.read({f"weight.{n}": weight}, {f"weight.{n}": typed["weight"]})
            parcels.append(shipping.PackageInput(read[f"weight.{n}"], TEXT(typed["tracking"], f"tracking.{n}")))
    return parcels


# -- what comes back --------------------------------------------------------------------------------------------------


@bp.get("/<number>/returns/new")
@requires(Permission.RETURNS_WRITE)
def new_return(number: str) -> str:
    """The form for goods that come back, line by line and lot by lot."""
    return _return_form(number)


@bp.post("/<number>/returns")
@requires(receive_return)
def create_return(number: str) -> Response | tuple[str, int]:
    """Receive goods back and put them where they belong."""

    def receive() -> Mapping[str, Any]:
        day = fields.optional(fields.day)
        returned = receive_return(
            number,
            _what_came_back(number),
            reason=request.form.get("reason", ""),
            received_on=day(request.form.get("received_on", ""), "received_on"),
            actor=current_user,
        )
        return {"number": returned.number}

    attempt = try_once(receive)
    if attempt.refusal:
        return _return_form(number, refusal=attempt.refusal), attempt.status
    return htmx.go_to(url_for("shipments.show", number=number), said=f"{attempt.data['number']} is received.")


def _what_came_back(number: str) -> list[ReturnInput]:
    options = return_options(shipment_page(number, viewer=current_user))
    typed = {f"back.{n}": request.form.get(f"back.{n}", "").strip() for n in range(len(options))}
    quantity = {
        name: (lambda value, _field: numbers.parse_quantity(neutral(value), field="quantity")) for name in typed
    }
    read = fields.read(quantity, {name: value for name, value in typed.items() if value})
    whereto = fields.choice(Disposition, Disposition.RESTOCK)
    return [
        ReturnInput(
            option.line_number,
            read[f"back.{n}"],
            whereto(request.form.get(f"whereto.{n}", ""), "disposition"),
            batch=option.batch,
            serials=[option.serial] if option.serial else [],
        )
        for n, option in enumerate(options)
        if f"back.{n}" in read
    ]


def _return_form(number: str, *, refusal: DomainError | None = None) -> str:
    page = shipment_page(number, viewer=current_user)
    return htmx.piece_or_page(
        "shipments/_return.html",
        "shipments/return.html",
        view=page,
        options=return_options(page),
        dispositions=DISPOSITIONS,
        values=request.form.to_dict(),
        errors=_errors(refusal),
    )


# -- answers ----------------------------------------------------------------------------------------------------------


def _answer(number: str, attempt: Attempt, said: str) -> Response | tuple[str, int]:
    """The shipment as it is after the step, or as typed with what is wrong."""
    if attempt.refusal:
        return _page(number, refusal=attempt.refusal), attempt.status
    to = url_for("shipments.show", number=number)
    return htmx.piece_or_redirect("shipments/_shipment.html", to=to, said=said, **_shown(number))


def _page(number: str, *, refusal: DomainError | None = None) -> str:
    return htmx.piece_or_page("shipments/_shipment.html", "shipments/show.html", **_shown(number, refusal))


def _shown(number: str, refusal: DomainError | None = None) -> dict[str, Any]:
    values = request.form.to_dict() if refusal else {}
    parcels = max(PARCELS, sum(1 for n in range(MOST_PARCELS) if f"weight.{n}" in values))
    return {
        "view": shipment_page(number, viewer=current_user),
        "errors": _errors(refusal),
        "values": values,
        "parcels": parcels,
    }


def _errors(refusal: DomainError | None) -> list[tuple[str | None, str]]:
    """Each wrong field with its sentence; a refusal of the whole has no field."""
    if refusal is None:
        return []
    if not isinstance(refusal, BadInput):
        return [(None, refusal.message)]
    shown = [(name, str(said)) for name, said in refusal.details.items() if name in request.form]
    return [(name, sentence) for name, sentence in shown] or [(None, refusal.message)]

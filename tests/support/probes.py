"""Routes that refuse in every way there is, to see what the program makes of it."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from webapp.domain import errors as refusals
from webapp.domain.permissions import Permission
from webapp.web import htmx
from webapp.web.auth import requires

REFUSALS = {
    "refused": refusals.Refused("Only 5 are in stock.", {"available": "5"}),
    "bad_input": refusals.BadInput("Enter a quantity above 0.", details={"quantity": "Enter a quantity above 0."}),
    "not_found": refusals.NotFound("There is no order SO-1."),
    "forbidden": refusals.FourEyes("You asked for this yourself."),
    "illegal": refusals.IllegalMove("The order is closed."),
    "stale": refusals.StaleVersion("Somebody else changed it."),
    "busy": refusals.Busy("Somebody else works on it."),
    "key": refusals.KeyInFlight("The same request is under way."),
}


def probes() -> Blueprint:
    """The routes, on a blueprint without a prefix."""
    bp = Blueprint("probes", __name__)

    @bp.route("/probe/<name>", methods=["GET", "POST"])
    @bp.route("/api/probe/<name>", methods=["GET", "POST"], endpoint="api")
    @requires(Permission.PUBLIC)
    def refuse(name: str) -> str:
        raise REFUSALS[name]

    @bp.route("/probe/abort/<int:status>", methods=["GET", "POST"])
    @requires(Permission.PUBLIC)
    def stop(status: int) -> str:
        abort(status)

    @bp.get("/probe/mistake")
    @bp.get("/api/probe/mistake", endpoint="api_mistake")
    @requires(Permission.PUBLIC)
    def mistake() -> str:
        raise LookupError("secret inside")

    @bp.get("/probe/undeclared")
    def undeclared() -> str:
        return "open to all"

    @bp.post("/probe/approve")
    @requires(Permission.ORDERS_APPROVE)
    def approve() -> str:
        return "approved"

    @bp.post("/probe/change")
    @requires(Permission.PUBLIC)
    def change() -> Response:
        return htmx.piece_or_redirect("_notice.html", to="/account/", said="Line <4> removed.", refusal=None)

    return bp

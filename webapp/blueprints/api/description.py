"""The description of the API: for programs as an OpenAPI document, for people as a page."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template

from webapp.blueprints.api.routing import bp, spec
from webapp.domain.permissions import Permission
from webapp.web import json as wire
from webapp.web.auth import requires

BODY_MAY_BE_LEFT_OUT = {"required": False}


@bp.get("/openapi.json")
@requires(Permission.PUBLIC)
def openapi() -> Response:
    """The API in OpenAPI 3.1."""
    return wire.respond(wire.dump(document()))


@bp.get("/docs")
@requires(Permission.PUBLIC)
def docs() -> str:
    """The API, to be read."""
    return render_template("api/docs.html", document=document(), groups=_groups(document()))


def document() -> dict[str, Any]:
    """The OpenAPI document. A body of which nothing is required may be left out."""
    found: dict[str, Any] = spec.spec
    schemas = found["components"]["schemas"]
    for operations in found["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody")
            if body and not schemas[_schema_name(body)].get("required"):
                body |= BODY_MAY_BE_LEFT_OUT
    return found


def _schema_name(part: dict[str, Any]) -> str:
    reference: str = part["content"]["application/json"]["schema"]["$ref"]
    return reference.rsplit("/", 1)[-1]


def _groups(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By tag the operations, each with its method, path, body and answer by name."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            entry = {"path": path, "method": method.upper(), "body": None, **operation}
            if "requestBody" in operation:
                entry["body"] = _schema_name(operation["requestBody"])
            success = next(code for code in operation["responses"] if code.startswith("2"))
            entry["answer"] = _schema_name(operation["responses"][success])
            entry["success"] = success
            groups.setdefault(operation["tags"][0], []).append(entry)
    return groups

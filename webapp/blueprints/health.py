"""For machines that watch: is it alive, and how is it doing."""

from __future__ import annotations

import prometheus_client
import sqlalchemy as sa
from flask import Blueprint, Response, abort, current_app

from webapp.db import db
from webapp.domain.permissions import Permission
from webapp.web.auth import requires

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@requires(Permission.PUBLIC)
def healthz() -> Response:
    """200 when the database answers; 503 by the database's error otherwise."""
    db.session.execute(sa.text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@bp.get("/metrics")
@requires(Permission.PUBLIC)
def metrics() -> Response:
    """Prometheus' text format; 404 unless METRICS is set."""
    if not current_app.config["METRICS"]:
        abort(404)
    return Response(prometheus_client.generate_latest(), content_type=prometheus_client.CONTENT_TYPE_LATEST)

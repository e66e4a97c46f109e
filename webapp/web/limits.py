"""How often costly things may be asked for: searches, exports, PDF files, imports, log-ins.

    @bp.get("/orders.csv")
    @requires(Permission.DATA_EXPORT)
    @limiter.limit(COSTLY)
    def export() -> Response: ...

Counted for each person, for each address where nobody is logged in, in the memory of each web worker: it keeps one
eager script from using up the server, while the limits that guard passwords are counted in the database.
"""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

COSTLY = "30 per minute"
QUICK = "300 per minute"


def asker() -> str:
    """Who asks: the user, or the address of somebody unknown."""
    return f"user {current_user.id}" if current_user else get_remote_address()


limiter = Limiter(asker, storage_uri="memory://", headers_enabled=True)


def init_limits(app: Flask) -> None:
    """Count, unless RATELIMIT_ENABLED is off, as it is in tests that are not about it."""
    app.config.setdefault("RATELIMIT_ENABLED", not app.testing)
    limiter.init_app(app)

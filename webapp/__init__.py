"""Counterfoil: orders, credit, stock, shipments, invoices and payments of a wholesaler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application. ``config`` goes before the environment. Raises BadSetting."""
    from flask import Flask
    from flask_migrate import Migrate

    from webapp import formats
    from webapp.blueprints import BLUEPRINTS, FOR_DEVELOPERS
    from webapp.cli import COMMANDS
    from webapp.config import MIGRATIONS, instance_folder, settings
    from webapp.db import db, init_db
    from webapp.web import auth, errors, frame, limits, logs, security, static_files
    from webapp.web.forms import typed

    given = dict(config or {})
    app = Flask(__name__, instance_path=instance_folder(given), static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.config.from_mapping(settings(app.instance_path, given))

    init_db(app)
    Migrate(app, db, directory=MIGRATIONS)
    logs.init_logs(app)
    security.init_security(app)
    auth.init_auth(app)
    limits.init_limits(app)
    errors.init_errors(app)
    formats.add_filters(app.jinja_env)
    typed.init_typed(app)
    frame.init_frame(app)
    static_files.init_static_files(app)
    for blueprint in BLUEPRINTS + (FOR_DEVELOPERS if app.debug or app.testing else ()):
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    return app

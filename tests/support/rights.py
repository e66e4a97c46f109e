"""Every test watches it: a command that a request runs takes no right that its route does not declare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_request_context, request

from webapp.db import in_transaction, unit
from webapp.services.commands import Command
from webapp.web.auth import permissions_of


@contextmanager
def watched_commands() -> Iterator[None]:
    """Let the outermost command of a request fail when its route declares fewer rights than the command takes."""
    run = Command.__call__

    def watched(act: Command[..., Any], *args: Any, **kwargs: Any) -> Any:
        if has_request_context() and request.endpoint and not (in_transaction() and unit().level):
            missing = set(act.permissions) - set(permissions_of(request.endpoint))
            assert not missing, f"{request.endpoint} runs {act.__name__} and does not declare {sorted(missing)}."
        return run(act, *args, **kwargs)

    Command.__call__ = watched  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Command.__call__ = run  # type: ignore[method-assign]

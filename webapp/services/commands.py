"""Commands: what people and programs call to change something, each with the right it takes.

``@command(Permission.ORDERS_CONFIRM)`` makes a service function a command: one transaction, run again when the database
asks for it, for whoever has the right. The right belongs to the command: routes of pages and of the API declare the
command they run, pages ask ``may(user, command)`` before they offer it, and the sentence that says who could do it asks
the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from webapp.db import nested, transaction
from webapp.domain.permissions import Permission
from webapp.models import User
from webapp.services.authorize import require

P = ParamSpec("P")
R = TypeVar("R")


class Command(Generic[P, R]):
    """A command and the rights it takes, all of them. Called, it raises what its function raises, and Forbidden."""

    __name__: str

    def __init__(self, function: Callable[P, R], *permissions: Permission) -> None:
        update_wrapper(self, function)
        self.permissions = permissions
        self._function = function
        self._run = transaction(self._checked)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._run(*args, **kwargs)

    def _checked(self, *args: P.args, **kwargs: P.kwargs) -> R:
        actor: Any = kwargs.get("actor")
        for permission in self.permissions:
            require(actor, permission)
        with nested():
            return self._function(*args, **kwargs)


def command(*permissions: Permission) -> Callable[[Callable[P, R]], Command[P, R]]:
    """Make a command of a function whose ``actor`` needs these rights; with none, its own lines say who may run it."""

    def declare(function: Callable[P, R]) -> Command[P, R]:
        return Command(function, *permissions)

    return declare


def may(user: User, act: Command[..., Any]) -> bool:
    """Whether the user has the rights that a command takes."""
    return all(user.can(permission) for permission in act.permissions)

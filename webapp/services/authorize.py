"""Whether a person may run a command at all; rules about one document live with the command."""

from __future__ import annotations

from webapp.domain.errors import Forbidden
from webapp.domain.permissions import ROLE_PERMISSIONS, Permission
from webapp.models import User


def require(actor: User, permission: Permission) -> None:
    """Raise Forbidden with the roles that have the right, unless ``actor`` has it."""
    if actor.can(permission):
        return
    holders = [role.label.lower() for role, permissions in ROLE_PERMISSIONS.items() if permission in permissions]
    raise Forbidden(
        f"{actor.name} may not do this ({permission.value}). It takes the role {' or '.join(holders)}.",
        {"permission": permission.value},
    )

"""The maximum discounts of roles by category; those of one person are on the person's page."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import DomainError
from webapp.domain.permissions import DEFAULT_MAX_DISCOUNT, Permission, Role
from webapp.formats import percent
from webapp.pages.settings.discount_limits import LimitRow, all_limits, category_names
from webapp.services.approvals import discount_limits
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import run_once, try_once
from webapp.web.forms.records import Catalogue, Field, RecordForm, Row, Section, number, shown, typed_whole

bp = Blueprint("discount_limits", __name__, url_prefix="/settings/discount-limits")


@bp.get("")
@requires(Permission.SETTINGS_READ)
def index() -> str:
    """Every limit by category, and the form for one of a role."""
    return _page({})


@bp.post("")
@requires(discount_limits.set_role_limit)
def create() -> Response | tuple[str, int]:
    """Set the limit of a role in a category."""
    values = typed_whole(_form())

    def work() -> dict[str, str]:
        limit = discount_limits.set_role_limit(
            values["category"], values["role"], values["percent"], actor=current_user
        )
        return {"category": limit.category.name}

    attempt = try_once(work)
    if attempt.refusal:
        return _page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("discount_limits.index"), said=f"The limit in {attempt.data['category']} is saved.")


@bp.post("/removal")
@requires(discount_limits.remove_role_limit)
def remove() -> Response:
    """Take the limit of a role in a category away."""
    category, role = request.form.get("category", ""), request.form.get("role", "")

    def work() -> dict[str, str]:
        discount_limits.remove_role_limit(category, role, actor=current_user)
        return {}

    run_once(work)
    return htmx.go_to(url_for("discount_limits.index"), said=f"The limit in {category} is removed.")


def _form() -> list[Section]:
    in_general = ", ".join(f"{role.label.lower()} {DEFAULT_MAX_DISCOUNT[role]}" for role in Role)
    return [
        Section(
            "Limit of a role",
            [
                [
                    Field("category", "Category", "select", optional=False,
                          options=[("", "Choose"), *((name, name) for name in category_names())]),
                ],
                [
                    Field("role", "Role", "select", optional=False,
                          options=[("", "Choose"), *((role.value, role.label) for role in Role)]),
                ],
                [
                    number("percent", "Maximum discount in percent", optional=False,
                           hint=f"Elsewhere: {in_general}."),
                ],
            ],
        )
    ]  # fmt: skip


def _page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    found = all_limits()
    wanted = request.args.get("category", ""), request.args.get("role", "")
    current = next((one for one in found if one.role and (one.category, one.role.value) == wanted), None)
    stored = shown({"category": current.category, "role": current.role, "percent": current.percent}) if current else {}
    page = Catalogue(
        title="Discount limits",
        heads=("Category", "Who", "At most"),
        numeric=(2,),
        rows=[_row(one, is_current=one is current) for one in found],
        form=RecordForm(_form(), values or stored, refusal),
        action=url_for("discount_limits.create"),
        button="Save limit",
        here=url_for("discount_limits.index"),
        note="for a category and all below it; limits of people stand on their own pages",
        empty="None yet: everywhere the general maximum of the user or the role holds.",
        may_write=can(Permission.SETTINGS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)


def _row(limit: LimitRow, *, is_current: bool) -> Row:
    cells = [limit.category, limit.holder, percent(limit.percent)]
    if limit.role is None:
        return Row(cells, url=url_for("users.edit", email=limit.email) if can(Permission.USERS_WRITE) else None)
    named = {"category": limit.category, "role": limit.role.value}
    return Row(
        cells,
        url=url_for("discount_limits.index", category=named["category"], role=named["role"]),
        removal=url_for("discount_limits.remove"),
        removal_fields=named,
        is_current=is_current,
    )

"""People who log in: who they are and what they may do."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput, DomainError
from webapp.domain.importing import fields
from webapp.domain.permissions import DEFAULT_MAX_DISCOUNT, Permission, Role
from webapp.models import User
from webapp.pages.settings import catalogues as reads
from webapp.pages.settings.discount_limits import category_names, limits_of
from webapp.services.approvals import discount_limits
from webapp.services.people import passwords, users
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, run_once, try_once
from webapp.web.forms.records import Field, RecordForm, Section, number, shown, typed, typed_whole

bp = Blueprint("users", __name__, url_prefix="/settings/users")

DUTIES = {
    Role.SALES: "enters, submits and confirms orders",
    Role.SALES_MANAGER: "also approves orders and discounts, releases credit, sets prices",
    Role.WAREHOUSE: "allocates, picks, ships, receives, counts",
    Role.ACCOUNTANT: "posts invoices, takes and reverses payments, releases credit",
    Role.ADMIN: "settings, users and master data",
}
RIGHTS = [
    Section(
        "Roles",
        [[Field(f"role_{role}", f"{role.label}: {DUTIES[role]}", "check")] for role in Role],
        "somebody may hold several",
    ),
    Section(
        "Limits",
        [
            [
                number(
                    "max_discount",
                    "Maximum discount in percent",
                    hint="Empty: the role's, "
                    + ", ".join(f"{role.label.lower()} {DEFAULT_MAX_DISCOUNT[role]}" for role in Role)
                    + ".",
                )
            ],
            [Field("own_customers_only", "Sees only the customers they look after", "check")],
        ],
    ),
]
ACCESS = [Section("Access", [[Field("is_active", "May log in", "check", hint="Switching it off ends every session.")]])]
WHO = [
    Section(
        "Who",
        [
            [Field("name", "Name", optional=False), Field("title", "Title")],
            [
                Field("email", "E-mail", "email", optional=False, hint="They log in with it."),
                Field("password", "First password", "password", optional=False,
                      attributes={"autocomplete": "new-password"},
                      hint="Hand it over in person; they change it under their account."),
            ],
        ],
    )
]  # fmt: skip


@bp.get("")
@requires(Permission.USERS_WRITE)
def index() -> str:
    """Everybody, with their roles."""
    return render_template("settings/users.html", users=reads.all_users())


@bp.get("/new")
@requires(Permission.USERS_WRITE)
def new() -> str:
    """An empty form."""
    return render_template("settings/new_user.html", form=RecordForm([*WHO, *RIGHTS], {}))


@bp.post("")
@requires(users.add_user)
def create() -> Response | tuple[str, int]:
    """Add a user."""
    values = typed_whole([*WHO, *RIGHTS])
    password_hash = ""

    def work() -> dict[str, str]:
        added = users.add_user(
            values["email"],
            values["name"],
            _roles(values),
            title=values["title"],
            max_discount=_max_discount(values),
            own_customers_only=values["own_customers_only"] == "yes",
            password_hash=password_hash,
            actor=current_user,
        )
        return {"email": added.email}

    problem = passwords.weakness(values["password"])
    if problem:
        refusal: DomainError | None = BadInput(problem, field="password")
        return _new_page(values, refusal), 422
    password_hash = passwords.make_hash(values["password"])
    attempt = try_once(work)
    if attempt.refusal:
        return _new_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("users.index"), said=f"{values['name']} can log in as {attempt.data['email']}.")


@bp.get("/<email>")
@requires(Permission.USERS_WRITE)
def edit(email: str) -> str:
    """A user's rights in a form."""
    user = reads.find_user(email)
    return _edit_page(user, {})


@bp.post("/<email>")
@requires(users.change_user)
def update(email: str) -> Response | tuple[str, int]:
    """Change a user's rights."""
    user, version = reads.find_user(email), form_version() or 0
    values = _rights_of(user) | typed([*RIGHTS, *ACCESS])

    def work() -> dict[str, int]:
        changed = users.change_user(
            email,
            roles=_roles(values),
            max_discount=_max_discount(values),
            own_customers_only=values["own_customers_only"] == "yes",
            is_active=values["is_active"] == "yes",
            version=version,
            actor=current_user,
        )
        return {"version": changed.version}

    attempt = try_once(work)
    if attempt.refusal:
        return _edit_page(user, values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("users.index"), said=f"{user.name}’s rights are saved; their sessions have ended.")


@bp.post("/<email>/discount-limits")
@requires(discount_limits.set_user_limit)
def create_discount_limit(email: str) -> Response | tuple[str, int]:
    """Set what a user may give in one category."""
    user, values = reads.find_user(email), typed_whole(_limit())

    def work() -> dict[str, str]:
        discount_limits.set_user_limit(email, values["category"], values["percent"], actor=current_user)
        return {}

    attempt = try_once(work)
    if attempt.refusal:
        return _edit_page(user, {}, limit=RecordForm(_limit(), values, attempt.refusal)), attempt.status
    return htmx.go_to(url_for("users.edit", email=user.email), said=f"The limit of {user.name} is saved.")


@bp.post("/<email>/discount-limits/removal")
@requires(discount_limits.remove_user_limit)
def remove_discount_limit(email: str) -> Response:
    """Take a user's limit in one category away."""
    user, category = reads.find_user(email), request.form.get("category", "")

    def work() -> dict[str, str]:
        discount_limits.remove_user_limit(email, category, actor=current_user)
        return {}

    run_once(work)
    return htmx.go_to(url_for("users.edit", email=user.email), said=f"The limit in {category} is removed.")


def _limit() -> list[Section]:
    categories = [(name, name) for name in category_names()]
    return [
        Section(
            "Set a limit by category",
            [
                [
                    Field("category", "Category", "select", optional=False, options=[("", "Choose"), *categories]),
                    number("percent", "Maximum discount in percent", optional=False),
                ]
            ],
        )
    ]


def _new_page(values: dict[str, str], refusal: DomainError | None) -> str:
    kept = {name: value for name, value in values.items() if name != "password"}
    return render_template("settings/new_user.html", form=RecordForm([*WHO, *RIGHTS], kept, refusal))


def _edit_page(
    user: User, values: dict[str, str], refusal: DomainError | None = None, *, limit: RecordForm | None = None
) -> str:
    return render_template(
        "settings/user.html",
        user=user,
        form=RecordForm([*RIGHTS, *ACCESS], _rights_of(user) | values, refusal),
        limits=limits_of(user),
        limit=limit or RecordForm(_limit(), {}),
        is_self=user.id == current_user.id,
    )


def _rights_of(user: User) -> dict[str, str]:
    return shown(
        {
            "max_discount": user.own_max_discount,
            "own_customers_only": user.own_customers_only,
            "is_active": user.is_active,
            **{f"role_{role}": role in user.roles for role in Role},
        }
    )


def _roles(values: dict[str, str]) -> list[Role]:
    return [role for role in Role if values.get(f"role_{role}") == "yes"]


def _max_discount(values: dict[str, str]) -> Decimal | None:
    found: Decimal | None = fields.optional(fields.percent)(values["max_discount"], "max_discount")
    return found

"""Categories of items, and groups of customers."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import DomainError
from webapp.domain.permissions import Permission
from webapp.formats import percent
from webapp.pages.items.lists import CategoryRow, category_tree
from webapp.pages.pricing.lists import other_lists
from webapp.pages.settings import catalogues as reads
from webapp.services.customers import records as customers
from webapp.services.items import records as items
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import run_once, try_once
from webapp.web.forms.records import Catalogue, Field, RecordForm, Row, Section, number, shown, typed_whole

bp = Blueprint("groupings", __name__, url_prefix="/settings")


@bp.get("/categories")
@requires(Permission.ITEMS_READ)
def categories() -> str:
    """The tree of categories, and the form for one."""
    return _categories_page({})


@bp.post("/categories")
@requires(Permission.ITEMS_WRITE)
def create_category() -> Response | tuple[str, int]:
    """Add a category, or change the one that ``edit`` names."""
    old, values = request.args.get("edit", ""), typed_whole(_category([]))
    more = {"parent": values["parent"], "margin_floor": values["margin_floor"]}

    def work() -> dict[str, str]:
        if old:
            changed = items.change_category(old, new_name=values["name"], actor=current_user, **more)
        else:
            changed = items.add_category(values["name"], actor=current_user, **more)
        return {"name": changed.name}

    attempt = try_once(work)
    if attempt.refusal:
        return _categories_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("groupings.categories"), said=f"Category {attempt.data['name']} is saved.")


@bp.post("/categories/removal")
@requires(items.remove_category)
def remove_category() -> Response:
    """Remove a category that nothing is in."""
    name = request.form.get("name", "")

    def work() -> dict[str, str]:
        items.remove_category(name, actor=current_user)
        return {}

    run_once(work)
    return htmx.go_to(url_for("groupings.categories"), said=f"Category {name} is removed.")


@bp.get("/customer-groups")
@requires(Permission.CUSTOMERS_READ)
def groups() -> str:
    """All customer groups, and the form for one."""
    return _groups_page({})


@bp.post("/customer-groups")
@requires(customers.put_group)
def create_group() -> Response | tuple[str, int]:
    """Add or change a customer group."""
    values = typed_whole(_group())
    attempt = try_once(lambda: {"code": customers.put_group(actor=current_user, **values).code})
    if attempt.refusal:
        return _groups_page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("groupings.groups"), said=f"Group {attempt.data['code']} is saved.")


# --- pages -----------------------------------------------------------------------------------------------------------


def _category(tree: list[CategoryRow]) -> list[Section]:
    parents = [(row.name, "\N{NO-BREAK SPACE}" * 3 * row.depth + row.name) for row in tree]
    return [
        Section(
            "Category",
            [
                [Field("name", "Name", optional=False)],
                [Field("parent", "Below", "select", options=[("", "Nothing"), *parents])],
                [
                    number(
                        "margin_floor",
                        "Margin floor in percent",
                        hint="Empty: that of the category above, else the company’s.",
                    )
                ],
            ],
        )
    ]


def _categories_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    tree, wanted = category_tree(), request.args.get("edit", "")
    current = next((row for row in tree if row.name == wanted), None)
    stored = (
        shown({"name": current.name, "parent": current.parent, "margin_floor": current.margin_floor}) if current else {}
    )
    rows = [
        Row(
            [row.name, str(row.items), "" if row.margin_floor is None else percent(row.margin_floor)],
            url=url_for("groupings.categories", edit=row.name),
            depth=row.depth,
            removal=None if row.items else url_for("groupings.remove_category"),
            removal_fields={"name": row.name},
            is_current=row is current,
        )
        for row in tree
    ]
    others = [row for row in tree if row is not current]
    page = Catalogue(
        title="Categories",
        heads=("Name", "Items", "Margin floor"),
        numeric=(1, 2),
        rows=rows,
        form=RecordForm(_category(others), values or stored, refusal),
        action=url_for("groupings.create_category", edit=current.name if current else None),
        button="Save category" if current else "Add category",
        here=url_for("groupings.categories"),
        note="prices and reports look into sub-categories too",
        may_write=can(Permission.ITEMS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)


def _group() -> list[Section]:
    return [
        Section(
            "Customer group",
            [
                [Field("code", "Code", css="w-12", optional=False), Field("name", "Name", optional=False)],
                [Field("price_list", "Price list", "select", options=[("", "The company's"), *other_lists()])],
            ],
        )
    ]


def _groups_page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    wanted, found = request.args.get("edit", ""), reads.customer_groups()
    stored = next(
        ({"code": one.code, "name": one.name, "price_list": code} for one, code, _ in found if one.code == wanted), {}
    )
    rows = [
        Row(
            [group.code, group.name, code or "the company's", str(count)],
            url=url_for("groupings.groups", edit=group.code),
            is_current=group.code == wanted,
        )
        for group, code, count in found
    ]
    page = Catalogue(
        title="Customer groups",
        heads=("Code", "Name", "Price list", "Customers"),
        numeric=(3,),
        rows=rows,
        form=RecordForm(_group(), values or stored, refusal),
        action=url_for("groupings.create_group"),
        button="Save group" if stored else "Add group",
        here=url_for("groupings.groups"),
        note="their list holds for customers without one of their own; a customer joins a group on its own form",
        may_write=can(Permission.CUSTOMERS_WRITE),
    )
    return render_template("settings/catalogue.html", page=page)

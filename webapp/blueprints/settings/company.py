"""The way to all settings, and the company's own."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import DomainError
from webapp.domain.permissions import Permission
from webapp.pages.pricing.lists import other_lists
from webapp.pages.settings import catalogues as reads
from webapp.services.company import the_company
from webapp.services.settings import company as settings
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import form_version, try_once
from webapp.web.forms.records import Field, RecordForm, Section, day, number, shown, typed

bp = Blueprint("settings", __name__, url_prefix="/settings")

P = Permission


@dataclass(frozen=True, slots=True)
class Door:
    """One page of the settings."""

    label: str
    note: str
    endpoint: str
    icon: str
    permission: Permission


DOORS = (
    Door("Company", "Name, address, formats, policies, books", "settings.company", "stub", P.SETTINGS_READ),
    Door("Users", "Roles, maximum discounts, own customers", "users.index", "people", P.USERS_WRITE),
    Door("Discount limits", "Maximum discounts by category", "discount_limits.index", "price", P.SETTINGS_READ),
    Door("Tax codes", "Rates by date, rules of tax classes", "taxes.index", "invoice", P.SETTINGS_READ),
    Door("Payment terms", "When invoices are due", "terms.index", "clock", P.SETTINGS_READ),
    Door("Payment methods", "How customers pay, and where it lands", "terms.methods", "payment", P.SETTINGS_READ),
    Door("Exchange rates", "What other currencies are worth, by date", "terms.rates", "swap", P.SETTINGS_READ),
    Door("Cash rounding", "Currencies whose totals end in a coin", "terms.roundings", "payment", P.SETTINGS_READ),
    Door("Locations", "Warehouses and bins", "places.index", "box", P.STOCK_READ),
    Door("Categories", "How items are grouped", "groupings.categories", "price", P.ITEMS_READ),
    Door("Customer groups", "Customers who share a price list", "groupings.groups", "people", P.CUSTOMERS_READ),
    Door("Import and export", "Take files in, write files out", "imports.index", "download", P.DATA_EXPORT),
)


@bp.get("")
@requires(Permission.DATA_EXPORT)
def index() -> str:
    """Where everything is settled."""
    doors = [door for door in DOORS if door.endpoint in current_app.view_functions and can(door.permission)]
    return render_template("settings/index.html", doors=doors)


@bp.get("/company")
@requires(Permission.SETTINGS_READ)
def company() -> str:
    """The company's settings in a form."""
    return _page({})


@bp.post("/company")
@requires(settings.change_settings)
def update_company() -> Response | tuple[str, int]:
    """Change the company's settings."""
    values, version = typed(_sections()), form_version() or 0
    attempt = try_once(lambda: {"v": settings.change_settings(version=version, actor=current_user, **values).version})
    if attempt.refusal:
        return _page(values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("settings.company"), said="The settings are saved.")


def _page(values: dict[str, str], refusal: DomainError | None = None) -> str:
    ours = the_company()
    form = RecordForm(_sections(), shown(settings.settings_record(ours)) | values, refusal)
    return render_template("settings/company.html", form=form, company=ours)


def _sections() -> list[Section]:
    ours = the_company()
    places = [(row.location.code, f"{row.location.code} {row.location.name}") for row in reads.location_tree()]
    return [
        Section(
            "Who we are",
            [
                [Field("name", "Name", optional=False), Field("tax_id", "Tax id")],
                [Field("street", "Street"), Field("postal_code", "Postal code", css="w-9")],
                [Field("city", "City"), Field("region", "Region")],
                [
                    Field("country", "Country", css="w-6", optional=False, attributes={"maxlength": "2"}),
                    Field("email", "E-mail", "email"),
                    Field("phone", "Phone", "tel"),
                ],
                [Field("bank_details", "Bank details", "area", hint="Printed on invoices.")],
                [Field("invoice_footer", "Foot of the invoice", "area")],
            ],
        ),
        Section(
            "Formats",
            [
                [
                    Field("time_zone", "Time zone", optional=False, hint="Decides which day today is."),
                    Field("locale", "Number format", css="w-9", hint="Like en_GB or de_CH."),
                    Field("paper", "Paper", "select", options=[(paper, paper) for paper in settings.PAPERS]),
                ],
            ],
            f"the base currency is {ours.base_currency} and stays",
        ),
        Section(
            "Selling",
            [
                [
                    Field("default_price_list", "Price list of everybody", "select",
                          options=[("", "None: base prices"), *other_lists()]),
                    Field("default_location", "Orders ship from", "select", options=[("", "Nowhere"), *places]),
                ],
                [
                    Field("approval_policy", "Orders within every limit", "select",
                          options=[("OFF", "wait for a person"), ("UP_TO_AMOUNT", "approve themselves")]),
                    number("approval_policy_amount", f"Up to, {ours.base_currency}"),
                ],
                [
                    number("margin_floor_percent", "Margin floor in percent",
                           hint="A line that earns less needs a person’s approval. Categories may set their own."),
                ],
                [number("quote_days", "Quotes are valid for days")],
                [Field("split_locations", "A line may ship from several locations", "check")],
            ],
        ),
        Section(
            "Credit and books",
            [
                [Field("release_holds_on_payment", "A payment that makes room releases holds by itself", "check")],
                [
                    Field("tax_rounding", "Tax is rounded", "select",
                          options=[("DOCUMENT", "once per rate of a document"), ("LINE", "on each line")],
                          hint="New documents; older ones keep theirs."),
                    number("credit_note_approval_above", f"Second person for credit notes above, {ours.base_currency}"),
                ],
                [day("books_closed_until", "Books are closed until", hint="Nothing is posted on or before this day.")],
            ],
        ),
    ]  # fmt: skip

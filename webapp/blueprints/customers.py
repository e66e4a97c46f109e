"""Customers: the list, a customer's page, and a form for each concern: record, credit, status, addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput, DomainError
from webapp.domain.money import CURRENCIES
from webapp.domain.permissions import Permission
from webapp.domain.states import CustomerStatus
from webapp.models import Customer
from webapp.pages.customers.exposure import customer_exposure
from webapp.pages.customers.lists import CustomerFilter, customer_choices, customer_list
from webapp.pages.customers.page import credit_bar, customer_page, find_customer
from webapp.queries.company import company
from webapp.queries.customers.records import customer_record
from webapp.services.customers import records as customers
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, run_once, try_once
from webapp.web.forms.records import Field, RecordForm, Section, day, number, shown, typed, typed_whole
from webapp.web.list_addresses import list_address

bp = Blueprint("customers", __name__, url_prefix="/customers")

FILTERS = ("q", "status", "group", "rep", "sort")
STATUSES = (("", "Any status"), ("open", "Open"), ("blocked", "Blocked"), ("closed", "Closed"))
STATUS_WORDS = (("open", "Open"), ("blocked", "Blocked: orders are held"), ("closed", "Closed: no new documents"))
TAX_CLASSES_HINT = "Decides with the item's tax code which tax applies, for example domestic or export."


@bp.get("")
@requires(Permission.CUSTOMERS_READ)
def index() -> str:
    """The list: search while typing, filters in the address."""
    address = list_address("customers.index", FILTERS)
    wanted = CustomerFilter(**address.given)
    found = customer_list(wanted, user=current_user, cursor=request.args.get("cursor"))
    choices = customer_choices()
    names = dict(choices.groups), dict(choices.reps)
    chips = address.chips(
        {
            "q": lambda words: f"“{words}”",
            "status": lambda status: dict(STATUSES).get(status, status),
            "group": lambda code: f"Group: {names[0].get(code, code)}",
            "rep": lambda email: f"Looked after by {names[1].get(email, email)}",
        }
    )
    return htmx.piece_or_page(
        "customers/_list.html",
        "customers/index.html",
        found=found,
        wanted=wanted,
        address=address,
        chips=chips,
        choices=choices,
        statuses=STATUSES,
    )


@bp.get("/new")
@requires(Permission.CUSTOMERS_WRITE)
def new() -> str:
    """An empty form."""
    ours = company()
    values = {"currency": ours.base_currency if ours else "", "tax_class": "domestic", "language": "en"}
    return _new_page(RecordForm(_sections(is_new=True), values))


@bp.post("")
@requires(customers.add_customer)
def create() -> Response | tuple[str, int]:
    """Add a customer."""
    sections = _sections(is_new=True)
    values = typed_whole(sections)
    attempt = try_once(lambda: {"code": customers.add_customer(actor=current_user, **values).code})
    if attempt.refusal:
        return _new_page(RecordForm(sections, values, attempt.refusal)), attempt.status
    code = attempt.data["code"]
    return htmx.go_to(url_for("customers.show", code=code), said=f"Customer {code} is added.")


@bp.get("/<code>")
@requires(Permission.CUSTOMERS_READ)
def show(code: str) -> str:
    """A customer: facts, credit, open documents, history."""
    page = customer_page(code, current_user)
    others = [(status, words) for status, words in STATUS_WORDS if status != page.customer.status.lower()]
    return render_template(
        "customers/show.html",
        page=page,
        customer=page.customer,
        bar=credit_bar(page),
        other_statuses=others,
    )


@bp.get("/<code>/edit")
@requires(Permission.CUSTOMERS_WRITE)
def edit(code: str) -> str:
    """The record in a form."""
    customer = find_customer(code, current_user)
    return _edit_page(customer, RecordForm(_sections(), shown(customer_record(customer))))


@bp.post("/<code>")
@requires(customers.change_customer)
def update(code: str) -> Response | tuple[str, int]:
    """Change the record."""
    customer, sections = find_customer(code, current_user), _sections()
    values = typed(sections)
    attempt = try_once(lambda: _changed(code, values))
    if attempt.refusal:
        stored = shown(customer_record(customer))
        return _edit_page(customer, RecordForm(sections, stored | values, attempt.refusal)), attempt.status
    return htmx.go_to(url_for("customers.show", code=code), said=f"{code} is saved.")


@bp.get("/<code>/exposure")
@requires(Permission.CREDIT_READ)
def exposure(code: str) -> str:
    """Each part of the exposure with the documents that make it."""
    return render_template("customers/exposure.html", page=customer_exposure(code, current_user))


# --- credit and status -----------------------------------------------------------------------------------------------


@bp.get("/<code>/credit")
@requires(Permission.CREDIT_LIMIT)
def edit_credit(code: str) -> str:
    """Limit, tolerance and extra credit in two forms."""
    return _credit_page(code)


@bp.post("/<code>/credit-limit")
@requires(customers.change_credit_limit)
def update_limit(code: str) -> Response | tuple[str, int]:
    """Set limit and tolerance."""
    stored = shown(customer_record(find_customer(code, current_user)))
    values = {name: stored.get(name, "") for name in typed_whole(LIMIT)} | typed(LIMIT)
    attempt = try_once(
        lambda: {
            "code": customers.change_credit_limit(code, version=_version(), actor=current_user, **values).code,
        }
    )
    if attempt.refusal:
        return _credit_page(code, limit=values, refusal=attempt.refusal), attempt.status
    return htmx.go_to(url_for("customers.show", code=code), said=f"The credit limit of {code} is set.")


@bp.post("/<code>/extra-credit")
@requires(customers.grant_extra_credit)
def update_extra(code: str) -> Response | tuple[str, int]:
    """Grant or end a temporary extra."""
    customer = find_customer(code, current_user)
    values = _extra_of(customer) | typed(EXTRA)
    attempt = try_once(lambda: _granted(code, values))
    if attempt.refusal:
        return _credit_page(code, extra=values, refusal=attempt.refusal), attempt.status
    return htmx.go_to(url_for("customers.show", code=code), said=f"The extra credit of {code} is set.")


@bp.post("/<code>/status")
@requires(customers.change_status)
def update_status(code: str) -> Response:
    """Block, close or open a customer."""
    find_customer(code, current_user)
    wanted = request.form.get("status", "").upper()
    if wanted not in CustomerStatus.__members__:
        raise BadInput("A customer is open, blocked or closed.", field="status")
    status, reason = CustomerStatus[wanted], request.form.get("reason", "")
    run_once(
        lambda: {
            "code": customers.change_status(code, status, reason=reason, version=_version(), actor=current_user).code
        }
    )
    return htmx.go_to(url_for("customers.show", code=code), said=f"{code} is {status.lower()} now.")


# --- delivery addresses ----------------------------------------------------------------------------------------------


@bp.get("/<code>/addresses/new")
@requires(Permission.CUSTOMERS_WRITE)
def new_address(code: str) -> str:
    """An empty form for a further delivery address."""
    customer = find_customer(code, current_user)
    return _address_page(customer, RecordForm(ADDRESS, {"name": customer.name}))


@bp.post("/<code>/addresses")
@requires(customers.add_address)
def create_address(code: str) -> Response | tuple[str, int]:
    """Add a delivery address."""
    customer, values = find_customer(code, current_user), typed_whole(ADDRESS)
    attempt = try_once(
        lambda: {"code": customers.add_address(code, version=_version(), actor=current_user, **values).code}
    )
    if attempt.refusal:
        return _address_page(customer, RecordForm(ADDRESS, values, attempt.refusal)), attempt.status
    return htmx.go_to(url_for("customers.show", code=code), said="The address is added.")


@bp.post("/<code>/addresses/<int:address_id>/default")
@requires(customers.make_default_address)
def choose_address(code: str, address_id: int) -> Response:
    """Deliver to this address as a rule."""
    find_customer(code, current_user)
    run_once(
        lambda: {"code": customers.make_default_address(code, address_id, version=_version(), actor=current_user).code}
    )
    return htmx.go_to(url_for("customers.show", code=code), said="Orders go to that address from now on.")


@bp.post("/<code>/addresses/<int:address_id>/removal")
@requires(customers.remove_address)
def remove_address(code: str, address_id: int) -> Response:
    """Take a delivery address away."""
    find_customer(code, current_user)
    run_once(lambda: {"code": customers.remove_address(code, address_id, version=_version(), actor=current_user).code})
    return htmx.go_to(url_for("customers.show", code=code), said="The address is removed.")


# --- forms -----------------------------------------------------------------------------------------------------------


def _changed(code: str, values: Mapping[str, str]) -> dict[str, Any]:
    changed = customers.change_customer(code, version=_version(), actor=current_user, **values)
    return {"version": changed.version}


def _granted(code: str, values: Mapping[str, str]) -> dict[str, Any]:
    granted = customers.grant_extra_credit(
        code,
        amount=values["extra_credit"],
        until=values["extra_credit_until"],
        reason=values["reason"],
        version=_version(),
        actor=current_user,
    )
    return {"version": granted.version}


def _extra_of(customer: Customer) -> dict[str, str]:
    until = customer.extra_credit_until
    return shown({"extra_credit": customer.extra_credit or None, "extra_credit_until": until, "reason": ""})


def _version() -> int:
    found = form_version()
    if found is None:
        raise BadInput("The form does not say which version it was made from. Load the page again.", field="version")
    return found


def _new_page(form: RecordForm) -> str:
    return render_template("customers/new.html", form=form)


def _edit_page(customer: Customer, form: RecordForm) -> str:
    return render_template("customers/edit.html", customer=customer, form=form)


def _address_page(customer: Customer, form: RecordForm) -> str:
    return render_template("customers/address.html", customer=customer, form=form)


def _credit_page(
    code: str,
    *,
    limit: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
    refusal: DomainError | None = None,
) -> str:
    page = customer_page(code, current_user)
    stored = shown(customer_record(page.customer)) | {"reason": ""}
    granted = _extra_of(page.customer)
    return render_template(
        "customers/credit.html",
        page=page,
        customer=page.customer,
        bar=credit_bar(page),
        limit=RecordForm(LIMIT, stored | dict(limit or {}), refusal if limit is not None else None),
        extra=RecordForm(EXTRA, granted | dict(extra or {}), refusal if extra is not None else None),
    )


def _address_fields(prefix: str = "") -> list[list[Field]]:
    return [
        [Field(f"{prefix}name", "Name")],
        [Field(f"{prefix}street", "Street")],
        [Field(f"{prefix}postal_code", "Postal code", css="w-9"), Field(f"{prefix}city", "City")],
        [
            Field(f"{prefix}region", "Region"),
            Field(f"{prefix}country", "Country", css="w-6", hint="Two letters, like DE."),
        ],
    ]


def _sections(*, is_new: bool = False) -> list[Section]:
    """The fields of the record; a new customer's code and credit limit are asked for here too."""
    choices = customer_choices()
    currency = Field("currency", "Currency", "select", optional=False, options=[(code, code) for code in CURRENCIES])
    head = [Field("name", "Name", optional=False)]
    if is_new:
        head.insert(0, Field("code", "Code", css="w-12", optional=False, hint="Short and lasting: documents name it."))
    limit = number("credit_limit", "Credit limit", hint="Empty: no limit. 0: prepayment only.")
    return [
        Section(
            "Who",
            [
                head,
                [Field("contact", "Contact"), Field("email", "E-mail", "email"), Field("phone", "Phone", "tel")],
                [
                    Field("tax_id", "Tax id", hint="Checked by the rule of its country."),
                    Field("language", "Language of documents", css="w-9"),
                ],
            ],
        ),
        Section(
            "Terms",
            [
                [currency, Field("payment_terms", "Payment terms", "select", optional=False, options=choices.terms)],
                [
                    Field(
                        "price_list", "Price list", "select", options=[("", "The group's or company's"), *choices.lists]
                    ),
                    Field("group", "Group", "select", options=[("", "None"), *choices.groups]),
                ],
                [
                    Field("tax_class", "Tax class", hint=TAX_CLASSES_HINT),
                    number("minimum_order_value", "Minimum order value"),
                    *([limit] if is_new else []),
                ],
                [
                    Field(
                        "sales_rep", "Looked after by", "select", options=[("", "Nobody in particular"), *choices.reps]
                    ),
                    Field(
                        "priority",
                        "Priority",
                        css="num w-6",
                        hint="Higher goes first.",
                        attributes={"inputmode": "numeric"},
                    ),
                ],
                [Field("ship_complete", "Ship orders only when they are complete", "check")],
            ],
        ),
        Section("Billing address", _address_fields("billing_")),
        Section("Delivery address", _address_fields("shipping_"), "empty: the billing address"),
        Section("Notes", [[Field("notes", "For everybody who opens this customer", "area")]]),
    ]


REASON = Field("reason", "Reason", optional=False, hint="Stands in the history.")
LIMIT = [
    Section(
        "Credit limit",
        [
            [number("credit_limit", "Limit", hint="Empty: no limit. 0: prepayment only.")],
            [
                number("tolerated_days", "Tolerated days overdue"),
                number("tolerated_amount", "Tolerated amount overdue"),
            ],
            [REASON],
        ],
        "a lower limit re-checks confirmed orders at once",
    )
]
EXTRA = [
    Section(
        "Temporary extra",
        [
            [
                number("extra_credit", "Extra", hint="Added to the limit; 0 ends it."),
                day("extra_credit_until", "Until"),
            ],
            [Field("reason", "Reason", optional=False, hint="Stands in the history with your name.")],
        ],
    )
]
ADDRESS = [Section("Delivery address", _address_fields())]

"""What every request of a program must bring, and what happens when it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support import web
from tests.support.programs import Program, ok, token_for
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.models import ApiToken
from webapp.services.company import system_user
from webapp.services.people.tokens import Scope, make_token, revoke_token

pytestmark = pytest.mark.usefixtures("staff")

ORDER = {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1}]}


def test_without_a_token_nothing_is_answered(app, staff):
    client = app.test_client()
    logged_in = web.log_in(app, staff.sales)

    for browser in (client, logged_in):
        response = browser.get("/api/customers/")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "token" in response.get_json()["error"]
    assert client.get("/api/customers/", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert client.get("/api/customers/", headers={"Authorization": "Basic eDp5"}).status_code == 401


def test_a_token_that_only_reads_changes_nothing(app, staff):
    reader = Program(app, token_for(staff.sales, Scope.READ))

    assert reader.get("/customers/").status_code == 200
    assert ok(reader.post("/sales/orders/", ORDER), 403)["error"].startswith("This token may only read.")


def test_a_token_ends_when_it_is_over_or_revoked(app, staff):
    short, long = (make_token(staff.sales.email, days=days, actor=system_user()) for days in (1, None))
    with clock.set_to(clock.now() + timedelta(days=2)):
        tokens = list(db.session.scalars(db.select(ApiToken).order_by(ApiToken.id)))
    with atomic():
        tokens[0].expires_at = clock.now() - timedelta(seconds=1)
    revoke_token(tokens[1].id, actor=system_user())

    assert [Program(app, text).get("/customers/").status_code for text in (short, long)] == [401, 401]


def test_only_the_hash_of_a_token_is_kept_and_its_use_noted_once_a_minute(app, staff):
    text = token_for(staff.sales)
    program = Program(app, text)
    program.get("/customers/")
    token = db.session.scalars(db.select(ApiToken)).one()
    noted = token.last_used_at
    program.get("/customers/")
    db.session.expire_all()

    assert text not in {token.token_hash, token.scopes}
    assert noted is not None
    assert token.last_used_at == noted


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("", 422),
        ("[]", 422),
        ('"x"', 422),
        ("NaN", 400),
        ('{"customer": "ACME", "customer": "OTHER"}', 400),
        (b'{"customer": "\xff"}', 400),
        ("[" * 100000, 400),
        ('{"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1e5}]}', 422),
        ('{"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1, "unit_price": 1E2}]}', 422),
        ('{"customer": "AC\\u0000ME", "lines": []}', 422),
        ('{"customer": "\\ud800", "lines": []}', 422),
        ('{"customer": 99999999999999999999999, "lines": []}', 422),
        ('{"customer": 1.5, "lines": []}', 422),
        ('{"customer": "ACME", "lines": {}}', 422),
    ],
)
def test_what_cannot_be_read_is_refused(sales, body, status):
    response = sales.post("/sales/orders/", body)

    assert response.status_code == status, response.text
    assert set(response.get_json()) == {"error", "details"}


def test_another_media_type_is_refused(app, staff):
    client = app.test_client()
    headers = {"Authorization": f"Bearer {token_for(staff.sales)}"}

    response = client.post("/api/sales/orders/", data={"customer": "ACME"}, headers=headers)

    assert response.status_code == 415
    assert "application/json" in response.get_json()["error"]


def test_an_address_that_leads_nowhere_is_404(sales):
    for path in ("/nothing/", "/customers/NOBODY/", "/customers/99999999999999999999/", "/sales/orders/0/",
                 "/customers/%00/", "/customers/%F0%9F%98%80/"):  # fmt: skip
        response = sales.get(path)
        assert response.status_code == 404, path
        assert set(response.get_json()) == {"error", "details"}


def test_the_wrong_role_is_told_which_one_it_takes(warehouse):
    refused = ok(warehouse.post("/sales/orders/", ORDER), 403)

    assert "It takes the role sales" in refused["error"]


def test_a_repeated_request_has_one_effect_and_the_same_answer(sales):
    first = sales.post("/sales/orders/", ORDER, idempotency_key="k1")
    again = sales.post("/sales/orders/", ORDER, idempotency_key="k1")

    assert ok(again, 201) == ok(first, 201)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert sales.post("/sales/orders/", ORDER | {"notes": "x"}, idempotency_key="k1").status_code == 422
    assert sales.post("/sales/orders/", ORDER, idempotency_key="a b").status_code == 422
    assert len(ok(sales.get("/sales/orders/"))["results"]) == 1


def test_a_refused_request_leaves_no_key(sales):
    assert sales.post("/sales/orders/", ORDER | {"customer": "NOBODY"}, idempotency_key="k").status_code == 422
    assert sales.post("/sales/orders/", ORDER, idempotency_key="k").status_code == 201


def test_the_description_is_read_by_everybody(app, staff):
    client = app.test_client()
    document = ok(client.get("/api/openapi.json"))

    assert document["openapi"].startswith("3.1")
    assert "/api/sales/orders/{ref}/allocate_inventory/" in document["paths"]
    for browser in (client, web.log_in(app, staff.sales)):
        page = browser.get("/api/docs")
        assert page.status_code == 200
        assert "/api/sales/orders/{ref}/confirm/" in page.text

"""Taking files in and out on pages."""

from __future__ import annotations

import io
import re

import pytest

from tests.support import web
from tests.support.web import submit, words
from webapp.db import db
from webapp.domain.permissions import Role
from webapp.models import Customer, User

GOOD = b"code,name,currency,credit_limit,payment_terms\nB,Berg,EUR,10,NET30\n"


def upload(client, data: bytes, **fields: str):
    form = {"kind": "customers", "csrf_token": web.token_of(client), **fields}
    return client.post("/settings/imports", data=form | {"file": (io.BytesIO(data), "new.csv")})


def test_a_file_is_tried_out_before_it_is_taken_in(stocked, browse):
    client = browse(Role.ADMIN)
    preview = upload(client, GOOD)
    assert (preview.status_code, "Take in 1 customers" in words(preview)) == (200, True)
    assert "B" not in set(db.session.scalars(db.select(Customer.code)))
    db.session.rollback()
    action = re.search(r'action="(/settings/imports/[0-9a-f]{64})"', preview.text)[1]
    assert submit(client, action, {"kind": "customers", "name": "new.csv"}).status_code == 303
    assert set(db.session.scalars(db.select(Customer.code))) == {"ALFKI", "B"}
    other = web.log_in(client.application, web.add_user(Role.ADMIN, email="eve@example.com"))
    assert submit(other, action, {"kind": "customers"}).status_code == 404, "a file is its sender's"


def test_wrong_rows_are_listed_can_be_downloaded_and_left_out(stocked, browse):
    client = browse(Role.ADMIN)
    preview = upload(client, GOOD + b"C,Chop,EUR,much,NET30\n")
    assert "3 credit_limit Credit limit must be a number" in words(preview)
    assert "Take in" not in words(preview)
    action = re.search(r'action="(/settings/imports/[0-9a-f]{64})/faults"', preview.text)[1]
    faults = submit(client, f"{action}/faults", {"kind": "customers"})
    assert (faults.mimetype, b'"much"' in faults.data) == ("text/csv", True)
    assert submit(client, action, {"kind": "customers"}).status_code == 422
    assert submit(client, action, {"kind": "customers", "skip_errors": "y"}).status_code == 303
    db.session.rollback()
    assert "B" in set(db.session.scalars(db.select(Customer.code)))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xff\xfec\x00", "The file is UTF-16."),
        (b"code,colour\nA,red\n", "Column colour is not known here."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_on_the_page(stocked, browse, data, sentence):
    answer = upload(browse(Role.ADMIN), data)
    assert (answer.status_code, sentence in words(answer)) == (422, True)


def test_no_file_at_all_is_a_sentence_too(stocked, browse):
    client = browse(Role.ADMIN)
    assert "Choose a file." in words(submit(client, "/settings/imports", {"kind": "customers"}))


def test_only_who_may_takes_files_in_and_out(stocked, browse):
    manager = browse(Role.SALES_MANAGER)
    assert upload(manager, GOOD).status_code == 403
    assert upload(browse(Role.ADMIN), b"sku,location,quantity\n", kind="stock").status_code == 403
    out = submit(manager, "/settings/imports/exports/customers")
    assert (out.status_code, out.mimetype, b'"ALFKI"' in out.data) == (200, "text/csv", True)
    assert submit(browse(Role.SALES), "/settings/imports/exports/customers").status_code == 403
    assert db.session.scalars(db.select(User)).first() is not None


@pytest.mark.parametrize("data", [b"code,n\xe4me\nA,B\n", bytes(range(256)) * 20, b"\xff\xfe\x00"])
def test_a_file_of_another_encoding_is_refused_with_a_sentence(stocked, browse, data):
    refused = upload(browse(Role.ADMIN), data)

    assert refused.status_code == 422
    assert "The file was not tried out" in words(refused)

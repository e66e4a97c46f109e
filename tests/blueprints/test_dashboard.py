"""The dashboard and the ageing as pages: for each role and several together, every figure a link."""

from __future__ import annotations

import re

import pytest

from tests.support.web import words
from webapp.domain.permissions import Role
from webapp.queries.company import today


@pytest.mark.parametrize("role", list(Role))
def test_each_role_has_a_dashboard(browse, role):
    page = browse(role).get("/")

    assert page.status_code == 200
    assert "Nothing waits for you" in words(page)
    assert "Receivables by age" in words(page)


def test_a_user_with_all_roles_has_one_too(browse):
    assert browse(*Role).get("/").status_code == 200


def test_a_user_without_a_role_sees_no_figures(browse):
    assert "Receivables" not in words(browse().get("/"))


def test_every_figure_leads_to_documents(browse):
    client = browse(Role.SALES_MANAGER)
    figures = re.findall(r'<dd><a href="([^"]+)">', client.get("/").text)

    assert len(figures) == 4
    for address in figures:
        assert client.get(address.replace("&amp;", "&")).status_code == 200


def test_the_ageing_is_of_the_day_in_the_address(browse):
    client = browse(Role.ACCOUNTANT)

    assert "at the end of Tue 3 Mar 2026" in words(client.get("/reports/ageing?as_of=2026-03-03"))
    assert str(today()) in client.get("/reports/ageing").text
    assert client.get("/reports").status_code == 200


@pytest.mark.parametrize("address", ["ageing?as_of=soon", "ageing/items?bucket=YESTERDAY"])
def test_an_address_that_means_nothing_is_refused_with_a_sentence(browse, address):
    assert browse(Role.ACCOUNTANT).get(f"/reports/{address}").status_code == 422

from __future__ import annotations

import pytest

from webapp.domain import errors


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (errors.DomainError, 400),
        (errors.Refused, 400),
        (errors.InsufficientStock, 400),
        (errors.OnHold, 400),
        (errors.Forbidden, 403),
        (errors.FourEyes, 403),
        (errors.NotFound, 404),
        (errors.IllegalMove, 409),
        (errors.StaleVersion, 409),
        (errors.KeyInFlight, 409),
        (errors.BadInput, 422),
        (errors.KeyReused, 422),
        (errors.Busy, 503),
    ],
)
def test_each_refusal_has_its_status_and_says_its_sentence(refusal, status):
    one = refusal("No more of this.")
    assert (one.status, one.message, str(one), one.details) == (status, "No more of this.", "No more of this.", {})
    assert isinstance(one, errors.DomainError)


def test_bad_input_names_its_field():
    one = errors.BadInput("Too long.", field="name")
    assert (one.field, one.details) == ("name", {"name": "Too long."})
    assert errors.BadInput("Two faults.", details={"a": "x", "b": "y"}).details == {"a": "x", "b": "y"}


def test_details_are_kept_apart_from_what_was_passed():
    given = {"amount": 1}
    one = errors.Refused("No.", given)
    given["amount"] = 2
    assert one.details == {"amount": 1}


def test_what_is_busy_says_when_to_try_again():
    assert errors.Busy("Wait.").retry_after == errors.KeyInFlight("Wait.").retry_after == 1

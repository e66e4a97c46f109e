from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.stock.allocation import Demand, Free, Pick, is_expired, plan_picks

D = Decimal
TODAY = date(2026, 5, 8)
OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def demand(quantity, line=1, variant=1, locations=None):
    return Demand(line_id=line, line_number=line, variant_id=variant, quantity=D(quantity), locations=locations)


def free(quantity, level=1, location=None, batch=None, serial=None, expires=None, received=None, variant=1):
    return Free(level, variant, location or level, batch, serial, D(quantity), expires, received)


def plan(demands, stock, **more):
    return plan_picks(demands, stock, today=TODAY, **more)


def taken(picks):
    return [(pick.line_id, pick.level_id, pick.batch_id, pick.quantity) for pick in picks]


def test_a_line_takes_what_is_free_and_leaves_the_rest_as_backorder():
    assert plan([demand(10)], [free(6)]) == [Pick(1, 1, 1, None, None, D(6))]
    assert plan([demand(4)], [free(6)]) == [Pick(1, 1, 1, None, None, D(4))]
    assert plan([demand(4)], []) == []


def test_two_lines_of_one_variant_never_take_more_than_there_is_together():
    assert taken(plan([demand(2, 1), demand(2, 2), demand(2, 3)], [free(3)])) == [
        (1, 1, None, D(2)),
        (2, 1, None, D(1)),
    ]


def test_lines_are_served_in_order_of_their_numbers():
    assert taken(plan([demand(3, 2), demand(3, 1)], [free(4)])) == [(1, 1, None, D(3)), (2, 1, None, D(1))]


def test_other_variants_are_not_touched():
    assert plan([demand(1, variant=2)], [free(5, variant=1)]) == []


def test_the_batch_that_expires_first_goes_first_and_then_the_oldest():
    stock = [
        free(5, batch=1, received=OLD),
        free(5, batch=2, expires=date(2026, 7, 1), received=OLD),
        free(5, batch=3, expires=date(2026, 6, 1), received=NEW),
        free(5, batch=4, expires=date(2026, 6, 1), received=OLD),
    ]
    assert [pick.batch_id for pick in plan([demand(20)], stock)] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("expires", "expired"),
    [(None, False), (date(2026, 5, 9), False), (date(2026, 5, 8), True), (date(2026, 5, 7), True)],
)
def test_an_expired_batch_is_never_taken(expires, expired):
    assert is_expired(expires, TODAY) is expired
    assert bool(plan([demand(1)], [free(5, batch=1, expires=expires)])) is not expired


def test_serials_are_reserved_one_by_one_and_never_in_parts():
    stock = [free(1, serial=number) for number in (3, 1, 2)]
    picks = plan([demand("2.5")], stock)
    assert [(pick.serial_id, pick.quantity) for pick in picks] == [(1, D(1)), (2, D(1))]
    assert plan([demand("0.5")], stock) == []


def test_a_line_stays_at_the_location_that_covers_most_of_it():
    stock = [free(4, level=1), free(6, level=2)]
    assert taken(plan([demand(8)], stock)) == [(1, 2, None, D(6))]


def test_between_locations_that_cover_it_the_one_with_the_least_over_is_taken():
    stock = [free(10, level=1), free(5, level=2)]
    assert taken(plan([demand(5, 1), demand(10, 2)], stock)) == [(1, 2, None, D(5)), (2, 1, None, D(10))]


def test_between_locations_that_cover_it_the_one_that_expires_first_is_taken():
    stock = [free(5, level=1, batch=1, expires=date(2026, 8, 1)), free(9, level=2, batch=2, expires=date(2026, 6, 1))]
    assert taken(plan([demand(5)], stock)) == [(1, 2, 2, D(5))]


def test_the_preferred_location_comes_before_one_that_covers_more():
    stock = [free(4, level=1), free(6, level=2)]
    assert taken(plan([demand(8)], stock, preferred_location_id=1)) == [(1, 1, None, D(4))]
    assert taken(plan([demand(8)], [free(6, level=2)], preferred_location_id=1)) == [(1, 2, None, D(6))]


def test_a_split_line_takes_from_several_locations_the_preferred_one_first():
    stock = [free(4, level=1), free(6, level=2)]
    assert taken(plan([demand(8)], stock, split_locations=True)) == [(1, 2, None, D(6)), (1, 1, None, D(2))]
    assert taken(plan([demand(8)], stock, split_locations=True, preferred_location_id=1)) == [
        (1, 1, None, D(4)),
        (1, 2, None, D(4)),
    ]


def test_a_split_line_takes_the_earliest_expiry_of_all_locations():
    stock = [free(9, level=1, batch=1, expires=date(2026, 6, 1)), free(5, level=2, batch=2, expires=date(2026, 5, 20))]
    assert taken(plan([demand(8)], stock, split_locations=True)) == [(1, 2, 2, D(5)), (1, 1, 1, D(3))]


def test_a_demand_takes_only_from_the_locations_it_names():
    stock = [free(9, level=1), free(5, level=2)]
    assert taken(plan([demand(8, locations={2})], stock)) == [(1, 2, None, D(5))]
    assert plan([demand(8, locations=())], stock) == []


def test_ship_complete_takes_all_or_nothing():
    stock = [free(3), free(5, level=2, variant=2)]
    assert plan([demand(3, 1), demand(6, 2, variant=2)], stock, ship_complete=True) == []
    assert taken(plan([demand(3, 1), demand(5, 2, variant=2)], stock, ship_complete=True)) == [
        (2, 2, None, D(5)),
        (1, 1, None, D(3)),
    ]


def test_ship_complete_finds_a_place_for_the_large_line_first():
    stock = [free(10, level=1), free(9, level=2)]
    assert len(plan([demand(9, 1), demand(10, 2)], stock, ship_complete=True)) == 2


def test_demands_of_nothing_and_empty_stock_take_nothing():
    assert plan([demand(0), demand(-1, 2)], [free(5)]) == []
    assert plan([demand(5)], [free(0), free(-1, level=2)]) == []


demands = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 2)).map(tuple), min_size=1, max_size=6).map(
    lambda rows: [demand(quantity, line, variant) for line, (quantity, variant) in enumerate(rows, 1)]
)
days = st.one_of(st.none(), st.dates(date(2026, 5, 6), date(2026, 5, 12)))
stock = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 2), st.integers(1, 3), st.booleans(), days), max_size=8
).map(
    lambda rows: [
        Free(place, variant, location, place, place if is_serial else None, D(1) if is_serial else D(quantity), expires)
        for place, (quantity, variant, location, is_serial, expires) in enumerate(rows, 1)
    ]
)


@given(demands, stock, st.booleans(), st.booleans(), st.sampled_from([None, 1, 2]))
def test_a_plan_never_takes_too_much_nor_what_is_expired_nor_leaves_free_stock_behind(
    wanted, shelf, complete, split, preferred
):
    picks = plan(wanted, shelf, ship_complete=complete, split_locations=split, preferred_location_id=preferred)
    places = {place.level_id: place for place in shelf}
    from_place, for_line, locations = Counter(), Counter(), {}
    for pick in picks:
        place = places[pick.level_id]
        assert not is_expired(place.expires_on, TODAY)
        assert pick.quantity > 0
        assert pick.quantity == 1 or place.serial_id is None
        from_place[pick.level_id] += pick.quantity
        for_line[pick.line_id] += pick.quantity
        locations.setdefault(pick.line_id, set()).add(pick.location_id)
    assert all(quantity <= places[level].quantity for level, quantity in from_place.items())
    assert all(for_line[one.line_id] <= max(one.quantity, 0) for one in wanted)
    assert split or all(len(used) == 1 for used in locations.values())
    if complete:
        assert not picks or all(for_line[one.line_id] == one.quantity for one in wanted)
    elif split:
        for variant in (1, 2):
            usable = sum(
                place.quantity
                for place in shelf
                if place.variant_id == variant and not is_expired(place.expires_on, TODAY)
            )
            asked = sum(one.quantity for one in wanted if one.variant_id == variant)
            got = sum(for_line[one.line_id] for one in wanted if one.variant_id == variant)
            assert got == min(usable, asked)

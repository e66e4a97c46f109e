"""From the list of what is to be allocated to goods that left, in two forms."""

from __future__ import annotations

from tests.support.warehouse import open_warehouse, order_for, the_order
from tests.support.web import HTMX, log_in, submit, words


def test_the_list_allocates_and_the_order_leaves_at_once(app, session):
    staff = open_warehouse()
    number = order_for(staff, ("A-1", 60))
    warehouse, anna = log_in(app, staff.warehouse), log_in(app, staff.accountant)
    assert "Allocate " + number in words(warehouse.get("/orders?view=allocate"))
    assert "Allocate " + number not in words(anna.get("/orders?view=allocate"))
    allocation = submit(warehouse, f"/orders/{number}/allocation", {"next": f"/orders/{number}"})
    assert (allocation.status_code, allocation.location) == (303, f"/orders/{number}")
    assert "Ship at once" in words(warehouse.get(f"/orders/{number}"))
    stale = {"version": str(the_order(number).version - 1)}
    assert submit(warehouse, f"/orders/{number}/departure", stale, headers=HTMX).status_code == 409
    assert submit(anna, f"/orders/{number}/departure").status_code == 403
    assert "Nothing free" in words(warehouse.get("/orders?view=allocate"))
    answer = submit(warehouse, f"/orders/{number}/departure", headers=HTMX)
    assert "is shipped." in words(answer)
    assert the_order(number).lines[0].shipped_qty == 50

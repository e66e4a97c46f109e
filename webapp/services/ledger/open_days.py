"""Which days a posting may carry."""

from __future__ import annotations

from datetime import date

from webapp.domain.errors import BadInput
from webapp.domain.numbers import label, parse_date
from webapp.services.company import the_company, today


def open_day(day: date | None, *, field: str) -> date:
    """``day``, or today when it is None. Raises BadInput for a day in the future or in a closed period."""
    present = today()
    chosen = present if day is None else parse_date(day, field=field)
    if chosen > present:
        raise BadInput(f"{label(field)} {chosen.isoformat()} is in the future.", field=field)
    closed_until = the_company().books_closed_until
    if closed_until is not None and chosen <= closed_until:
        raise BadInput(f"The books are closed until {closed_until.isoformat()}. Choose a later day.", field=field)
    return chosen

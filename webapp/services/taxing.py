"""Which tax code and rate a line gets: the item's code, turned by the customer's tax class, at the rate of the day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.models import TaxClassRule, TaxCode


class LineTax(NamedTuple):
    """A line's tax: code, EN 16931 category and rate in percent."""

    code: TaxCode
    category: str
    percent: Decimal


def taxes_for(tax_class: str, item_code_ids: Iterable[int], *, on: date) -> dict[int, LineTax]:
    """For each item tax code what a customer of ``tax_class`` is charged on ``on``; two statements in all."""
    wanted = set(item_code_ids)
    turned = dict(
        db.session.execute(
            select(TaxClassRule.item_tax_code_id, TaxClassRule.tax_code_id).where(
                TaxClassRule.tax_class == tax_class, TaxClassRule.item_tax_code_id.in_(wanted)
            )
        ).all()
    )
    codes = {
        code.id: code
        for code in db.session.scalars(
            select(TaxCode)
            .where(TaxCode.id.in_({turned.get(code_id, code_id) for code_id in wanted}))
            .options(joinedload(TaxCode.rates))
        ).unique()
    }
    found = {}
    for code_id in wanted:
        code = codes[turned.get(code_id, code_id)]
        found[code_id] = LineTax(code, code.category, code.rate_on(on))
    return found


def tax_code_named(code: str, *, field: str = "tax_code") -> TaxCode:
    """The tax code called ``code``. Raises BadInput."""
    found = db.session.scalars(select(TaxCode).where(TaxCode.code == code)).one_or_none()
    if found is None:
        raise BadInput(f"There is no tax code {code}.", field=field)
    return found

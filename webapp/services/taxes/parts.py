"""What a tax code is made of: other codes in order, each on the net, or also on those before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.domain.taxes.categories import TaxCategory
from webapp.domain.taxes.parts import TaxPart, check_parts
from webapp.models import TaxCode, TaxCodePart, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.versions import require_current

MOST_PARTS = 4


@command(Permission.SETTINGS_WRITE)
def set_tax_parts(code: str, parts: Sequence[tuple[str, bool]], *, version: int, actor: User) -> TaxCode:
    """Say which plain codes the code is made of, in order, and of each whether it is charged on those before it too.

    No parts make it a plain code again, whose own rates count. Documents keep the taxes they have. Raises StaleVersion,
    NotFound, Forbidden, and BadInput for codes that cannot be parts.
    """
    tax_code = locks.lock_tax_code(code)
    require_current(tax_code, version, f"Tax code {code}", now={}, wanted={})
    before = _facts(tax_code.parts)
    _check_whole(tax_code, len(parts))
    chosen = [_plain(name, tax_code, place) for place, (name, _) in enumerate(parts, 1)]
    _check_together(chosen, [on_previous for _, on_previous in parts])
    tax_code.parts.clear()
    db.session.flush()
    tax_code.parts = [
        TaxCodePart(position=place, part=part, on_previous=on_previous)
        for place, (part, (_, on_previous)) in enumerate(zip(chosen, parts, strict=True), 1)
    ]
    tax_code.bump()
    audit.record(Action.TAX_CODE_CHANGED, tax_code, actor=actor, before=before, after=_facts(tax_code.parts))
    return tax_code


def _check_whole(tax_code: TaxCode, count: int) -> None:
    if not count:
        return
    if count > MOST_PARTS:
        raise BadInput(f"A tax code has at most {MOST_PARTS} parts.", field=f"part_{MOST_PARTS}")
    if TaxCategory(tax_code.category).must_be_zero:
        raise BadInput(f"{tax_code.code} charges no tax, so it is made of none.", field="part_1")
    whole = db.session.scalar(
        select(TaxCode.code)
        .join(TaxCodePart, TaxCodePart.tax_code_id == TaxCode.id)
        .where(TaxCodePart.part_code_id == tax_code.id)
        .limit(1)
    )
    if whole is not None:
        raise BadInput(f"{tax_code.code} is itself a part of {whole}.", field="part_1")


def _plain(name: str, tax_code: TaxCode, place: int) -> TaxCode:
    """The plain code called ``name``, to be the part at ``place``."""
    field = f"part_{place}"
    found = (
        db.session.scalars(select(TaxCode).where(TaxCode.code == name).options(joinedload(TaxCode.parts)))
        .unique()
        .one_or_none()
    )
    if found is None:
        raise BadInput(f"There is no tax code {name}.", field=field)
    if found is tax_code:
        raise BadInput("A tax code is no part of itself.", field=field)
    if found.parts:
        raise BadInput(f"{name} is made of parts itself. Choose those.", field=field)
    return found


def _check_together(codes: Sequence[TaxCode], on_previous: Sequence[bool]) -> None:
    if len(set(codes)) < len(codes):
        raise BadInput("A part stands there twice.", field=f"part_{len(codes)}")
    latest = [
        TaxPart(code.category, code.rates[-1].percent, code.name, on)
        for code, on in zip(codes, on_previous, strict=True)
    ]
    fault = check_parts(latest)
    if fault:
        raise BadInput(fault, field=f"part_{len(codes)}")


def _facts(parts: Sequence[TaxCodePart]) -> dict[str, Any]:
    return {"parts": [f"{one.part.code}, also on those before" if one.on_previous else one.part.code for one in parts]}

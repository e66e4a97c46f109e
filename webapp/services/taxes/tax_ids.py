"""Whether a tax number can be right: shape and check digits by the rule of its country, where there is one."""

from __future__ import annotations

import re
from typing import Any

from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

from webapp.domain.errors import BadInput

_BLANKS = re.compile(r"[\s.\-/]+")


def check_tax_id(tax_id: str, country: str) -> None:
    """Refuse a tax number that its country's rule (python-stdnum) calls wrong. Raises BadInput.

    The country is the number's own first two letters when they name one with a rule, else ``country``; a country
    without a rule accepts any number.
    """
    compact = _BLANKS.sub("", tax_id).upper()
    rule = _rule(compact[:2]) if compact[:2].isalpha() else None
    rule = rule or _rule(country)
    if not compact or rule is None:
        return
    try:
        rule.validate(compact)
    except ValidationError:
        named = compact[:2] if compact[:2].isalpha() else country
        sentence = f"Tax id {tax_id} is not a valid number of {named}. Check it for typos."
        raise BadInput(sentence, field="tax_id") from None


def _rule(country: str) -> Any:
    return get_cc_module(country.lower(), "vat") if len(country) == 2 and country.isascii() else None

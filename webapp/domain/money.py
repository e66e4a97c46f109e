"""Money: currencies, the one rounding rule, and sharing an amount out to the last cent.

Amounts are ``Decimal``; a float is refused wherever one could slip in. All arithmetic here is exact:
either in integers of minor units, or in a context wide enough for any product of two columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from webapp.domain.errors import BadInput

WIDE = Context(prec=100, rounding=ROUND_HALF_UP)
"""Wide enough that price x quantity x percentages of full columns lose no digit."""

LARGEST_UNITS = 10**16
"""A million million in money, ten thousand million in quantities and prices."""

MONEY_SCALE = 4
PRICE_SCALE = 6
QUANTITY_SCALE = 6
PERCENT_SCALE = 4
"""Decimals each kind of column keeps; stored as 64-bit integers of 10**-scale."""

_CODES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
        CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
        ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV
        MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
        SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: decimals for decimals, codes in _CODES_BY_DECIMALS.items() for code in codes.split()}

CURRENCIES: tuple[str, ...] = tuple(sorted(_DECIMALS))
"""The codes of ISO 4217 that a customer or a price list may use."""


def decimals_of(currency: str) -> int:
    """How many decimals the minor unit of ``currency`` (ISO 4217 code) has: EUR 2, JPY 0, KWD 3.

    Raises BadInput for an unknown code.
    """
    try:
        return _DECIMALS[currency]
    except (KeyError, TypeError):
        raise BadInput(f"{currency!r} is not a currency code of ISO 4217.", field="currency") from None


def exact(value: Decimal | int) -> Decimal:
    """``value`` as a Decimal. Raises TypeError for a float or a bool: neither is ever an amount."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"an exact number is needed, not {value!r}")
    return value if isinstance(value, Decimal) else Decimal(value)


def fits(value: Decimal, scale: int) -> bool:
    """Whether ``value`` may stand in a column of 64-bit integers of 10**-``scale``.

    The bound is below what the column holds, so that nine hundred of the largest still add up in one sum: a single
    absurd amount must not break the lists and reports that everybody reads.
    """
    return WIDE.abs(value) <= Decimal(LARGEST_UNITS).scaleb(-scale)


@cache
def _last_place(decimals: int) -> Decimal:
    """One unit of the last place; rounding should not make it anew each time."""
    return Decimal(1).scaleb(-decimals)


def round_half_up(value: Decimal, decimals: int) -> Decimal:
    """``value`` to ``decimals`` places, the half away from zero: 2.345 -> 2.35, -2.345 -> -2.35. Never answers -0."""
    return WIDE.plus(WIDE.quantize(exact(value), _last_place(decimals)))


def round_money(value: Decimal, currency: str) -> Decimal:
    """``value`` half-up to the minor unit of ``currency``. The only way money is rounded."""
    return round_half_up(value, decimals_of(currency))


def cash_rounding(amount: Decimal, unit: Decimal | None) -> Decimal:
    """What must be added to ``amount`` to make it a whole multiple of the cash ``unit``, half-up: 10.03 at 0.05 gives
    0.02. Without a unit nothing is."""
    if unit is None:
        return Decimal(0)
    coins = round_half_up(WIDE.divide(exact(amount), exact(unit)), 0)
    return WIDE.subtract(WIDE.multiply(coins, unit), amount) + 0


def is_whole_minor(value: Decimal, currency: str) -> bool:
    """Whether ``value`` is a whole number of minor units of ``currency``."""
    return value.is_finite() and value == round_money(value, currency)


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether ``value`` is a whole multiple of ``step``, which is not 0."""
    return not WIDE.remainder(value, step)


def plain(amount: Decimal, currency: str) -> str:
    """``amount`` as programs and sentences write it: plain digits with the currency's decimals, ``"1000.00"``."""
    return f"{round_money(amount, currency):f}"


def spread(
    amount: Decimal, weights: Sequence[Decimal], currency: str, tie_break: Sequence[Any] | None = None
) -> list[Decimal]:
    """Share ``amount`` out in proportion to ``weights``; the parts are whole minor units and sum to it exactly.

    Largest remainder: everybody gets the minor units that are fully theirs, the rest go one each to the largest
    fractions; between equal fractions the smaller ``tie_break`` key wins (default: the earlier place). A weight
    of 0 gets nothing, unless all weights sum to 0: then all count the same. A negative amount gives the mirrored parts.
    Raises ValueError when ``amount`` is no whole number of minor units or has nobody to go to.
    """
    if not is_whole_minor(amount, currency):
        raise ValueError(f"{amount} is not a whole number of minor units of {currency}")
    if not amount:
        return [Decimal(0)] * len(weights)
    if not weights:
        raise ValueError(f"nothing to spread {amount} over")
    shares = [Fraction(weight) for weight in weights]
    whole = sum(shares)
    if not whole:
        shares, whole = [Fraction(1)] * len(shares), Fraction(len(shares))
    return apportion([Fraction(amount) * share / whole for share in shares], amount, currency, tie_break)


def apportion(
    parts: Sequence[Fraction], total: Decimal, currency: str, tie_break: Sequence[Any] | None = None
) -> list[Decimal]:
    """Round exact ``parts`` each up or down to the minor unit so that they sum to ``total``, by largest remainder.

    ``total`` is the rounded sum of the parts (whole minor units). Between equal remainders the smaller ``tie_break``
    key wins. A negative total is shared like the positive one, mirrored. Raises ValueError when no choice of up and
    down reaches ``total``.
    """
    decimals = decimals_of(currency)
    sign = -1 if total < 0 else 1
    exact_units = [sign * part * 10**decimals for part in parts]
    units = [part.__floor__() for part in exact_units]
    missing = int(abs(total).scaleb(decimals, context=WIDE)) - sum(units)
    if not 0 <= missing <= len(units):
        raise ValueError(f"{total} is not the rounded sum of the parts")
    keys = tie_break if tie_break is not None else range(len(units))
    by_remainder = sorted(range(len(units)), key=lambda i: (units[i] - exact_units[i], keys[i]))
    for index in by_remainder[:missing]:
        units[index] += 1
    return [Decimal(sign * unit).scaleb(-decimals, context=WIDE) + 0 for unit in units]

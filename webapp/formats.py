"""How figures and dates read: the reader's number format and time zone, minus as U+2212, never a float.

=====================  ==========================================  =======================
template               value                                       shown (en_GB)
=====================  ==========================================  =======================
``|money("EUR")``      Decimal, ISO 4217 code for its decimals     ``1,240.00``  ``−0.01``
``|amount("EUR")``     the same with the code in front             ``EUR 1,240.00``
``|price``             Decimal, 2 to 6 decimals                    ``7.35``  ``0.0125``
``|quantity``          Decimal without idle zeros                  ``1,200``  ``2.5``
``|typed(2)``           Decimal in a field, 2 decimals at least     ``1200.00``
``|percent``           Decimal in percent                          ``12.5 %``
``|day``               date, for documents                         ``Fri 8 May 2026``
``|short_day``         date, for lists (year when it is not this)  ``8 May``
``|moment``            aware datetime in the reader's zone         ``today 09:12``
``|exact``             aware datetime, whole, for a title          ``7 May 2026 09:12:33 CEST``
``|initials``          a name                                      ``ND``
=====================  ==========================================  =======================

``None`` is an en dash everywhere: nothing is known, which is not 0.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_currency_precision, get_decimal_symbol
from jinja2 import Environment

from webapp.domain import clock
from webapp.domain.numbers import tidy

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Formats:
    """How one reader writes numbers (CLDR locale) and where the clock stands (IANA zone)."""

    locale: str = "en_GB"
    zone: str = "UTC"


NOBODY = Formats()
_reader: ContextVar[Formats] = ContextVar("reader", default=NOBODY)


def use_formats(locale: str, zone: str) -> None:
    """Format for this reader, until ``forget_formats``."""
    _reader.set(Formats(locale, zone))


def forget_formats() -> None:
    """Format for nobody in particular again: a thread that answered one reader goes on to answer another."""
    _reader.set(NOBODY)


def formats() -> Formats:
    """The reader's formats."""
    return _reader.get()


def money(value: Decimal | None, currency: str) -> str:
    """An amount with the decimals of its currency, without its code."""
    if value is None:
        return NOTHING
    decimals = get_currency_precision(currency)
    return _decimal(value, "#,##0" + ("." + "0" * decimals if decimals else ""))


def amount(value: Decimal | None, currency: str) -> str:
    """An amount with its currency code in front."""
    return NOTHING if value is None else f"{currency}{NARROW}{money(value, currency)}"


def price(value: Decimal | None) -> str:
    """A unit price: at least two decimals, as many as it has."""
    return NOTHING if value is None else _decimal(value, "#,##0.00####")


def quantity(value: Decimal | int | None) -> str:
    """A quantity without idle zeros."""
    return NOTHING if value is None else _decimal(Decimal(value), "#,##0.######")


def typed(value: Decimal | None, decimals: int = 0) -> str:
    """A number as a field holds it: no groups, at least ``decimals`` decimals, the reader's decimal mark."""
    if value is None:
        return ""
    text = f"{tidy(value):f}"
    whole, _, part = text.partition(".")
    part = part.ljust(decimals, "0")
    return f"{whole}{',' if decimal_comma() else '.'}{part}" if part else whole


def decimal_comma() -> bool:
    """Whether this reader writes 1,5 for one and a half; the parsers of forms ask."""
    return get_decimal_symbol(formats().locale) == ","


def percent(value: Decimal | None) -> str:
    """A percentage given in percent (12.5, not 0.125)."""
    return NOTHING if value is None else f"{_decimal(value, '#,##0.####')}{NARROW}%"


def day(value: date | None) -> str:
    """A business date on a document."""
    return NOTHING if value is None else format_date(value, "EEE d MMM y", locale=formats().locale)


def short_day(value: date | None) -> str:
    """A business date in a list; the year only when it is not the present one."""
    if value is None:
        return NOTHING
    this_year = value.year == clock.today(formats().zone).year
    return format_date(value, "d MMM" if this_year else "d MMM y", locale=formats().locale)


def month(value: date, *, with_year: bool = False) -> str:
    """The month of a date, for charts."""
    return format_date(value, "MMM y" if with_year else "MMM", locale=formats().locale)


def moment(value: datetime | None) -> str:
    """A time in the reader's zone: today and yesterday by name."""
    if value is None:
        return NOTHING
    here = value.astimezone(ZoneInfo(formats().zone))
    today = clock.today(formats().zone)
    named = {today: "today", today - timedelta(days=1): "yesterday"}.get(here.date()) or short_day(here.date())
    return f"{named} {format_time(here, 'HH:mm', locale=formats().locale)}"


def exact(value: datetime | None) -> str:
    """A time to the second with its zone."""
    if value is None:
        return NOTHING
    here = value.astimezone(ZoneInfo(formats().zone))
    return format_datetime(here, "d MMM y HH:mm:ss z", locale=formats().locale)


def initials(name: str) -> str:
    """First letters of the first and the last word."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def add_filters(templates: Environment) -> None:
    """Make the table at the top true in templates."""
    for function in (money, amount, price, quantity, typed, percent, day, short_day, moment, exact, initials):
        templates.filters[function.__name__] = function


def _decimal(value: Decimal, pattern: str) -> str:
    text: str = format_decimal(value, pattern, locale=formats().locale, decimal_quantization=False)
    return text.replace("-", MINUS)

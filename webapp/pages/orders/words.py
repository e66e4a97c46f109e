"""The words and colours that say how an order stands; lists and pages take them from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.numbers import tidy
from webapp.domain.orders.counts import (
    LineCounts,
    Progress,
    allocation_status,
    backorder,
    billing_status,
    shipping_status,
    wanted,
)
from webapp.domain.states import BEGUN, OrderState


@dataclass(frozen=True, slots=True)
class Tag:
    """A word with its tone (ok, part, wait, stop or none) and icon."""

    label: str
    tone: str = ""
    icon: str | None = None


STATE_TAGS = {
    OrderState.QUOTE: Tag("Quote", "", "pencil"),
    OrderState.DRAFT: Tag("Draft", "", "pencil"),
    OrderState.SUBMITTED: Tag("Submitted", "wait", "clock"),
    OrderState.APPROVED: Tag("Approved", "ok", "check"),
    OrderState.REJECTED: Tag("Rejected", "stop", "x"),
    OrderState.CONFIRMED: Tag("Confirmed", "ok", "done"),
    OrderState.CLOSED: Tag("Closed", "", "check"),
    OrderState.CANCELLED: Tag("Cancelled", "", "ban"),
}
ON_HOLD = Tag("On credit hold", "stop", "hold")
REFUSED_CREDIT = Tag("Credit refused", "stop", "hold")

_ALLOCATION = ("Not allocated", "Part allocated", "Allocated")
_SHIPPING = ("Not shipped", "Part shipped", "Shipped")
_BILLING = ("Not invoiced", "Part invoiced", "Invoiced")
_PROGRESS = {Progress.NONE: (0, "", "none"), Progress.PART: (1, "part", "part"), Progress.FULL: (2, "ok", "done")}


def progress_tags(counts: Sequence[LineCounts]) -> tuple[Tag, Tag, Tag]:
    """How far allocation, shipping and billing are."""
    return (
        _tag(allocation_status(counts), _ALLOCATION),
        _tag(shipping_status(counts), _SHIPPING),
        _tag(billing_status(counts), _BILLING),
    )


def head_tags(state: OrderState, counts: Sequence[LineCounts], hold: Tag | None) -> list[Tag]:
    """The tags beside an order's number: its state, a hold, and what has begun."""
    tags = [STATE_TAGS[state], *filter(None, [hold])]
    if state in BEGUN:
        tags += [tag for tag in progress_tags(counts) if tag.icon != "none"]
    return tags


def line_tag(counts: LineCounts, state: OrderState, free: Decimal) -> Tag:
    """How one line stands; ``free`` is what it could still take from stock."""
    needed = wanted(counts)
    if not needed:
        return Tag("Closed short", "", "cut") if counts.cancelled else Tag("Not wanted", "", "none")
    if counts.shipped >= needed:
        return Tag("Shipped", "ok", "done")
    if state in BEGUN:
        return _open_line(counts, free)
    missing = needed - free
    return Tag("In stock", "ok", "done") if missing <= 0 else Tag(f"{_shown(missing)} short", "wait", "alert")


def _open_line(counts: LineCounts, free: Decimal) -> Tag:
    missing = backorder(counts)
    if missing > free:
        return Tag(f"{_shown(missing - free)} short", "wait", "alert")
    if counts.picked and not missing:
        return Tag("Picked", "part", "part")
    if not missing:
        return Tag("Allocated", "ok", "done")
    if counts.allocated or counts.shipped:
        return Tag("Part allocated", "part", "part")
    return Tag("Not allocated", "", "none")


def _tag(progress: Progress, words: tuple[str, str, str]) -> Tag:
    place, tone, icon = _PROGRESS[progress]
    return Tag(words[place], tone, icon)


def _shown(quantity: Decimal) -> str:
    return f"{tidy(quantity):f}"

"""Documents as PDF/A-3b, made by typst from data: text of people is never read as markup.

The same data gives the same bytes: the date of the file is the document's. Compilers are kept, with their fonts, one
for each template; a compiler works for one thread at a time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from webapp.domain.errors import Refused
from webapp.models import User
from webapp.services.papers import shipments as shipment_papers
from webapp.services.papers.printed import PrintedDocument, printed

WEBAPP = Path(__file__).resolve().parents[2]
TEMPLATES = WEBAPP / "paper"
FONTS = WEBAPP / "fonts"
STANDARD: Literal["a-3b"] = "a-3b"
DRAFT_DAY = "2000-01-01"
"""What the file of a draft, which has no date yet, carries."""

INVOICE = "invoice.typ"

_one_at_a_time = threading.Lock()
_printer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="printer")
_printed: set[str] = set()
"""Characters that this process has printed on an invoice: no font lacks them."""


class Unprintable(Refused):
    """The PDF cannot be made, most often for a character that no font has."""


def invoice_pdf(snapshot: Mapping[str, Any]) -> bytes:
    """The PDF of an invoice or credit note. Raises Unprintable."""
    return render(INVOICE, _invoice_data(snapshot))


def print_soon(snapshot: Mapping[str, Any]) -> Future[bytes]:
    """The same, made by another thread while this one goes on; ask it for its ``result``."""
    return _printer.submit(render, INVOICE, _invoice_data(snapshot))


def check_printable(snapshot: Mapping[str, Any]) -> None:
    """Raise Unprintable when the PDF could not be made: tried, unless all its characters were printed before."""
    data = _invoice_data(snapshot)
    if not _characters(data) <= _printed:
        render(INVOICE, data)
        _printed.update(_characters(data))


def _invoice_data(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    document = printed(snapshot)
    return _sheet(document) | asdict(document)


def _characters(data: Mapping[str, Any]) -> set[str]:
    return set(json.dumps(data, ensure_ascii=False))


def pick_list_pdf(shipment_number: str, *, viewer: User) -> bytes:
    """The pick list of a shipment, by place. Raises NotFound, Unprintable."""
    return render("pick_list.typ", shipment_papers.pick_list(shipment_number, viewer=viewer))


def packing_slip_pdf(shipment_number: str, *, viewer: User) -> bytes:
    """The packing slip of a shipment. Raises NotFound, Unprintable."""
    return render("shipment.typ", shipment_papers.packing_slip(shipment_number, viewer=viewer))


def delivery_note_pdf(shipment_number: str, *, viewer: User) -> bytes:
    """The delivery note of a shipment. Raises NotFound, Unprintable."""
    return render("shipment.typ", shipment_papers.delivery_note(shipment_number, viewer=viewer))


def render(template: str, data: Mapping[str, Any]) -> bytes:
    """A template of ``webapp/paper`` filled with ``data``, which has an ISO ``date``. Raises Unprintable."""
    day = datetime.fromisoformat(data["date"]).replace(tzinfo=UTC)
    text = json.dumps(data, ensure_ascii=False)
    try:
        with _one_at_a_time:
            made = _compiler(template).compile(
                format="pdf", sys_inputs={"data": text}, pdf_standards=STANDARD, timestamp=day, pdf_tags=False
            )
    except typst.TypstError as error:
        raise Unprintable(f"The PDF cannot be made: {error.message}.") from error
    if not isinstance(made, bytes):
        raise TypeError("typst answered no file")
    return made


@cache
def _compiler(template: str) -> typst.Compiler:
    return typst.Compiler(TEMPLATES / template, root=TEMPLATES, font_paths=_fonts())


@cache
def _fonts() -> typst.Fonts:
    folders = [FONTS] if FONTS.is_dir() else []
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=folders)


def _sheet(document: PrintedDocument) -> dict[str, Any]:
    """What the sheet under any document needs."""
    return {
        "date": document.issue_date or DRAFT_DAY,
        "author": document.seller[0],
        "foot": [document.seller, document.contact, [document.bank_details] if document.bank_details else []],
    }

"""Delivering mail: into a folder as .eml files (``file:``), or through a server (``smtp://`` or ``smtps://``)."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from webapp.db import db
from webapp.domain import clock
from webapp.models import CreditNote, DocumentFile, Invoice
from webapp.services.outbox import Deliver, Leased

SECONDS_TO_WAIT = 20
SMTP_PORT, SMTPS_PORT = 25, 465


def mailer(mail_url: str) -> Deliver:
    """What delivers a message by ``mail_url``. Raises ValueError for an address of another kind."""
    parts = urlsplit(mail_url)
    if parts.scheme == "file":
        return lambda leased: _write(_compose(leased), leased, Path(unquote(parts.netloc + parts.path)))
    if parts.scheme in ("smtp", "smtps"):
        return lambda leased: _transmit(_compose(leased), mail_url)
    raise ValueError(f"MAIL_URL must begin with file:, smtp:// or smtps://, not {parts.scheme or mail_url!r}.")


def _compose(leased: Leased) -> EmailMessage:
    """The mail of a message; its headers refuse line breaks (ValueError)."""
    payload = leased.payload
    mail = EmailMessage()
    mail["Message-ID"] = leased.message_id
    mail["Date"] = format_datetime(clock.now())
    mail["From"], mail["To"], mail["Subject"] = payload["from"], payload["to"], payload["subject"]
    mail.set_content(payload["text"])
    name, file = _attachment(payload["attached"])
    maintype, _, subtype = file.media_type.partition("/")
    mail.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=f"{name}.pdf")
    return mail


def _attachment(attached: dict[str, Any]) -> tuple[str, DocumentFile]:
    if attached["kind"] == Invoice.document_kind:
        number, owner = db.session.get_one(Invoice, attached["id"]).number, DocumentFile.invoice_id
    else:
        number, owner = db.session.get_one(CreditNote, attached["id"]).number, DocumentFile.credit_note_id
    return number, db.session.scalars(select(DocumentFile).where(owner == attached["id"])).one()


def _write(mail: EmailMessage, leased: Leased, folder: Path) -> None:
    """One file for each message, the same on every attempt; complete or not there at all."""
    folder.mkdir(parents=True, exist_ok=True)
    name = leased.message_id.strip("<>").replace("/", "_")
    unfinished = folder / f".{name}.part"
    unfinished.write_bytes(mail.as_bytes())
    unfinished.replace(folder / f"{name}.eml")


def _transmit(mail: EmailMessage, mail_url: str) -> None:
    parts = urlsplit(mail_url)
    secure = parts.scheme == "smtps"
    connect = smtplib.SMTP_SSL if secure else smtplib.SMTP
    port = parts.port or (SMTPS_PORT if secure else SMTP_PORT)
    with connect(parts.hostname or "localhost", port, timeout=SECONDS_TO_WAIT) as server:
        if not secure and server.has_extn("starttls"):
            server.starttls()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)

"""Taking files in, after a look at what they would change, and writing files out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput, DomainError
from webapp.domain.permissions import Permission
from webapp.services.importing import exporting, uploads
from webapp.services.importing.files import Report, Task, import_file
from webapp.services.importing.kinds import KINDS, Kind, kind_named
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import attempt
from webapp.web.limits import COSTLY, limiter

bp = Blueprint("imports", __name__, url_prefix="/settings/imports")

SHOWN = 100
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of file, and whether this person may take it in or out."""

    kind: Kind
    may_import: bool
    may_export: bool


@bp.get("")
@requires(Permission.DATA_EXPORT)
def index() -> str:
    """Which files can be taken in and written out."""
    return _page()


@bp.post("")
@requires(Permission.DATA_IMPORT)
@limiter.limit(COSTLY)
def create() -> str | tuple[str, int]:
    """Try a file out: what it would change, and which rows are wrong. Nothing is kept."""
    task = Task(request.form.get("kind", ""), "", dry_run=True, skip_errors="skip_errors" in request.form)

    def work() -> dict[str, Any]:
        name, data = _sent()
        kept = uploads.keep(_folder(), data, actor=current_user)
        return {"report": import_file(data, replace(task, name=name), actor=current_user), "kept": kept}

    tried = attempt(work)
    if tried.refusal:
        return _page(task=task, refusal=tried.refusal), tried.status
    return _preview(tried.data["report"], tried.data["kept"])


@bp.post("/<kept>")
@requires(Permission.DATA_IMPORT)
@limiter.limit(COSTLY)
def update(kept: str) -> Response | tuple[str, int]:
    """Take in the file that was tried out."""
    data = uploads.fetch(_folder(), kept, actor=current_user)
    task = Task(
        request.form.get("kind", ""),
        request.form.get("name", "")[:200],
        skip_errors="skip_errors" in request.form,
    )
    report = import_file(data, task, actor=current_user)
    if report.kept:
        return htmx.go_to(url_for("imports.index"), said=f"{kind_named(task.kind).title}: {report.sentence}")
    return _preview(report, kept), UNPROCESSABLE


@bp.post("/<kept>/faults")
@requires(Permission.DATA_IMPORT)
@limiter.limit(COSTLY)
def download_faults(kept: str) -> Response:
    """The wrong rows of a file that was tried out, to put right and send again."""
    data = uploads.fetch(_folder(), kept, actor=current_user)
    kind = kind_named(request.form.get("kind", ""))
    report = import_file(data, Task(kind.name, "", dry_run=True), actor=current_user)
    return _file(exporting.fault_file(report.faults), f"{kind.name}.errors.csv")


@bp.post("/exports/<kind_name>")
@requires(Permission.DATA_EXPORT)
@limiter.limit(COSTLY)
def export(kind_name: str) -> Response:
    """Everything of a kind as a file; the export is recorded, hence a POST."""
    return _file(exporting.export_file(kind_name, actor=current_user), f"{kind_named(kind_name).name}.csv")


def _preview(report: Report, kept: str) -> str:
    kind = kind_named(report.task.kind)
    return render_template("imports/preview.html", report=report, kept=kept, kind=kind, shown=SHOWN)


def _page(*, task: Task | None = None, refusal: DomainError | None = None) -> str:
    choices = [
        Choice(
            kind,
            may_import=current_user.can(Permission.DATA_IMPORT) and current_user.can(kind.permission),
            may_export=current_user.can(Permission.DATA_EXPORT),
        )
        for kind in KINDS.values()
    ]
    errors = [(getattr(refusal, "field", None) or "file", refusal.message)] if refusal else []
    return render_template("imports/index.html", choices=choices, task=task, errors=errors)


def _sent() -> tuple[str, bytes]:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise BadInput("Choose a file.", field="file")
    return Path(sent.filename).name, sent.stream.read(uploads.LARGEST + 1)


def _folder() -> Path:
    return Path(current_app.instance_path) / "uploads"


def _file(data: bytes, name: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

"""The one place that turns refusals into answers: a notice for htmx, a page for a plain form, JSON for programs.

======================================  ======  =================================================================
what was raised                         status  notes
======================================  ======  =================================================================
a refusal (``webapp.domain.errors``)    its     one sentence, with details for programs
a broken constraint                     409     its sentence in ``webapp.web.database_refusals``; a check is 422
lock timeout, deadlock, disk full, …    503     ``Retry-After``; nothing was saved
an HTTP error                           its     the sentence of ``HTTP_SENTENCES``
a missing log-in                        401     pages lead to the log-in page and back
anything else                           500     the request's id, no trace
======================================  ======  =================================================================

htmx: what is raised goes to the notice region (``#notice``), whatever its status, so that the form and what was
typed into it stay as they are. A route that wants its form back with the errors beside the fields answers it itself
with 422 or 409, and htmx swaps that in place. A plain form gets a page that says the sentence, shows what was typed
and leads back. Refused permissions are recorded, in a command of their own, after everything else was undone.
"""

from __future__ import annotations

from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError, Unauthorized

from webapp.domain.errors import Busy, DomainError, Forbidden
from webapp.services.people.sessions import record_refusal
from webapp.web import htmx
from webapp.web import json as wire
from webapp.web.addresses import way_back
from webapp.web.database_refusals import Refusal, refusal_of
from webapp.web.logs import logger
from webapp.web.security import UNSAFE_METHODS, is_api

NOT_SHOWN = frozenset({"csrf_token", "idempotency_key", "version", "next"})
SECRET_WORDS = ("password", "secret", "token", "otp")
LONGEST_SHOWN = 5000
FIELDS_SHOWN = 200

BAD_REQUEST, UNAUTHORIZED, NOT_ALLOWED, SERVER_ERROR = 400, 401, 405, 500

HTTP_SENTENCES = {
    400: "The request could not be read. Load the page again and send it once more.",
    401: "Your session has ended. Log in to go on.",
    403: "You may not do this.",
    404: "There is nothing at this address. It may have been typed wrongly, or it is not yours to see.",
    405: "This address cannot be used in that way.",
    413: "This is too large: at most 20 MB can be sent at once.",
    415: "Content of this kind is not read here. Programs send application/json.",
    429: "Too many requests in a short time. Wait a moment, then go on.",
    500: "Something went wrong here. Nothing was saved.",
    503: "This is not possible right now. Try again in a moment.",
}
CSRF_SENTENCE = "This form belongs to an earlier log-in. Load the page again and send it once more."
STRANGE_HOST = "This server does not go by that name.\n"


def init_errors(app: Flask) -> None:
    """Answer everything that is raised from here."""
    app.register_error_handler(DomainError, answer_refusal)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(DBAPIError, answer_database_error)


def answer_refusal(error: DomainError) -> Response:
    """A command refused."""
    if isinstance(error, Forbidden):
        _record(error.message)
    return _answer(Refusal(error.status, error.message, error.details, getattr(error, "retry_after", None)))


def answer_http_error(error: HTTPException) -> Response:
    """Werkzeug or Flask refused, or a programming mistake ended the request."""
    if error.response is not None:
        return make_response(error.response)
    if isinstance(error, InternalServerError):
        logger(__name__).error("unexpected error", exc_info=error.original_exception or error)
    if isinstance(error, SecurityError):
        return Response(STRANGE_HOST, BAD_REQUEST, mimetype="text/plain")  # a page would need to know our host
    if isinstance(error, Unauthorized) and not is_api():
        return _lead_to_log_in()
    status = error.code or SERVER_ERROR
    sentence = _sentence_of(error, status)
    answer = _answer(Refusal(status, sentence, retry_after=getattr(error, "retry_after", None)))
    if status == UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return answer


def _sentence_of(error: HTTPException, status: int) -> str:
    if isinstance(error, CSRFError):
        return CSRF_SENTENCE
    own: str | None = getattr(error, "sentence", None)
    return own or HTTP_SENTENCES.get(status) or str(error.description)


def answer_database_error(error: DBAPIError) -> Response:
    """The database refused; what it meant is found by constraint name and error code."""
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    logger(__name__).warning("database refused", status=refusal.status, error=str(error.orig))
    return _answer(refusal)


def _record(sentence: str) -> None:
    """Remember a refused permission. The answer is the same when even that cannot be written."""
    if not current_user:
        return
    try:
        record_refusal(sentence, request.path, actor=current_user)
    except (Busy, DBAPIError) as error:
        logger(__name__).error("refusal not recorded", sentence=sentence, error=str(error))


def _answer(refusal: Refusal) -> Response:
    response = _in_the_askers_form(refusal)
    response.status_code = refusal.status
    if refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _in_the_askers_form(refusal: Refusal) -> Response:
    if is_api():
        return wire.respond(wire.refusal(refusal.sentence, refusal.details))
    if not htmx.is_htmx():
        return make_response(_page(refusal, back=way_back()))
    response = make_response(render_template("_notice.html", refusal=refusal, request_id=g.get("request_id")))
    response.headers["HX-Retarget"] = "#notice"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


def _page(refusal: Refusal, **context: str) -> str:
    return render_template(
        "errors/refused.html", problem=refusal, request_id=g.get("request_id"), typed=typed(), **context
    )


def _lead_to_log_in() -> Response:
    """To the log-in page and back here; what was typed into a plain form is shown, as a redirect would lose it."""
    stays = htmx.is_htmx() or request.method in UNSAFE_METHODS
    log_in = url_for("sessions.new", next=way_back() if stays else request.full_path.rstrip("?"))
    if htmx.is_htmx():
        return Response(status=204, headers={"HX-Redirect": log_in})
    if typed():
        page = _page(Refusal(UNAUTHORIZED, HTTP_SENTENCES[UNAUTHORIZED]), back=log_in, back_label="Log in")
        return make_response(page, UNAUTHORIZED)
    return make_response(redirect(log_in))


def typed() -> list[tuple[str, str]]:
    """What the person typed into the form that was refused, by the field's readable name; never a secret."""
    if request.method not in UNSAFE_METHODS or request.mimetype not in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        return []
    return [
        (name.replace("_", " ").replace("-", " ").capitalize(), value[:LONGEST_SHOWN])
        for name, value in list(request.form.items(multi=True))[:FIELDS_SHOWN]
        if value.strip() and name not in NOT_SHOWN and not any(word in name.lower() for word in SECRET_WORDS)
    ]

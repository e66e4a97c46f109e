"""Answers that are a stored file."""

from __future__ import annotations

from flask import Response, current_app, request


def pdf_answer(content: bytes, digest: str, name: str) -> Response:
    """A PDF that the browser shows and saves under ``name``; its hash is its tag, so that it is sent once."""
    response = current_app.response_class(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.set_etag(digest)
    response.make_conditional(request)
    return response

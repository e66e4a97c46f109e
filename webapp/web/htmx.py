"""Answers that are a piece of a page for htmx and a whole page, or a redirect, for everybody else.

One route, one template, two renderings. A template that htmx may swap is a partial ``_thing.html`` whose root has
``id="thing"``; the page includes it. Three answers cover the routes:

``piece_or_page("orders/_lines.html", "orders/show.html", **context)``
    a read, or a form shown again with its errors (return it with 422 or 409; htmx swaps it in place);
``piece_or_redirect("orders/_order.html", to=url, said="Line 4 removed.", **context)``
    after a change that leaves the user on the page: the piece re-read after the commit, or 303 for a plain form;
``go_to(url, said="Order SO-2026-001 entered.")``
    after a change that leads to another page.

Pieces outside the target (totals, a count) come along as ``also=("orders/_totals.html",)``: they are rendered with
``oob=True``, which their root turns into the attribute by ``{{ oob_attr(oob) }}``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, make_response, redirect, render_template, request

from webapp.web import cookies

SEE_OTHER = 303


def is_htmx() -> bool:
    """Whether htmx wants a piece; a page restored from history is wanted whole."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def piece_or_page(piece: str, page: str, /, *, also: Iterable[str] = (), **context: Any) -> str:
    """The partial for htmx, with the ones in ``also`` beside it; otherwise the page that includes them."""
    return _pieces(piece, also, context) if is_htmx() else render_template(page, **context)


def piece_or_redirect(
    piece: str, *, to: str, said: str | None = None, also: Iterable[str] = (), **context: Any
) -> Response:
    """After a change: the re-read partial for htmx, a redirect to its page for a plain form; both say ``said``."""
    if not is_htmx():
        return go_to(to, said=said)
    return make_response(_pieces(piece, also, context) + (toast(said) if said else ""))


def go_to(url: str, *, said: str | None = None) -> Response:
    """Lead the browser to another page, which says ``said``."""
    response = _leave_for(url) if is_htmx() else make_response(redirect(url, SEE_OTHER))
    if said:
        cookies.say_next(response, said)
    return response


def toast(sentence: str) -> str:
    """A short message for the corner of the page, as a piece outside the target."""
    return render_template("_toast.html", sentence=sentence, oob=True)


def _pieces(piece: str, also: Iterable[str], context: dict[str, Any]) -> str:
    main = render_template(piece, **context)
    return main + "".join(render_template(other, **context, oob=True) for other in also)


def _leave_for(url: str) -> Response:
    return Response(status=204, headers={"HX-Redirect": url})

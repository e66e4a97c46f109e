"""What every answer carries and every changing request must bring, whoever sent it.

Headers after OWASP ASVS 5.0 chapter 3; the content security policy needs no nonce because no page has an inline
script or style. The JSON API takes no cookies, so it needs no token against forged requests.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest
from werkzeug.middleware.proxy_fix import ProxyFix

API = "/api/"
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"

csrf = CSRFProtect()


class ForgedRequest(BadRequest):
    """Another site sent this form. ``sentence`` is what the person reads."""

    sentence = "Another site sent this request, so it was not carried out."


def init_security(app: Flask) -> None:
    """Trust the configured proxies, check the sender of every change, and add the headers to every answer."""
    hops = app.config["PROXY_HOPS"]
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    app.before_request(refuse_forged_requests)
    app.after_request(add_headers)


def is_api() -> bool:
    """Whether the request is one of a program, answered in JSON."""
    return request.path.startswith(API)


def refuse_forged_requests() -> None:
    """Raise ForgedRequest or CSRFError for a change that was not sent by one of our own pages."""
    if request.method not in UNSAFE_METHODS or is_api():
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise ForgedRequest
    if request.endpoint and current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


def add_headers(response: Response) -> Response:
    """Headers of every answer, errors included; pages behind log-in are kept nowhere."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    response.headers.setdefault("Cache-Control", "no-store")
    response.vary.update(("HX-Request", "HX-History-Restore-Request"))
    if g.get("request_id"):
        response.headers["X-Request-Id"] = g.request_id
    return response

"""Addresses that come from outside and may only lead to our own pages."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import request

HOME = "/"


def is_own(address: str) -> bool:
    """Whether ``address`` is a path of ours: ``/orders``, not ``//evil.example``, ``/\\evil`` or ``https://…``."""
    return (
        address.startswith("/")
        and not address.startswith("//")
        and "\\" not in address
        and address.isprintable()
        and " " not in address
    )


def own_or_home(address: str | None) -> str:
    """The address when it is ours, else the dashboard."""
    return address if address and is_own(address) else HOME


def here_with(**changes: str | None) -> str:
    """This page's own address with some of its query changed; what is empty or None is left out."""
    query = {name: value for name, value in {**request.args.to_dict(), **changes}.items() if value}
    return request.path + (f"?{urlencode(query)}" if query else "")


def way_back() -> str:
    """The page this request came from (of htmx: the one it stands on), when it is ours."""
    return page_of(request.headers.get("HX-Current-URL") or request.referrer)


def page_of(url: str | None) -> str:
    """Path and query of one of our own full addresses, else the dashboard."""
    parts = urlsplit(url or "")
    if parts.netloc != request.host:
        return HOME
    return own_or_home(parts.path + (f"?{parts.query}" if parts.query else ""))

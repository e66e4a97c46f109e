"""Programs that use the JSON API in tests."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from webapp.models import User
from webapp.services.company import system_user
from webapp.services.people.tokens import Scope, make_token


def token_for(user: User, *scopes: Scope) -> str:
    """A token that acts as ``user``; call it inside an application context."""
    return make_token(user.email, scopes=scopes or tuple(Scope), actor=system_user())


class Program:
    """Sends requests with one token. ``path`` is below ``/api``; what is sent may be a mapping or JSON text."""

    def __init__(self, app: Flask, token: str) -> None:
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        """Read."""
        return self._client.get(f"/api{path}", query_string=query or None, headers=self._headers)

    def post(self, path: str, body: Any = None, **more: str) -> TestResponse:
        """Do; ``more`` names headers (``idempotency_key="k"``)."""
        return self._send("POST", path, body, more)

    def patch(self, path: str, body: Any, **more: str) -> TestResponse:
        """Change."""
        return self._send("PATCH", path, body, more)

    def _send(self, method: str, path: str, body: Any, more: dict[str, str]) -> TestResponse:
        headers = self._headers | {name.replace("_", "-"): value for name, value in more.items()}
        data = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body, default=str)
        content_type = None if data is None else "application/json"
        return self._client.open(f"/api{path}", method=method, data=data, content_type=content_type, headers=headers)


def exact(response: TestResponse) -> Any:
    """The JSON of an answer with its numbers as Decimals, so that 10000.00 is told from 10000."""
    return json.loads(response.data, parse_float=Decimal)


def ok(response: TestResponse, status: int = 200) -> Any:
    """The JSON of an answer that must have this status."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    return exact(response)

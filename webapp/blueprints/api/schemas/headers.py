"""Headers of requests, for the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel, Field


class RepeatHeaders(BaseModel):
    """Of every POST."""

    idempotency_key: str | None = Field(
        default=None,
        alias="Idempotency-Key",
        pattern="^[!-~]{1,200}$",
        description="Repeating the request with the same key has no second effect and gets the first answer.",
    )


class ChangeHeaders(BaseModel):
    """Of every PATCH."""

    if_match: str | None = Field(
        default=None, alias="If-Match", description="The version that the change was made on, unless the body says it."
    )

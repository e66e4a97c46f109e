"""Promotions: lists, one, drafting, changing, publishing and ending."""

from __future__ import annotations

from typing import Any

from flask import url_for

from webapp.blueprints.api.routing import Answer, changes, does, listed, reads
from webapp.blueprints.api.schemas.promotions import (
    PromotionChange,
    PromotionHead,
    PromotionInput,
    PromotionOutput,
    PromotionPage,
    PromotionQuery,
)
from webapp.domain.permissions import Permission
from webapp.models import Promotion, Variant
from webapp.pages.promotions.lists import promotions_page
from webapp.queries.references import at_path, referred
from webapp.services.company import the_company
from webapp.services.promotions import authoring as promotions
from webapp.web.auth import program


@reads("/promotions/", Permission.PRICES_READ, PromotionPage, query=PromotionQuery)
def list_promotions(query: PromotionQuery) -> PromotionPage:
    """Promotions by code."""
    page = promotions_page(cursor=query.cursor, limit=query.limit)
    return PromotionPage(**listed(page, [_output(row) for row in page.rows]))


@reads("/promotions/<ref>/", Permission.PRICES_READ, PromotionOutput)
def show_promotion(ref: str) -> PromotionOutput:
    """One promotion, by code or id."""
    return _output(at_path(Promotion, ref, program()))


@does("/promotions/", promotions.add_promotion, PromotionOutput, body=PromotionInput, status=201)
def create_promotion(body: PromotionInput) -> Answer:
    """Draft a promotion, or publish it at once."""
    make = promotions.launch_promotion if body.publish else promotions.add_promotion
    made = make(code=body.code, actor=program(), **_given(body))
    return Answer(_output(made), 201, url_for("api.show_promotion", ref=made.code))


@changes("/promotions/<ref>/", promotions.change_promotion, PromotionOutput, body=PromotionChange)
def change_promotion(body: PromotionChange, ref: str, version: int) -> PromotionOutput:
    """Change a promotion; what is not named stays."""
    promotion = at_path(Promotion, ref, program())
    return _output(promotions.change_promotion(promotion.code, version=version, actor=program(), **_given(body)))


@does("/promotions/<ref>/publish/", promotions.publish_promotion, PromotionOutput)
def publish_promotion(ref: str) -> PromotionOutput:
    """Let a draft count from now on."""
    return _output(promotions.publish_promotion(at_path(Promotion, ref, program()).code, actor=program()))


@does("/promotions/<ref>/end/", promotions.end_promotion, PromotionOutput)
def end_promotion(ref: str) -> PromotionOutput:
    """Let it count for no new price."""
    return _output(promotions.end_promotion(at_path(Promotion, ref, program()).code, actor=program()))


def _given(body: PromotionHead) -> dict[str, Any]:
    """The fields that were sent, as the services take them; null empties a field."""
    sent = body.model_fields_set & PromotionHead.model_fields.keys()
    values = {name: _blank(getattr(body, name)) for name in sent}
    if body.free_item is not None:
        values["free_item"] = referred(Variant, body.free_item, program(), field="free_item").sku
    return values


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _output(promotion: Promotion) -> PromotionOutput:
    return PromotionOutput.of(promotion, the_company().base_currency)

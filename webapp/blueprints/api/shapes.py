"""A field's schema in a few words, for the page that people read."""

from __future__ import annotations

from typing import Any

from webapp.blueprints.api.routing import bp

BOUNDS = {
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
}


@bp.app_template_filter("shape_in_words")
def shape_in_words(schema: dict[str, Any]) -> str:
    """What a field may hold: ``number above 0, or string``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return ", or ".join(dict.fromkeys(shape_in_words(one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {shape_in_words(schema.get('items', {}))}"
    words = [str(schema.get("format") or schema.get("type") or "anything")]
    words += [text.format(schema[bound]) for bound, text in BOUNDS.items() if bound in schema]
    return ", ".join(words)

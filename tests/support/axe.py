"""Asks axe-core what keeps people from using a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ASK = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, with the elements that break it; empty when none does.

    The script comes in through the debugger, since the page's content security policy lets no other in.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    return [
        f"{found['id']}: {found['help']} {[node['html'] for node in found['nodes']]}" for found in page.evaluate(ASK)
    ]


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")

"""Counts what a person does in a page: presses of a pointer, and of keys that type nothing into a field.

Text is what a task is about, so it does not count; each press of a key that acts (Enter, Tab, a chord, a letter outside
a field) does, and so does each press of a pointer.
"""

from __future__ import annotations

from playwright.sync_api import BrowserContext

NOTE = """
(() => {
  const types = (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey &&
    /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  const holds = (event) => ["Control", "Shift", "Alt", "Meta"].includes(event.key);
  addEventListener("pointerdown", () => noteAction("pointer"), true);
  addEventListener("keydown", (event) => {
    if (!holds(event) && !types(event)) { noteAction(event.key); }
  }, true);
})();
"""


class Actions:
    """The actions done in the pages of a context since it was watched."""

    def __init__(self, context: BrowserContext) -> None:
        self.done: list[str] = []
        context.expose_function("noteAction", self._note)
        context.add_init_script(NOTE)

    def _note(self, action: str) -> None:
        self.done.append(action)

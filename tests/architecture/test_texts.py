"""The rules of the house over templates, static files and everything tracked, and that each rule can fail."""

from __future__ import annotations

import pytest

from tests.architecture import text_rules as rules
from tests.architecture.python_rules import Rule
from tests.architecture.repository import files, offences

PLACES = [
    (rules.inline_code, ["webapp/templates"]),
    (rules.unescaped, ["webapp/templates"]),
    (rules.unquoted_attributes, ["webapp/templates"]),
    (rules.htmx_attributes, ["webapp/templates", ":!webapp/templates/macros"]),
    (rules.long_template, ["webapp/templates"]),
    (rules.long_template_line, ["webapp/templates"]),
    (rules.long_static_file, ["webapp/static/src/*.css", "webapp/static/src/*.js"]),
    (rules.machine_places, ["."]),
    (rules.unfinished_words, ["*.py", "*.html", "*.css", "*.js", "*.md", "*.typ", "*.toml", "Makefile"]),
]

BREAKING = [
    (rules.inline_code, '<p style="color: red">'),
    (rules.inline_code, "<style>p { color: red }</style>"),
    (rules.inline_code, '<button onclick="go()">'),
    (rules.inline_code, '<button hx-on:click="go()">'),
    (rules.inline_code, '<a href="javascript:go()">'),
    (rules.inline_code, "<script>go()</script>"),
    (rules.inline_code, '<script src="/static/app.js">go()</script>'),
    (rules.unescaped, "{{ note | safe }}"),
    (rules.unescaped, "{% autoescape false %}"),
    (rules.unquoted_attributes, "<a title={{ name }}>"),
    (rules.htmx_attributes, '<form hx-post="/orders">'),
    (rules.htmx_attributes, '<form data-hx-post="/orders">'),
    (rules.long_template, "<p>\n" * (rules.LONGEST_TEMPLATE + 1)),
    (rules.long_template_line, "<p>" + "x" * rules.LONGEST_TEMPLATE_LINE),
    (rules.long_static_file, "p { }\n" * (rules.LONGEST_STATIC_FILE + 1)),
    (rules.machine_places, "See /ro" + "ot/notes"),
    (rules.machine_places, "https://registry.npm" + "js.org/htmx"),
    (rules.unfinished_words, "# TO" + "DO: totals"),
    (rules.unfinished_words, "<p>Coming" + " soon</p>"),
]

KEEPING = [
    (rules.inline_code, '<script src="{{ asset("app.js") }}" defer></script>'),
    (rules.inline_code, '<meta name="htmx-config" content="{}"><p class="on" data-style="x">'),
    (rules.inline_code, '{# never style="x" #}'),
    (rules.unescaped, "{{ unsafe }} {{ note }}"),
    (rules.unquoted_attributes, '<a title="{{ name }}">'),
    (rules.htmx_attributes, '<form {{ posts_to("/orders") }}>'),
    (rules.machine_places, "Lists at /orders/work/ and #!/usr/bin/env bash"),
    (rules.unfinished_words, "What remains to do is shown; a hacked price is refused."),
]


@pytest.mark.parametrize(("rule", "patterns"), PLACES, ids=lambda value: getattr(value, "__name__", None))
def test_the_repository_keeps_the_rule(rule: Rule, patterns: list[str]) -> None:
    assert offences(rule, files(*patterns)) == []


@pytest.mark.parametrize(("rule", "text"), BREAKING)
def test_the_rule_finds_what_breaks_it(rule: Rule, text: str) -> None:
    assert rule(text)


@pytest.mark.parametrize(("rule", "text"), KEEPING)
def test_the_rule_lets_pass_what_keeps_it(rule: Rule, text: str) -> None:
    assert rule(text) == []


def test_every_template_has_an_ending_that_flask_escapes() -> None:
    names = [path.name for path in files("webapp/templates")]
    assert [found for name in names for found in rules.name_without_autoescape(name)] == []
    assert rules.name_without_autoescape("mail.txt.j2")

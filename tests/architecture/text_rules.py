"""Rules of the house over templates and over any text. Each answers the places that break it."""

from __future__ import annotations

import re

Found = list[str]

AUTOESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg")
LONGEST_TEMPLATE = 200
LONGEST_TEMPLATE_LINE = 160
LONGEST_STATIC_FILE = 600

JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
INLINE = re.compile(
    r"""<style[\s>]"""  # a style sheet in the page
    r"""|(?<![\w-])style\s*="""  # a style attribute
    r"""|(?<![\w-])on[a-z]+\s*=\s*["'{]"""  # an event attribute
    r"""|(?<![\w-])(?:data-)?hx-on"""
    r"""|javascript:"""
    r"""|<script(?![^>]*\ssrc=)[^>]*>"""  # a script without a source
    r"""|<script[^>]*>\s*[^\s<]""",  # a script with a body
    re.IGNORECASE,
)
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|\bMarkup\(")
UNQUOTED = re.compile(r"""[\w-]=\{\{""")
HTMX = re.compile(r"""(?<![\w"'/.-])(?:data-)?hx-[a-z]""")

# A letter in brackets keeps this file from breaking its own rules.
MACHINE = re.compile(r"npm[j]s|pypi[.]org|python[h]osted|(?<![\w.}])/(?:work|root|home)/")
UNFINISHED = re.compile(
    r"\b(?:TO[D]O|FIX[M]E|HA[C]K|NotImplemented[E]rror)\b|(?i:placeholder[ ]for|coming[ ]soon|lorem[ ]ipsum)"
)


def inline_code(template: str) -> Found:
    """The content security policy blocks inline script and style."""
    return _matches(INLINE, _without_comments(template))


def unescaped(template: str) -> Found:
    """Everything a template writes is escaped."""
    return _matches(UNESCAPED, _without_comments(template))


def unquoted_attributes(template: str) -> Found:
    """An attribute without quotes takes a second attribute from its value."""
    return _matches(UNQUOTED, _without_comments(template))


def htmx_attributes(template: str) -> Found:
    """Attributes of htmx stand in macros, so that another version of it is one change."""
    return _matches(HTMX, _without_comments(template))


def name_without_autoescape(name: str) -> Found:
    """Flask escapes by a template's ending."""
    return [] if name.endswith(AUTOESCAPED) else [name]


def long_template(template: str) -> Found:
    """A long template is two pieces."""
    return _too_long(template, LONGEST_TEMPLATE)


def long_template_line(template: str) -> Found:
    """Who reads a template does not scroll sideways."""
    return [line for line in template.splitlines() if len(line) > LONGEST_TEMPLATE_LINE]


def long_static_file(text: str) -> Found:
    """A long style sheet or script is two subjects."""
    return _too_long(text, LONGEST_STATIC_FILE)


def machine_places(text: str) -> Found:
    """Neither folders of one machine nor hosts of a registry: mirrors must work."""
    return _matches(MACHINE, text)


def unfinished_words(text: str) -> Found:
    """What is not there is not announced."""
    return _matches(UNFINISHED, text)


def _matches(pattern: re.Pattern[str], text: str) -> Found:
    return [f"{text.count(chr(10), 0, match.start()) + 1}: {match[0].strip()}" for match in pattern.finditer(text)]


def _without_comments(template: str) -> str:
    """Jinja's comments do not reach the browser; their lines stay, so that the rest keeps its numbers."""
    return JINJA_COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), template)


def _too_long(text: str, longest: int) -> Found:
    lines = len(text.splitlines())
    return [f"{lines}: more than {longest} lines"] if lines > longest else []

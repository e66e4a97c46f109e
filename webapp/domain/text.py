"""The one gate for text that people and programs send: what passes can be stored, printed and put into XML."""

from __future__ import annotations

import re
import unicodedata

from webapp.domain.errors import BadInput
from webapp.domain.numbers import label

LONGEST_REASON = 500

_LINE_ENDS = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(chr(plane << 16 | code) for plane in range(17) for code in (0xFFFE, 0xFFFF))
_UNPRINTABLE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_NO_CHARACTERS}]")
_UNPRINTABLE_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_NO_CHARACTERS}]")


def clean(value: str | None, *, field: str, max_length: int, multiline: bool = False, required: bool = False) -> str:
    """``value`` in Unicode's composed form (NFC) without blanks around it, at most ``max_length`` characters.

    With ``multiline``, line ends become ``\\n`` and tabs are kept. None reads as empty, which is refused when
    ``required``. Control characters, halves of surrogate pairs and codes that are no characters are refused: databases,
    XML and PDF take none of them. Raises BadInput.
    """
    text = _composed(value, field)
    if multiline:
        text = _LINE_ENDS.sub("\n", text)
    text = text.strip()
    _refuse_unprintable(text, field, multiline)
    if len(text) > max_length:
        raise BadInput(f"{label(field)} may have {max_length} characters, not {len(text)}.", field=field)
    if required and not text:
        raise BadInput(f"{label(field)} is missing.", field=field)
    return text


def told_reason(reason: str | None) -> str:
    """What somebody says about an act that needs no reason, in up to 500 characters. Raises BadInput."""
    return clean(reason, field="reason", max_length=LONGEST_REASON, multiline=True)


def given_reason(reason: str | None) -> str:
    """Why somebody decides or undoes something, in up to 500 characters. Raises BadInput when nothing is said."""
    text = told_reason(reason)
    if not text:
        raise BadInput("A reason is needed.", field="reason")
    return text


def _composed(value: str | None, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{label(field)} must be text.", field=field)
    return unicodedata.normalize("NFC", value)


def _refuse_unprintable(text: str, field: str, multiline: bool) -> None:
    found = (_UNPRINTABLE_IN_LINES if multiline else _UNPRINTABLE).search(text)
    if found:
        raise BadInput(f"{label(field)} contains {_name(found.group())}, which cannot be stored.", field=field)


def _name(character: str) -> str:
    if character in "\r\n\u0085\u2028\u2029":
        return "a line break"
    if character == "\t":
        return "a tab"
    return f"the control character U+{ord(character):04X}"

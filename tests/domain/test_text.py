from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.errors import BadInput
from webapp.domain.text import clean


def test_text_is_composed_and_stripped():
    assert clean("  Cafe\u0301 Zoë \u00a0", field="name", max_length=40) == "Café Zoë"


@pytest.mark.parametrize("name", ["O'Brien & Söhne <GmbH>", "שלום", "日本 🍣", "B\u200eidi", "ß'; DROP TABLE"])
def test_names_of_the_whole_world_pass_unchanged(name):
    assert clean(name, field="name", max_length=40) == name


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a\x00b", "the control character U+0000"),
        ("a\x1bb", "the control character U+001B"),
        ("a\x7fb", "the control character U+007F"),
        ("a\nb", "a line break"),
        ("a\r\nb", "a line break"),
        ("a\u2028b", "a line break"),
        ("a\tb", "a tab"),
        ("a\ud800b", "the control character U+D800"),
        ("a\uffffb", "the control character U+FFFF"),
        ("a\U0010fffeb", "the control character U+10FFFE"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(value, found):
    with pytest.raises(BadInput) as refusal:
        clean(value, field="customer_name", max_length=40)
    assert refusal.value.message == f"Customer name contains {found}, which cannot be stored."
    assert refusal.value.details == {"customer_name": refusal.value.message}


def test_lines_are_kept_where_lines_are_meant():
    assert clean(" a\r\nb\rc\u2028d\te\n", field="notes", max_length=40, multiline=True) == "a\nb\nc\nd\te"
    with pytest.raises(BadInput, match=r"U\+0000"):
        clean("a\nb\x00", field="notes", max_length=40, multiline=True)


def test_too_long_a_text_is_refused_with_both_lengths():
    assert clean("x" * 5, field="code", max_length=5) == "xxxxx"
    with pytest.raises(BadInput, match="Code may have 5 characters, not 6"):
        clean("x" * 6, field="code", max_length=5)


def test_length_counts_after_composing():
    assert clean("e\u0301" * 5, field="code", max_length=5) == "é" * 5


def test_a_required_text_must_hold_more_than_blanks():
    assert clean(None, field="name", max_length=5) == ""
    for value in (None, "", "  \u2003"):
        with pytest.raises(BadInput, match="Name is missing"):
            clean(value, field="name", max_length=5, required=True)


@pytest.mark.parametrize("value", [5, b"x", ["x"], 1.5])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(BadInput, match="must be text"):
        clean(value, field="name", max_length=5)


@given(st.text(st.characters(), max_size=60), st.booleans())
def test_what_passes_can_be_encoded_and_passes_again_unchanged(value, multiline):
    try:
        text = clean(value, field="name", max_length=60, multiline=multiline)
    except BadInput:
        return
    text.encode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert "\x00" not in text
    assert clean(text, field="name", max_length=60, multiline=multiline) == text

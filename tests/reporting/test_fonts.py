"""Every script under a font that has it; nothing is dropped in silence."""

import re

import pytest

from uptake.reporting.fonts import BOLD, REGULAR, markup


@pytest.mark.parametrize("text", ["Jérôme", "Διονυσιος", "Люкceмбypг", "\u05d0"])
def test_dejavu_has_latin_greek_cyrillic_hebrew(text):
    assert markup(text) == f'<font name="{REGULAR}">{text}</font>'


def test_bold():
    assert markup("a", bold=True) == f'<font name="{BOLD}">a</font>'


@pytest.mark.parametrize("text", ["山田太郎やまだ", "王小东", "王小東", "홍길동"])
def test_east_asian_text_stays_whole_under_another_font(text):
    found = re.fullmatch(r'<font name="([^"]+)">(.*)</font>', markup(text))
    assert found is not None
    assert found[2] == text
    assert found[1] not in (REGULAR, BOLD)


def test_markup_is_escaped_in_every_script():
    assert markup("<b>&") == f'<font name="{REGULAR}">&lt;b&gt;&amp;</font>'
    assert "<b>" not in markup("王<b>王")


@pytest.mark.parametrize(("text", "code"), [("\U0001f600", "[U+1F600]"), ("\u1820", "[U+1820]")])
def test_a_character_without_glyph_shows_its_code(text, code):
    assert code in markup(text)

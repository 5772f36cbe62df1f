"""Hebrew and Arabic in drawing order; expected orders written out by hand."""

import pytest

from uptake.reporting.right_to_left import in_visual_order

ALEF, BET, GIMEL = "\u05d0", "\u05d1", "\u05d2"


@pytest.mark.parametrize("text", ["", "Müller, Jürgen", "山田 太郎", "Люкceмбypг (1)"])
def test_left_to_right_text_is_untouched(text):
    assert in_visual_order(text) == text


def test_hebrew_words_are_turned_as_one_stretch():
    assert in_visual_order(f"{ALEF}{BET} {GIMEL}") == f"{GIMEL} {BET}{ALEF}"


def test_latin_around_hebrew_stays_and_digits_keep_their_order():
    assert in_visual_order(f"abc {ALEF}{BET} (12) {GIMEL}, x") == f"abc {GIMEL} (12) {BET}{ALEF}, x"


def test_a_point_stays_on_its_letter():
    assert in_visual_order(f"{ALEF}\u05b8{BET}") == f"{BET}{ALEF}\u05b8"


def test_arabic_letters_are_joined():
    # meem, hah, meem, dal: initial, medial, medial, final, drawn from the right.
    assert in_visual_order("\u0645\u062d\u0645\u062f") == "\ufeaa\ufee4\ufea4\ufee3"


def test_lam_alef_is_one_glyph_and_a_letter_after_alef_stands_alone():
    assert in_visual_order("\u0633\u0644\u0627\u0645") == "\ufee1\ufefc\ufeb3"

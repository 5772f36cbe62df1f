"""Header text becomes one printable line of bounded length."""

import pytest

from uptake.reporting.untrusted_text import clean, date, person_name


def test_control_and_direction_characters_go():
    assert clean("a\x00b\x1b[31mc\u202egnp\u2066x\ufeff\ud800") == "ab[31mcgnpx"


def test_white_space_becomes_single_spaces():
    assert clean("  one\r\n\ttwo\u00a0 three ") == "one two three"


def test_long_values_are_cut_visibly():
    assert clean("x" * 10_000_000, 50) == "x" * 49 + "…"
    assert clean("x" * 50, 50) == "x" * 50


def test_markup_is_left_as_text():
    assert clean("<img src='file:///etc/passwd'/>") == "<img src='file:///etc/passwd'/>"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Muster^Erika^Maria", "Muster, Erika Maria"),
        ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams, Rev. John Robert Quincy, B.A. M.Div."),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田 太郎; やまだ たろう)"),
        ("=山田^太郎", "山田 太郎"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "Hong, Gildong (洪 吉洞; 홍 길동)"),
        ("ACRIN-042", "ACRIN-042"),
        ("^^^^", ""),
        ("a^b^c^d^e^f=g=h=i", "a, d b c, e^f=g=h=i"),
        ("<img src='file:///etc/passwd'/>", "<img src='file:///etc/passwd'/>"),
        ("", ""),
    ],
)
def test_person_names_read_as_names(stored, shown):
    assert person_name(stored) == shown


@pytest.mark.parametrize(("stored", "shown"), [("19600229", "1960-02-29"), ("1960", "1960"), ("٠١٢٣٤٥٦٧", "٠١٢٣٤٥٦٧")])
def test_dates(stored, shown):
    assert date(stored) == shown

"""Fonts for any script in the PDF: DejaVu Sans embedded, Asian text by a font found or by a standard Adobe font."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from uptake.reporting.right_to_left import in_visual_order

REGULAR = "DejaVuSans"
BOLD = "DejaVuSans-Bold"

# TrueType outlines only: reportlab cannot embed the CFF outlines of Noto CJK. Debian's and Fedora's places.
_FALLBACK_FILES = (
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/google-droid-sans-fonts/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/nanum/NanumGothic.ttf",
    "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
    "/usr/share/fonts/truetype/tlwg/Loma.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf",
)
# Not embedded, but every PDF reader substitutes them; the codec tells which characters each can show.
_ADOBE_FONTS = (("HeiseiMin-W3", "shift_jis"), ("HYSMyeongJo-Medium", "euc_kr"), ("STSong-Light", "gbk"))


@cache
def register_fonts() -> None:
    """Make DejaVu Sans, which matplotlib brings along, known to reportlab (once per process)."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def markup(text: str, *, bold: bool = False) -> str:
    """Text as a reportlab paragraph fragment: escaped, every character under a font that has it.

    A character that no font has is printed as its code, ``[U+1F600]``, so that a reader sees that something was there.
    """
    register_fonts()
    main = BOLD if bold else REGULAR
    parts = []
    for at_hand, run in groupby(in_visual_order(text), key=lambda character: _in_file(main, character)):
        if at_hand:
            parts.append(f'<font name="{main}">{escape("".join(run))}</font>')
        else:
            parts.append(_fallback("".join(run), main))
    return "".join(parts)


def _fallback(run: str, main: str) -> str:
    whole = _font_for(run)
    if whole:
        return f'<font name="{whole}">{escape(run)}</font>'
    parts = []
    for character in run:
        font = _font_for(character)
        shown = escape(character) if font else f"[U+{ord(character):04X}]"
        parts.append(f'<font name="{font or main}">{shown}</font>')
    return "".join(parts)


def _font_for(text: str) -> str:
    """A font that has every character of the text, or an empty string."""
    for name in _embeddable():
        if all(_in_file(name, character) for character in text):
            return name
    for name, codec in _ADOBE_FONTS:
        if _encodable(text, codec):
            _register_adobe(name)
            return name
    return ""


@cache
def _embeddable() -> tuple[str, ...]:
    names = []
    for file in map(Path, _FALLBACK_FILES):
        if file.is_file():
            try:
                pdfmetrics.registerFont(TTFont(file.stem, str(file)))
            except (TTFError, OSError):
                continue  # A damaged or CFF-flavoured file is as good as none.
            names.append(file.stem)
    return tuple(names)


@cache
def _register_adobe(name: str) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(name))


def _in_file(name: str, character: str) -> bool:
    code = ord(character)
    # Beyond the basic plane reportlab writes a text layer that PDF readers reject.
    return code <= 0xFFFF and bool(pdfmetrics.getFont(name).face.charToGlyph.get(code))


def _encodable(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True

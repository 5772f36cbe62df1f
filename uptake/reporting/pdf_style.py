"""The report's looks: paragraph and table styles, and the line at the foot of every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Table

from uptake.reporting.fonts import BOLD, REGULAR, markup
from uptake.reporting.untrusted_text import LONGEST, clean

PAGE = A4
MARGIN = 16 * mm
CONTENT_WIDTH = PAGE[0] - 2 * MARGIN
WARNING_RED = colors.HexColor("#b00020")
_PALE = colors.HexColor("#eef1f5")
_RULE = colors.HexColor("#b8c0cc")
_ALTERNATE = colors.HexColor("#f7f8fa")

BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=8.5, leading=11.5)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=9.5)
NOTE = ParagraphStyle("note", parent=SMALL, spaceBefore=3, textColor=colors.HexColor("#444444"))
TITLE = ParagraphStyle("title", parent=BODY, fontName=BOLD, fontSize=17, leading=21)
HEADING = ParagraphStyle("heading", parent=BODY, fontName=BOLD, fontSize=11, leading=14, spaceBefore=9, spaceAfter=3)
WARNING = ParagraphStyle("warning", parent=BODY, fontName=BOLD, textColor=WARNING_RED, fontSize=9.5, leading=13)


def text(value: str, style: ParagraphStyle = BODY, longest: int = LONGEST) -> Paragraph:
    """A paragraph of text from anywhere: cleaned, cut, escaped, every script under a font that has it."""
    return Paragraph(markup(clean(value, longest), bold=style.fontName == BOLD), style)


def number_table(rows: Sequence[Sequence[str]], widths: Sequence[float], left: int | None = None) -> Table:
    """Numbers under a header row that repeats on every page; no markup is read in the cells.

    All are right-aligned but column ``left``, which holds names.
    """
    style = [
        *_frame(),
        ("FONT", (0, 0), (-1, 0), BOLD, 7.5),
        ("BACKGROUND", (0, 0), (-1, 0), _PALE),
        ("ALIGN", (0, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, _ALTERNATE]),
    ]
    style += [] if left is None else [("ALIGN", (left, 0), (left, -1), "LEFT")]
    return Table(list(rows), colWidths=list(widths), repeatRows=1, style=style, hAlign="LEFT")


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Table:
    """Texts from anywhere, wrapped in their columns, under a header row that repeats on every page."""
    cells: list[list[Any]] = [list(header)]
    cells += [[text(value, SMALL, 400) for value in row] for row in rows]
    style = [
        *_frame(),
        ("FONT", (0, 0), (-1, 0), BOLD, 7.5),
        ("BACKGROUND", (0, 0), (-1, 0), _PALE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table(cells, colWidths=list(widths), repeatRows=1, style=style, hAlign="LEFT")


def pair_table(pairs: Sequence[tuple[str, str]], columns: int = 2, name_share: float = 0.22) -> Table:
    """Names and values, ``columns`` pairs to a row; a name takes ``name_share`` of its pair's width."""
    cells: list[list[Any]] = []
    for start in range(0, len(pairs), columns):
        row: list[Any] = []
        for name, value in pairs[start : start + columns]:
            row += [name, text(value, SMALL)]
        cells.append(row + [""] * (2 * columns - len(row)))
    width = CONTENT_WIDTH / columns
    style = [*_frame(), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    style += [("BACKGROUND", (2 * n, 0), (2 * n, -1), _PALE) for n in range(columns)]
    return Table(cells, colWidths=[name_share * width, (1 - name_share) * width] * columns, style=style, hAlign="LEFT")


def headline_table(pairs: Sequence[tuple[str, str]]) -> Table:
    """The few numbers of the first page: large, each over its name."""
    style = [
        ("FONT", (0, 0), (-1, 0), BOLD, 14),
        ("FONT", (0, 1), (-1, 1), REGULAR, 7.5),
        ("ALIGN", (0, 0), (-1, -1), "CENTER"),
        ("BOTTOMPADDING", (0, 0), (-1, 0), 7),
        ("BACKGROUND", (0, 0), (-1, -1), _PALE),
        ("INNERGRID", (0, 0), (-1, -1), 2, colors.white),
        ("LINEBELOW", (0, 0), (-1, 0), 0, _PALE),
    ]
    rows = [[value for _, value in pairs], [name for name, _ in pairs]]
    return Table(rows, colWidths=[CONTENT_WIDTH / len(pairs)] * len(pairs), style=style, hAlign="LEFT")


def _frame() -> list[tuple[Any, ...]]:
    return [
        ("FONT", (0, 0), (-1, -1), REGULAR, 7.5),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("LINEABOVE", (0, 0), (-1, 0), 0.4, _RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]

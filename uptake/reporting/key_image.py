"""The key image: both projections and the hottest lesions' numbers in one RGB picture."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from uptake import __version__
from uptake.exam_result import ExamResult
from uptake.notice import RESEARCH_USE
from uptake.reporting.annotation import colour_bar, new_figure, to_rgb, usual_top_suv
from uptake.reporting.number_format import NOT_AVAILABLE, amount_text, suv_text
from uptake.reporting.projection_view import GREY, MARGIN_INCH, paint
from uptake.reporting.projections import project
from uptake.reporting.untrusted_text import clean

_WIDTH_INCH, _TALLEST_INCH = 10.0, 6.5
_HEAD_INCH, _BAR_INCH, _ROW_INCH = 0.55, 0.8, 0.2
_MOST_ROWS = 10
_LONGEST_CAVEAT = 170
_COLUMNS = ("Lesion", "SUVmax", "SUVmean", "SUVpeak", "SULpeak", "MTV (ml)", "TLG (g)")


def key_image(result: ExamResult) -> NDArray[np.uint8]:
    """Coronal and sagittal projection side by side over a table of the hottest lesions and the totals.

    Returns
    -------
    ndarray
        uint8 ``(rows, columns, 3)``; no patient name appears, the research-use line does.
    """
    views = (project(result, "coronal"), project(result, "sagittal"))
    room = _WIDTH_INCH - _BAR_INCH - 4 * MARGIN_INCH
    inch_per_mm = min(room / sum(view.size_mm[0] for view in views), _TALLEST_INCH / views[0].size_mm[1])
    rows = _table(result)
    table_inch = (len(rows) + 1) * _ROW_INCH + 0.35
    height = views[0].size_mm[1] * inch_per_mm + _HEAD_INCH + table_inch
    figure = new_figure(_WIDTH_INCH, height)
    top_suv = usual_top_suv(result.prepared.exam.acquisition.tracer)
    used = sum(view.size_mm[0] for view in views) * inch_per_mm + 4 * MARGIN_INCH
    left = (_WIDTH_INCH - _BAR_INCH - used) / 2
    for view in views:
        paint(figure, view, (left, table_inch), inch_per_mm, top_suv)
        left += view.size_mm[0] * inch_per_mm + 2 * MARGIN_INCH
    bar = min(2.0, 0.7 * views[0].size_mm[1] * inch_per_mm)
    colour_bar(figure, (0.925, (table_inch + 0.3) / height, 0.013, bar / height), GREY, top_suv)
    title = f"PET/CT uptake, exam {result.number}: maximum-intensity projections"
    figure.text(0.5, 1 - 0.1 / height, title, fontsize=11, weight="bold", ha="center", va="top")
    warning = f"{RESEARCH_USE}  Uptake {__version__}"
    figure.text(0.5, 1 - 0.32 / height, warning, fontsize=9, color="#b00020", ha="center", va="top")
    _write(figure, rows, height)
    caveats = clean(" ".join(result.findings.caveats), _LONGEST_CAVEAT)
    figure.text(0.5, 0.05 / height, caveats, fontsize=8, color="#444444", ha="center", va="bottom", parse_math=False)
    return to_rgb(figure)


def _table(result: ExamResult) -> list[tuple[str, ...]]:
    rows = [
        (
            str(lesion.label),
            suv_text(lesion.suv_max),
            suv_text(lesion.suv_mean),
            suv_text(lesion.suv_peak),
            suv_text(lesion.sul_peak),
            amount_text(lesion.mtv_ml),
            amount_text(lesion.tlg_g),
        )
        for lesion in result.findings.lesions[:_MOST_ROWS]
    ]
    totals = result.findings.totals
    hottest = tuple(map(suv_text, (totals.suv_max, None, totals.suv_peak, totals.sul_peak)))
    name = f"All {totals.lesions}"
    sums = amount_text(totals.mtv_ml), amount_text(totals.tlg_g)
    mean = "" if totals.lesions else NOT_AVAILABLE
    return [_COLUMNS, *rows, (name, hottest[0], mean, hottest[2], hottest[3], *sums)]


def _write(figure: Figure, rows: list[tuple[str, ...]], height: float) -> None:
    for line, row in enumerate(rows):
        y = ((len(rows) - line) * _ROW_INCH + 0.25) / height
        weight = "bold" if line in (0, len(rows) - 1) else "normal"
        for column, words in enumerate(row):
            x = 0.16 + column * 0.115
            figure.text(x, y, words, fontsize=9, weight=weight, ha="right", va="center")

"""The figures of an exam as PNG files: two projections and the hottest lesions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from uptake.exam_result import ExamResult
from uptake.reporting.annotation import colour_bar, footer, new_figure, save_png, usual_top_suv
from uptake.reporting.lesion_views import draw_lesion, lesion_caption
from uptake.reporting.projection_view import GREY, MARGIN_INCH, paint
from uptake.reporting.projections import View, project

_LARGEST_INCH = (7.0, 7.6)
_HEAD_INCH, _FOOT_INCH, _BAR_INCH = 0.35, 0.3, 0.75


@dataclass(frozen=True, slots=True)
class DrawnFigure:
    """A picture on disk with the sentence that goes under it."""

    path: Path
    caption: str
    exam_number: int
    kind: Literal["coronal", "sagittal", "lesion"]


def draw_figures(result: ExamResult, folder: Path, *, hottest: int) -> tuple[DrawnFigure, ...]:
    """Draw an exam's projections and its ``hottest`` lesions into a folder that exists; no patient name appears.

    The same exam gives the same bytes. Files: ``exam-1-mip-coronal.png``, ``exam-1-mip-sagittal.png``,
    ``exam-1-lesion-01.png`` and so on, numbered as in the label map.
    """
    drawn = []
    views: tuple[View, View] = ("coronal", "sagittal")
    for view in views:
        path = folder / f"exam-{result.number}-mip-{view}.png"
        figure, caption = _draw_projection(result, view)
        save_png(figure, path)
        drawn.append(DrawnFigure(path, caption, result.number, view))
    for lesion in result.findings.lesions[:hottest]:
        path = folder / f"exam-{result.number}-lesion-{lesion.label:02d}.png"
        save_png(draw_lesion(result, lesion), path)
        drawn.append(DrawnFigure(path, lesion_caption(result, lesion), result.number, "lesion"))
    return tuple(drawn)


def _draw_projection(result: ExamResult, view: View) -> tuple[Figure, str]:
    projection = project(result, view)
    top_suv = usual_top_suv(result.prepared.exam.acquisition.tracer)
    width_mm, height_mm = projection.size_mm
    inch_per_mm = min((_LARGEST_INCH[0] - 2 * MARGIN_INCH) / width_mm, _LARGEST_INCH[1] / height_mm)
    width = max(width_mm * inch_per_mm + 2 * MARGIN_INCH, 3.4) + _BAR_INCH
    height = height_mm * inch_per_mm + _HEAD_INCH + _FOOT_INCH
    figure = new_figure(width, height)
    left = (width - _BAR_INCH - width_mm * inch_per_mm - 2 * MARGIN_INCH) / 2
    numbered = paint(figure, projection, (left, _FOOT_INCH), inch_per_mm, top_suv)
    bar_height = min(2.4, 0.7 * height)
    bottom = (height - bar_height) / 2
    colour_bar(figure, (1 - 0.72 / width, bottom / height, 0.13 / width, bar_height / height), GREY, top_suv)
    title = f"Exam {result.number}: {view} maximum-intensity projection"
    figure.text(0.5, 1 - 0.08 / height, title, fontsize=10, weight="bold", ha="center", va="top")
    footer(figure)
    return figure, _projection_caption(view, top_suv, numbered, len(projection.shadows))


def _projection_caption(view: View, top_suv: float, numbered: int, lesions: int) -> str:
    seen = "from the front, patient's right on the left" if view == "coronal" else "from the side, front on the left"
    words = f"{view.capitalize()} maximum-intensity projection ({seen}), SUVbw 0 to {top_suv:g} g/ml, lesions outlined"
    return f"{words}; the {numbered} hottest of {lesions} are numbered." if numbered < lesions else f"{words}."

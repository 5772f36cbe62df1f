"""The PDF report: first page for the reader in a hurry, then every number and where it comes from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, KeepTogether, PageBreak, PageTemplate, Paragraph, Spacer

from uptake import __version__
from uptake.exam_result import ExamResult
from uptake.notice import RESEARCH_USE
from uptake.reporting import pdf_sections as sections
from uptake.reporting.figures import DrawnFigure
from uptake.reporting.fonts import BOLD, REGULAR, register_fonts
from uptake.reporting.pdf_lesions import lesion_table
from uptake.reporting.pdf_style import (
    CONTENT_WIDTH,
    HEADING,
    MARGIN,
    NOTE,
    PAGE,
    TITLE,
    WARNING,
    WARNING_RED,
    pair_table,
    text,
)
from uptake.reporting.untrusted_text import person_name
from uptake.settings import RunSettings

_TITLE = "PET/CT uptake report"
_SOFTWARE = f"Uptake {__version__}"


def write_pdf(
    results: Sequence[ExamResult],
    figures: Sequence[DrawnFigure],
    path: Path,
    *,
    settings: RunSettings,
    created: datetime | None = None,
) -> None:
    """Write the report of a patient's exams; header text is escaped, never read as markup.

    Parameters
    ----------
    results
        Exams of one patient, in time order.
    figures
        What ``draw_figures`` drew for them.
    path
        The PDF to write.
    settings
        What the run was told.
    created
        Printed as the time of the report; None prints none, and the same results then give the same bytes.

    Raises
    ------
    ValueError
        If there is no exam, or the exams are of more than one patient.
    """
    if not results:
        raise ValueError("a report needs at least one exam")
    if len({result.prepared.exam.patient.patient_id for result in results}) > 1:
        raise ValueError("a report is about one patient")
    register_fonts()
    buffer = io.BytesIO()
    _document(buffer, results[0]).build(_story(results, figures, settings, created))
    path.write_bytes(buffer.getvalue())


def _story(
    results: Sequence[ExamResult], figures: Sequence[DrawnFigure], settings: RunSettings, created: datetime | None
) -> list[Any]:
    story: list[Any] = []
    for result in results:
        own = [figure for figure in figures if figure.exam_number == result.number]
        title = _TITLE if len(results) == 1 else f"{_TITLE}: exam {result.number} of {len(results)}"
        story += [text(title, TITLE), text(RESEARCH_USE, WARNING), Spacer(0, 4)]
        story += [*sections.identity(result), Spacer(0, 7), *sections.headline(result), Spacer(0, 8)]
        story += [*sections.projections(own, result.findings), PageBreak()]
        story += [*lesion_table(result), *sections.lesion_pictures(own)]
        story += [*sections.provenance(result), *sections.decisions(result), *sections.warnings(result), PageBreak()]
    story.pop()
    return [*story, *_making(results, settings, created)]


def _making(results: Sequence[ExamResult], settings: RunSettings, created: datetime | None) -> list[Any]:
    """The software, the weights, and the settings that counted."""
    weights, task = results[0].findings.weights, results[0].findings.task
    chosen = {**asdict(settings.network if weights else settings.segmentation)}
    chosen["hottest_pictured"] = settings.hottest_pictured
    if weights and task:
        chosen["bundle"] = task.bundle
    pairs = [("Software", _SOFTWARE), ("Weights", weights.sentence if weights else "none: no network was used")]
    pairs += [("Report made", f"{created:%Y-%m-%d %H:%M %Z}")] if created else []
    pairs += [(name, "not set" if value is None else str(value)) for name, value in chosen.items()]
    parts = [Paragraph("Software and settings", HEADING), pair_table(pairs, name_share=0.45)]
    if task:
        parts.append(pair_table([("Task", f"{task.chosen} (asked: {task.asked}). {task.why}")], columns=1))
    if weights:
        origin = [("Engine chosen", weights.engine_why), ("Trained on", weights.trained_on)]
        origin += [(f"SHA-256 of fold {each.fold}", each.sha256) for each in weights.folds]
        parts.append(pair_table(origin, columns=1))
    return [KeepTogether(parts)]


def _document(buffer: io.BytesIO, first: ExamResult) -> BaseDocTemplate:
    patient = first.prepared.exam.patient
    known = [value for value in (person_name(patient.name), patient.patient_id) if value.strip()]
    running = text(" · ".join(known), NOTE, 110)

    def page_edge(canvas: Any, document: Any) -> None:
        canvas.saveState()
        if document.page > 1:
            running.wrapOn(canvas, CONTENT_WIDTH, 10 * mm)
            running.drawOn(canvas, MARGIN, PAGE[1] - 11 * mm)
        canvas.setFillColor(WARNING_RED)
        canvas.setFont(BOLD, 7.5)
        canvas.drawString(MARGIN, 9 * mm, RESEARCH_USE)
        canvas.setFillGray(0.3)
        canvas.setFont(REGULAR, 7.5)
        canvas.drawRightString(PAGE[0] - MARGIN, 9 * mm, f"{_SOFTWARE}   page {document.page}")
        canvas.restoreState()

    frame = Frame(MARGIN, 13 * mm, CONTENT_WIDTH, PAGE[1] - 27 * mm, 0, 0, 0, 0)
    template = PageTemplate(frames=[frame], onPage=page_edge)
    # No patient in the document's properties: they are what search engines and file managers show.
    properties = {"title": _TITLE, "author": _SOFTWARE, "subject": RESEARCH_USE, "creator": _SOFTWARE, "lang": "en"}
    return BaseDocTemplate(buffer, pagesize=PAGE, pageTemplates=[template], invariant=1, **properties)

"""The parts of the PDF report, each a list of reportlab flowables for one exam."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image as PillowImage
from reportlab.platypus import Image, KeepTogether, Paragraph, Spacer, Table

from uptake.exam_result import ExamResult
from uptake.measurement import Findings
from uptake.reporting.figures import DrawnFigure
from uptake.reporting.number_format import amount_text, factor_text, suv_text
from uptake.reporting.pdf_lesions import class_table
from uptake.reporting.pdf_style import (
    CONTENT_WIDTH,
    HEADING,
    NOTE,
    SMALL,
    headline_table,
    pair_table,
    text,
    text_table,
)
from uptake.reporting.untrusted_text import date, person_name

_JPEG_QUALITY = 90
# What is left of the first page, in points, and what a row of a number table takes of it.
_PROJECTIONS_HEIGHT = 480.0
_ROW_HEIGHT = 14.0
_NOT_STATED = "not stated"


def identity(result: ExamResult) -> list[Any]:
    """Who was scanned, when, with what, and which series were measured."""
    exam = result.prepared.exam
    patient = exam.patient
    acquired = exam.pet.acquired
    pairs = (
        ("Patient", person_name(patient.name)),
        ("Exam", f"{acquired:%Y-%m-%d %H:%M}" if acquired else ""),
        ("Patient ID", patient.patient_id),
        ("Tracer", exam.acquisition.tracer),
        ("Born", date(patient.birth_date)),
        ("PET", exam.pet.label),
        ("Sex", patient.sex),
        ("CT", exam.ct.label if exam.ct else "none: PET alone was measured"),
    )
    return [pair_table([(name, value.strip() or _NOT_STATED) for name, value in pairs])]


def headline(result: ExamResult) -> list[Any]:
    """The totals, with the caveats of the method under them."""
    totals = result.findings.totals
    pairs = (
        ("lesions", str(totals.lesions)),
        ("SUVmax (g/ml)", suv_text(totals.suv_max)),
        ("SUVpeak (g/ml)", suv_text(totals.suv_peak)),
        ("SULpeak (g/ml)", suv_text(totals.sul_peak)),
        ("total MTV (ml)", amount_text(totals.mtv_ml)),
        ("total TLG (g)", amount_text(totals.tlg_g)),
    )
    notes = [_method(result.findings), *result.findings.caveats]
    sul_note = result.prepared.conversion.sul_note
    if sul_note:
        notes.append(f"SUL: {sul_note}")
    if result.warnings:
        notes.append(f"Warnings: {len(result.warnings)}, listed near the end of this report.")
    parts = [headline_table(pairs), Spacer(0, 4), *class_table(result.findings)]
    return [*parts, *(text(note, SMALL, 600) for note in notes)]


def _method(findings: Findings) -> str:
    """What found the lesions; the caveats say whose weights a network has."""
    if findings.weights is None:
        return f"Method: {findings.method}. No network weights were used."
    return f"Method: {findings.method}, run by {findings.weights.engine}."


def projections(figures: Sequence[DrawnFigure], findings: Findings) -> list[Any]:
    """Coronal and sagittal projection at one scale: side by side or one over the other, whichever shows more."""
    height = _PROJECTIONS_HEIGHT - (_ROW_HEIGHT * (len(findings.by_class) + 2.5) if findings.by_class else 0.0)
    chosen = [figure for figure in figures if figure.kind != "lesion"]
    if not chosen:
        return []
    sizes = []
    for figure in chosen:
        with PillowImage.open(figure.path) as image:
            sizes.append(image.size)
    wide, high = [size[0] for size in sizes], [size[1] for size in sizes]
    beside = min(CONTENT_WIDTH / sum(wide), height / max(high))
    stacked = min(CONTENT_WIDTH / max(wide), height / sum(high))
    scale = max(beside, stacked)
    cells = [_picture(figure, width * scale) for figure, width in zip(chosen, wide, strict=True)]
    captions = [text(figure.caption, NOTE) for figure in chosen]
    if stacked > beside:
        return [part for pair in zip(cells, captions, strict=True) for part in pair]
    row = Table([cells], colWidths=[width * scale for width in wide], style=[("VALIGN", (0, 0), (-1, -1), "BOTTOM")])
    row.setStyle([(side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING")])
    return [row, *captions]


def lesion_pictures(figures: Sequence[DrawnFigure]) -> list[Any]:
    """The hottest lesions in three planes, as many to a page as fit."""
    pictured = [figure for figure in figures if figure.kind == "lesion"]
    blocks = [[_picture(figure, CONTENT_WIDTH), text(figure.caption, NOTE), Spacer(0, 6)] for figure in pictured]
    if blocks:
        blocks[0].insert(0, Paragraph("Hottest lesions", HEADING))
    return [KeepTogether(block) for block in blocks]


def provenance(result: ExamResult) -> list[Any]:
    """How voxels became SUV, and the header values that rests on."""
    conversion = result.prepared.conversion
    low, high = float(conversion.factors.min()), float(conversion.factors.max())
    factor = factor_text(low) if low == high else f"{factor_text(low)} to {factor_text(high)}, by slice"
    sul = factor_text(conversion.sul_factor) if conversion.sul_factor is not None else "not available"
    pairs = (
        ("SUVbw factor", f"{factor} g/ml per rescaled voxel"),
        ("Rule taken", conversion.branch),
        ("SUL factor", f"{sul} (Janmahasatian)" if conversion.sul_factor is not None else sul),
        ("SUL note", conversion.sul_note or "none"),
    )
    parts = [Paragraph("From voxels to SUV", HEADING), pair_table(pairs, columns=1)]
    if conversion.tags:
        rows = [(tag.tag, tag.keyword, tag.value) for tag in conversion.tags]
        widths = [share * CONTENT_WIDTH for share in (0.18, 0.4, 0.42)]
        parts += [Spacer(0, 4), text_table(("Tag", "Attribute", "Value"), rows, widths)]
    return parts


def decisions(result: ExamResult) -> list[Any]:
    """Which series were taken or left, and why."""
    found = result.prepared.exam.decisions
    if not found:
        return []
    rows = [(decision.label, "taken" if decision.taken else "left", decision.reason) for decision in found]
    widths = [share * CONTENT_WIDTH for share in (0.36, 0.09, 0.55)]
    return [KeepTogether([Paragraph("Series", HEADING), text_table(("Series", "", "Why"), rows, widths)])]


def warnings(result: ExamResult) -> list[Any]:
    """Everything that was repaired, ignored or disagreed with."""
    found = result.warnings
    listed = [text(f"• {warning}", SMALL, 600) for warning in found] or [text("None.", SMALL)]
    return [KeepTogether([Paragraph("Warnings", HEADING), *listed])]


def _picture(figure: DrawnFigure, width: float) -> Image:
    """A figure as JPEG, which a PDF carries as it is; the lossless PNG lies beside the report."""
    buffer = io.BytesIO()
    with PillowImage.open(figure.path) as image:
        pixels = image.size
        image.convert("RGB").save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    buffer.seek(0)
    return Image(buffer, width=width, height=width * pixels[1] / pixels[0])

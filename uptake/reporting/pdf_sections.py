"""The parts of the PDF report, each a list of reportlab flowables for one exam."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image as PillowImage
from reportlab.platypus import Image, KeepTogether, Paragraph, Spacer, Table

from uptake.exam_result import ExamResult
from uptake.reporting.figures import DrawnFigure
from uptake.reporting.number_format import amount_text, factor_text, suv_text
from uptake.reporting.pdf_style import (
    CONTENT_WIDTH,
    HEADING,
    NOTE,
    SMALL,
    headline_table,
    number_table,
    pair_table,
    text,
    text_table,
)
from uptake.reporting.untrusted_text import date, person_name

_JPEG_QUALITY = 90
# What is left of the first page, in points.
_PROJECTIONS_HEIGHT = 480.0
_NOT_STATED = "not stated"
_LESION_COLUMNS = (
    ("No.", 0.06),
    ("SUVmax", 0.085),
    ("SUVmean", 0.09),
    ("SUVpeak", 0.09),
    ("SULpeak", 0.09),
    ("MTV (ml)", 0.09),
    ("TLG (g)", 0.095),
    ("Position x, y, z (mm)", 0.21),
    ("Size RL, AP, HF (mm)", 0.19),
)


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
    notes = [f"Method: {result.findings.method}. No network weights were used.", *result.findings.caveats]
    sul_note = result.prepared.conversion.sul_note
    if sul_note:
        notes.append(f"SUL: {sul_note}")
    if result.warnings:
        notes.append(f"Warnings: {len(result.warnings)}, listed near the end of this report.")
    return [headline_table(pairs), Spacer(0, 4), *(text(note, SMALL, 600) for note in notes)]


def projections(figures: Sequence[DrawnFigure]) -> list[Any]:
    """Coronal and sagittal projection at one scale: side by side or one over the other, whichever shows more."""
    chosen = [figure for figure in figures if figure.kind != "lesion"]
    if not chosen:
        return []
    sizes = []
    for figure in chosen:
        with PillowImage.open(figure.path) as image:
            sizes.append(image.size)
    wide, high = [size[0] for size in sizes], [size[1] for size in sizes]
    beside = min(CONTENT_WIDTH / sum(wide), _PROJECTIONS_HEIGHT / max(high))
    stacked = min(CONTENT_WIDTH / max(wide), _PROJECTIONS_HEIGHT / sum(high))
    scale = max(beside, stacked)
    cells = [_picture(figure, width * scale) for figure, width in zip(chosen, wide, strict=True)]
    captions = [text(figure.caption, NOTE) for figure in chosen]
    if stacked > beside:
        return [part for pair in zip(cells, captions, strict=True) for part in pair]
    row = Table([cells], colWidths=[width * scale for width in wide], style=[("VALIGN", (0, 0), (-1, -1), "BOTTOM")])
    row.setStyle([(side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING")])
    return [row, *captions]


def lesion_table(result: ExamResult) -> list[Any]:
    """Every lesion's numbers, hottest first."""
    parts: list[Any] = [Paragraph("Lesions", HEADING)]
    lesions = result.findings.lesions
    if not lesions:
        return [*parts, text("No lesion was found with this method and these settings.")]
    order, _ = result.prepared.suv.geometry.to_canonical()
    rows = [[name for name, _ in _LESION_COLUMNS]]
    for lesion in lesions:
        head_feet, front_back, right_left = (lesion.extent_mm[axis] for axis in order)
        rows.append(
            [
                str(lesion.label),
                suv_text(lesion.suv_max),
                suv_text(lesion.suv_mean),
                suv_text(lesion.suv_peak),
                suv_text(lesion.sul_peak),
                amount_text(lesion.mtv_ml),
                amount_text(lesion.tlg_g),
                ", ".join(f"{value:.1f}" for value in lesion.max_position_mm),
                f"{right_left:.0f}, {front_back:.0f}, {head_feet:.0f}",
            ]
        )
    note = (
        "SUV (body weight), SUL and their peaks in g/ml; a peak is the highest mean in a 1 ml sphere. The position is "
    )
    note += "SUVmax's, in patient coordinates: x to the left, y to the back, z to the head."
    sites = [f"{lesion.label} {lesion.site}" for lesion in lesions if lesion.site]
    table = number_table(rows, [share * CONTENT_WIDTH for _, share in _LESION_COLUMNS])
    parts += [table, Spacer(0, 3), text(note, NOTE, 400)]
    return [*parts, text(f"Sites: {'; '.join(sites)}.", NOTE, 2000)] if sites else parts


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

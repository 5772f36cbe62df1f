"""The tables of lesions in the PDF report: each class's totals, and every lesion's numbers."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import Paragraph, Spacer

from uptake.exam_result import ExamResult
from uptake.fold_agreement import FOLDS_NOTE
from uptake.measurement import Findings, LesionMeasurement, Totals, split_notes
from uptake.reporting.number_format import amount_text, suv_text
from uptake.reporting.pdf_style import CONTENT_WIDTH, HEADING, NOTE, SMALL, number_table, text

# Title and share of the page's width.
_COLUMNS = (
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
# The same with the class after the number, in titles of two lines.
_CLASS_COLUMNS = (
    ("No.", 0.045),
    ("Class", 0.2),
    ("SUV\nmax", 0.068),
    ("SUV\nmean", 0.068),
    ("SUV\npeak", 0.068),
    ("SUL\npeak", 0.068),
    ("MTV\n(ml)", 0.075),
    ("TLG\n(g)", 0.08),
    ("Position\nx, y, z (mm)", 0.183),
    ("Size (mm)\nRL, AP, HF", 0.145),
)
# The same with the folds' agreement at the end.
_FOLD_COLUMNS = (
    ("No.", 0.04),
    ("Class", 0.175),
    ("SUV\nmax", 0.062),
    ("SUV\nmean", 0.062),
    ("SUV\npeak", 0.062),
    ("SUL\npeak", 0.062),
    ("MTV\n(ml)", 0.07),
    ("TLG\n(g)", 0.075),
    ("Position\nx, y, z (mm)", 0.172),
    ("Size (mm)\nRL, AP, HF", 0.125),
    ("Folds", 0.095),
)
_TOTALS_COLUMNS = (
    ("", 0.4),
    ("lesions", 0.12),
    ("MTV (ml)", 0.12),
    ("TLG (g)", 0.12),
    ("SUVmax", 0.12),
    ("SUVpeak", 0.12),
)
_NOTE = (
    "SUV (body weight), SUL and their peaks in g/ml; a peak is the highest mean in a 1 ml sphere. The position is "
    "SUVmax's, in patient coordinates: x to the left, y to the back, z to the head."
)


def class_table(findings: Findings) -> list[Any]:
    """Number, burden and uptake of each class and of all; nothing where the method tells no classes apart."""
    if not findings.by_class:
        return []
    rows = [[name for name, _ in _TOTALS_COLUMNS]]
    rows += [_totals_row(each.lesion_class.title, each.totals) for each in findings.by_class]
    rows.append(_totals_row("All: total tumour burden (TTB)", findings.totals))
    return [number_table(rows, [share * CONTENT_WIDTH for _, share in _TOTALS_COLUMNS], left=0), Spacer(0, 4)]


def _totals_row(name: str, totals: Totals) -> list[str]:
    sums = str(totals.lesions), amount_text(totals.mtv_ml), amount_text(totals.tlg_g)
    return [name, *sums, suv_text(totals.suv_max), suv_text(totals.suv_peak)]


def lesion_table(result: ExamResult) -> list[Any]:
    """Every lesion's numbers, hottest first."""
    parts: list[Any] = [Paragraph("Lesions", HEADING)]
    findings = result.findings
    if not findings.lesions:
        return [*parts, text("No lesion was found with this method and these settings.")]
    order, _ = result.prepared.suv.geometry.to_canonical()
    folds = bool(findings.by_class) and any(lesion.agreement for lesion in findings.lesions)
    columns = _FOLD_COLUMNS if folds else _CLASS_COLUMNS if findings.by_class else _COLUMNS
    rows = [[name for name, _ in columns]]
    for lesion in findings.lesions:
        known = findings.class_of(lesion)
        row = [str(lesion.label), *([known.title] if known else []), *_numbers(lesion, order)]
        rows.append(row + ([_folds(lesion)] if folds else []))
    widths = [share * CONTENT_WIDTH for _, share in columns]
    table = number_table(rows, widths, left=1 if findings.by_class else None)
    parts += [table, Spacer(0, 3), text(_NOTE, NOTE, 400)]
    if folds:
        parts.append(text(FOLDS_NOTE, NOTE, 400))
        parts += [text(note, SMALL, 400) for note in split_notes(findings)]
    sites = [f"{lesion.label} {lesion.site}" for lesion in findings.lesions if lesion.site]
    return [*parts, text(f"Sites: {'; '.join(sites)}.", NOTE, 2000)] if sites else parts


def _folds(lesion: LesionMeasurement) -> str:
    agreement = lesion.agreement
    if agreement is None:
        return ""
    split = "\nsplit" if agreement.split else ""
    return f"{agreement.found_by}/{agreement.folds}, {100 * agreement.confidence:.0f} %{split}"


def _numbers(lesion: LesionMeasurement, order: tuple[int, int, int]) -> list[str]:
    head_feet, front_back, right_left = (lesion.extent_mm[axis] for axis in order)
    return [
        suv_text(lesion.suv_max),
        suv_text(lesion.suv_mean),
        suv_text(lesion.suv_peak),
        suv_text(lesion.sul_peak),
        amount_text(lesion.mtv_ml),
        amount_text(lesion.tlg_g),
        ", ".join(f"{value:.1f}" for value in lesion.max_position_mm),
        f"{right_left:.0f}, {front_back:.0f}, {head_feet:.0f}",
    ]

"""The files of a run: what is written where. Shared by ``uptake run`` and the graph, so both leave the same files.

In the staging folder: ``dicom/exam-N-{seg,rwvm,sr,rtstruct,report,key-image}.dcm``, ``figures/exam-N-….png``,
``report.pdf`` and ``results.json``. N counts the exams in time order; no file name carries patient data.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from uptake.dicom.results.key_image import build_key_image
from uptake.dicom.results.measurement_report import ReportReferences, build_measurement_report
from uptake.dicom.results.output_instance import DicomInstanceContext, save_dataset
from uptake.dicom.results.real_world_value_map import build_real_world_value_map
from uptake.dicom.results.report_pdf import build_encapsulated_pdf
from uptake.dicom.results.segmentation import build_segmentation
from uptake.dicom.results.source_headers import SourceHeaders, load_source_headers
from uptake.dicom.results.structure_set import build_structure_set
from uptake.exam_result import ExamResult
from uptake.reporting.figures import DrawnFigure, draw_figures
from uptake.reporting.key_image import key_image
from uptake.reporting.pdf import write_pdf
from uptake.reporting.results_json import build_results, encode_json, validate_results
from uptake.settings import RunSettings

REPORT = "report.pdf"
RESULTS = "results.json"
_REPORT_TITLE = "PET/CT uptake report"
_KEY_IMAGE = "PET projections with regions outlined"
# A data set of the dicom layer, passed on but never looked into here.
DicomObject = Any


def write_segmentations(results: Sequence[ExamResult], staging: Path) -> tuple[DicomObject, ...]:
    """Write a SEG per exam; the data sets come back for the reports to refer to, None where there is no region."""
    written = []
    for result in results:
        segmentation = build_segmentation(_source(result), result.findings, _context(result))
        if segmentation is not None:
            save_dataset(segmentation, _dicom_file(staging, result, "seg"))
        written.append(segmentation)
    return tuple(written)


def write_real_world_value_maps(results: Sequence[ExamResult], staging: Path) -> tuple[DicomObject, ...]:
    """Write a real world value map (stored values to SUV) per exam; the data sets come back."""
    written = []
    for result in results:
        prepared = result.prepared
        value_map = build_real_world_value_map(
            _source(result), prepared.exam.acquisition, prepared.conversion, _context(result)
        )
        save_dataset(value_map, _dicom_file(staging, result, "rwvm"))
        written.append(value_map)
    return tuple(written)


def write_measurement_reports(
    results: Sequence[ExamResult],
    segmentations: Sequence[DicomObject],
    value_maps: Sequence[DicomObject],
    staging: Path,
) -> None:
    """Write a TID 1500 measurement report per exam, which refers to its SEG and its value map."""
    for result, segmentation, value_map in zip(results, segmentations, value_maps, strict=True):
        references = ReportReferences(segmentation=segmentation, real_world_value_map=value_map)
        notes = [note] if (note := result.prepared.conversion.sul_note) else []
        if (task := result.findings.task) is not None and task.bundle:
            notes.append(f"Task {task.chosen}: {task.why}")
        report = build_measurement_report(_source(result), result.findings, references, _context(result), notes=notes)
        save_dataset(report, _dicom_file(staging, result, "sr"))


def write_structure_sets(results: Sequence[ExamResult], staging: Path) -> None:
    """Write an RT Structure Set on the CT of each exam whose findings have regions for planning."""
    for result in results:
        ct, planning = result.prepared.exam.ct, result.findings.planning
        if ct is None or planning is None:
            continue
        structures = build_structure_set(load_source_headers(ct), result.findings, planning, _context(result))
        if structures is not None:
            save_dataset(structures, _dicom_file(staging, result, "rtstruct"))


def write_figures(results: Sequence[ExamResult], staging: Path, settings: RunSettings) -> tuple[DrawnFigure, ...]:
    """Draw the projections and the hottest lesions of every exam."""
    folder = staging / "figures"
    folder.mkdir(exist_ok=True)
    return tuple(
        figure for result in results for figure in draw_figures(result, folder, hottest=settings.hottest_pictured)
    )


def write_reports(
    results: Sequence[ExamResult], figures: Sequence[DrawnFigure], staging: Path, settings: RunSettings
) -> None:
    """Write the PDF, the same PDF in DICOM with the latest exam's study, and a key image per exam."""
    path = staging / REPORT
    write_pdf(results, figures, path, settings=settings)
    latest = results[-1]
    report = build_encapsulated_pdf(_source(latest), path.read_bytes(), _REPORT_TITLE, _context(latest))
    save_dataset(report, _dicom_file(staging, latest, "report"))
    for result in results:
        image = build_key_image(_source(result), key_image(result), _KEY_IMAGE, _context(result))
        save_dataset(image, _dicom_file(staging, result, "key-image"))


def write_results(results: Sequence[ExamResult], staging: Path, settings: RunSettings) -> None:
    """Write ``results.json``, held against its schema; last, since it lists the other files."""
    files = sorted(str(path.relative_to(staging)) for path in staging.rglob("*") if path.is_file())
    document = build_results(results, settings, files=files)
    validate_results(document)
    (staging / RESULTS).write_bytes(encode_json(document))


def _source(result: ExamResult) -> SourceHeaders:
    return load_source_headers(result.prepared.exam.pet)


def _context(result: ExamResult) -> DicomInstanceContext:
    return DicomInstanceContext(created=datetime.now(), exam_number=result.number)


def _dicom_file(staging: Path, result: ExamResult, kind: str) -> Path:
    folder = staging / "dicom"
    folder.mkdir(exist_ok=True)
    return folder / f"exam-{result.number}-{kind}.dcm"

"""The truth beside a digital patient's exams: ``truth.json``, and organ and lesion labels as NIfTI and DICOM SEG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import SimpleITK

from uptake.dicom.results.label_segmentation import LabelSegment, LabelSeries, build_label_segmentation
from uptake.dicom.results.output_instance import DicomInstanceContext, save_dataset
from uptake.dicom.results.source_headers import SourceHeaders, load_source_headers
from uptake.phantom.checking.anatomy import sites, structures
from uptake.phantom.plan import GENERATOR_VERSION, ExamPlan, PatientPlan
from uptake.phantom.truth.document import GENERATOR, TruthExam, build_truth, validate_truth
from uptake.registration.resampling import to_sitk
from uptake.reporting.results_json import encode_json
from uptake.volume import LabelMap

__all__ = ["TruthExam", "write_truth"]

FOLDER = "truth"
DOCUMENT = "truth.json"
_FIRST_SERIES_NUMBER = 8001
_CONTENT = {"lesions": "TRUTH_LESIONS", "organs": "TRUTH_ORGANS"}
# Fat and blood are tissues in DICOM's list of segment categories (CID 7150), no anatomical structures.
_TISSUES = frozenset({"55603005", "87612001"})


def write_truth(folder: Path, patient: PatientPlan, exams: Sequence[TruthExam]) -> None:
    """Write the folder ``truth`` of a digital patient; the same patient gives the same bytes.

    For each exam N: ``exam-N-lesions`` and ``exam-N-organs`` as ``.nii.gz`` (all numbers) and as ``.dcm`` (one binary
    segment per lesion, organ and bone that occurs, without the envelope of skin, fat and muscle; none for an exam
    without lesions). ``truth.json`` comes last.

    Parameters
    ----------
    folder
        The patient's; ``truth`` is made in it.
    exams
        In the order of the patient's.

    Raises
    ------
    ValueError
        If the exams are not the patient's, or labels are not on their PET's grid.
    UnreadableFile
        If the header of a PET series cannot be read again.
    """
    truth = folder / FOLDER
    truth.mkdir(parents=True, exist_ok=True)
    files = {exam.plan.number: _write_labels(truth, patient, exam) for exam in exams}
    document = build_truth(patient, exams, files)
    validate_truth(document)
    (truth / DOCUMENT).write_bytes(encode_json(document))


def _write_labels(truth: Path, patient: PatientPlan, exam: TruthExam) -> list[str]:
    source = load_source_headers(exam.pet_series)
    written = []
    for number, (kind, labels, segments) in enumerate(
        (
            ("lesions", exam.lesions, _lesion_segments(exam.plan)),
            ("organs", exam.structures, _organ_segments()),
        )
    ):
        stem = f"exam-{exam.plan.number}-{kind}"
        _write_nifti(labels, truth / f"{stem}.nii.gz")
        written.append(f"{stem}.nii.gz")
        series = LabelSeries(
            identity=f"{patient.identity}/exam {exam.plan.number}/truth {kind}",
            number=_FIRST_SERIES_NUMBER + number,
            description=f"DIGITAL PATIENT truth: {kind}",
            content_label=_CONTENT[kind],
            algorithm=GENERATOR,
            version=GENERATOR_VERSION,
        )
        if _write_dicom(source, labels, segments, series, exam, truth / f"{stem}.dcm"):
            written.append(f"{stem}.dcm")
    return written


def _write_dicom(
    source: SourceHeaders,
    labels: LabelMap,
    segments: Sequence[LabelSegment],
    series: LabelSeries,
    exam: TruthExam,
    path: Path,
) -> bool:
    # A time of the plan, not of the clock, so that the same patient gives the same bytes.
    made = exam.plan.injected + timedelta(seconds=exam.plan.tracer.uptake_s)
    context = DicomInstanceContext(created=made, exam_number=exam.plan.number)
    instance = build_label_segmentation(source, labels, segments, series, context)
    if instance is None:
        return False
    save_dataset(instance, path)
    return True


def _write_nifti(labels: LabelMap, path: Path) -> None:
    """One byte per voxel where the numbers allow it."""
    array = labels.array.astype(np.uint8) if labels.array.max(initial=0) < 256 else labels.array
    SimpleITK.WriteImage(to_sitk(array, labels.geometry), str(path), useCompression=True)


def _lesion_segments(plan: ExamPlan) -> list[LabelSegment]:
    return [
        LabelSegment(
            label=label,
            name=lesion.identity,
            category="lesion",
            code=sites()[lesion.site].code,
            meaning=sites()[lesion.site].meaning,
            laterality=sites()[lesion.site].laterality,
            description=f"Lesion of a digital patient: {lesion.kind}, {lesion.site.replace('_', ' ')}.",
        )
        for label, lesion in enumerate(plan.lesions, start=1)
    ]


def _organ_segments() -> list[LabelSegment]:
    return [
        LabelSegment(
            label=row.number,
            name=row.name.replace("_", " "),
            category="tissue" if row.code in _TISSUES else "anatomy",
            code=row.code,
            meaning=row.meaning,
            laterality=row.laterality,
            description="Structure of a digital patient.",
        )
        for row in structures().values()
        if row.group != "envelope"
    ]

"""Planned exams in the words of their DICOM headers."""

from __future__ import annotations

from datetime import datetime, timedelta

from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.phantom.plan import ExamPlan, PatientPlan
from uptake.phantom.tracers.radionuclides import radiopharmaceutical

# CID 4 (Anatomic Region), defined terms of Body Part Examined.
_BODY_PART = {"whole-body": "WHOLEBODY", "head-neck": "HEADNECK"}


def injection_of(tracer: str, activity_bq: float, injected: datetime) -> Injection:
    """An injection of ``fdg``, ``psma-11`` or ``psma-1007``; ValueError for another."""
    drug = radiopharmaceutical(tracer)
    return Injection(
        activity_bq=activity_bq,
        injected=injected,
        half_life_s=drug.half_life_s,
        positron_fraction=drug.positron_fraction,
        radiopharmaceutical=drug.label,
        code=(drug.code.value, drug.code.scheme, drug.code.meaning),
        nuclide_code=(drug.radionuclide.value, drug.radionuclide.scheme, drug.radionuclide.meaning),
    )


def dicom_terms(patient: PatientPlan, exam: ExamPlan) -> tuple[ExamHeader, Injection, Protocol]:
    """Who was scanned, what was injected, and how the exam's scanner writes."""
    header = ExamHeader(
        patient=patient.patient,
        identity=f"{patient.identity}/exam {exam.number}",
        weight_kg=exam.body.weight_kg,
        height_m=exam.body.height_m,
        study_start=exam.injected,
        body_part=_BODY_PART[exam.field],
    )
    scanner = exam.scanner
    protocol = Protocol(
        scanned=exam.injected + timedelta(seconds=exam.tracer.uptake_s),
        vendor=scanner.vendor,
        units=scanner.units,
        decay_correction=scanner.decay_correction,
        frame_duration_s=scanner.frame_duration_s,
        enhanced=scanner.enhanced,
        transfer_syntax=scanner.transfer_syntax,
    )
    return header, injection_of(exam.tracer.name, exam.activity_bq, exam.injected), protocol

"""truth.json: everything that is known of a digital patient, as plain JSON values held against a schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from math import isfinite, pi, prod
from typing import Any

import numpy as np
from jsonschema import Draft202012Validator, FormatChecker

from uptake.exam import ImageSeries
from uptake.phantom.checking.anatomy import structures
from uptake.phantom.checking.cutoffs import Verdict
from uptake.phantom.checking.measured import Measured, MeasuredLesion
from uptake.phantom.checking.verdicts import verdicts
from uptake.phantom.plan import GENERATOR_VERSION, ExamPlan, LesionPlan, PatientPlan
from uptake.volume import LabelMap

SCHEMA = "uptake.truth/1"
SCHEMA_FILE = "truth-1.schema.json"
GENERATOR = "Uptake digital patient generator"
_DIGITS = 6
_SPHERE = 4 * pi / 3


@dataclass(frozen=True, slots=True, eq=False)
class TruthExam:
    """One exam with its truth.

    Parameters
    ----------
    structures, lesions
        On the PET grid; numbers of ``body/structures.csv``, and 1 for the first of the plan's lesions.
    pet_series
        The written PET, which the DICOM labels refer to.
    volumes_ml
        Of each lesion as painted; where empty, the planned ellipsoid's.
    """

    plan: ExamPlan
    measured: Measured
    structures: LabelMap
    lesions: LabelMap
    pet_series: ImageSeries
    volumes_ml: tuple[float, ...] = ()


def build_truth(patient: PatientPlan, exams: Sequence[TruthExam], files: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    """Gather what is known of a digital patient.

    Parameters
    ----------
    exams
        In the order of the patient's.
    files
        By exam number, the label files beside the document.

    Raises
    ------
    ValueError
        If the exams are not the patient's.
    """
    if [exam.plan for exam in exams] != list(patient.exams):
        raise ValueError("the exams of the truth are not those of the patient's plan")
    found = verdicts(patient, [exam.measured for exam in exams])
    document = {
        "schema": SCHEMA,
        "digital_patient": True,
        "generator": {"name": GENERATOR, "version": GENERATOR_VERSION},
        "patient": {"patient_id": patient.patient.patient_id, "sex": patient.patient.sex},
        "system": patient.system,
        "identity": patient.identity,
        "disease": patient.disease,
        "scenario": patient.scenario,
        "borderline": patient.borderline,
        "intended": dict(patient.intended),
        "verdicts": {name: _verdict(verdict) for name, verdict in found.items()},
        "follow_up": _follow_up(patient),
        "exams": [
            {**_exam(exam, files.get(exam.plan.number, ())), "resolved": _resolved(before, exam)}
            for before, exam in zip((None, *exams), exams, strict=False)
        ],
    }
    rounded: dict[str, Any] = _plain(document)
    return rounded


def validate_truth(document: dict[str, Any]) -> None:
    """Hold a truth document against ``truth-1.schema.json``.

    Raises
    ------
    jsonschema.ValidationError
        If it does not fit.
    """
    _validator().validate(document)


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(files(__package__).joinpath(SCHEMA_FILE).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """JSON has no infinity: a margin that nothing measures is null."""
    return {
        "category": verdict.category,
        "margin": verdict.margin if isfinite(verdict.margin) else None,
        "evidence": dict(verdict.evidence),
    }


def _follow_up(patient: PatientPlan) -> dict[str, Any] | None:
    if patient.follow_up_days is None:
        return None
    return {"days": patient.follow_up_days, "event": bool(patient.event)}


def _exam(exam: TruthExam, files: Sequence[str]) -> dict[str, Any]:
    plan, measured = exam.plan, exam.measured
    painted = exam.volumes_ml or tuple(_planned_ml(lesion) for lesion in plan.lesions)
    count = np.bincount(exam.structures.array.ravel(), minlength=256)
    voxel_ml = exam.structures.geometry.voxel_volume_ml
    return {
        "number": plan.number,
        "study_uid": exam.pet_series.study_uid,
        "pet_series_uid": exam.pet_series.series_uid,
        "frame_of_reference_uid": exam.pet_series.frame_of_reference_uid,
        "field": plan.field,
        "injected": plan.injected.isoformat(),
        "activity_bq": plan.activity_bq,
        "body": asdict(plan.body),
        "pose": asdict(plan.pose),
        "tracer": asdict(plan.tracer),
        "scanner": asdict(plan.scanner),
        "breath_mm": plan.breath_mm,
        "ct_breath_mm": plan.ct_breath_mm,
        "metal": plan.metal,
        "measured": _references(measured),
        "organs": [
            {"label": row.number, "name": row.name, "volume_ml": float(count[row.number]) * voxel_ml}
            for row in structures().values()
            if count[row.number]
        ],
        "lesions": [
            _lesion(label, lesion, volume_ml, found)
            for label, (lesion, volume_ml, found) in enumerate(
                zip(plan.lesions, painted, measured.lesions, strict=True), start=1
            )
        ],
        "files": list(files),
    }


def _resolved(before: TruthExam | None, exam: TruthExam) -> list[str]:
    """Lesions of the exam before that neither stayed nor merged or split into others."""
    kept = {name for lesion in exam.plan.lesions for name in (lesion.identity, *lesion.parents)}
    return [lesion.identity for lesion in before.plan.lesions if lesion.identity not in kept] if before else []


def _references(measured: Measured) -> dict[str, Any]:
    return {
        "sul_per_suv": measured.sul_per_suv,
        "liver": asdict(measured.liver) if measured.liver else None,
        "blood_pool": asdict(measured.blood_pool) if measured.blood_pool else None,
        "parotid_suv": measured.parotid_suv,
        "spleen_suv": measured.spleen_suv,
        "liver_ml": measured.liver_ml,
        "bone_ml": measured.bone_ml,
    }


def _lesion(label: int, plan: LesionPlan, volume_ml: float, found: MeasuredLesion) -> dict[str, Any]:
    return {
        "label": label,
        "identity": plan.identity,
        "site": plan.site,
        "kind": plan.kind,
        "mitnm": found.mitnm,
        "volume_ml": volume_ml,
        "suv": plan.suv,
        "core": plan.core,
        "core_suv": plan.core_suv,
        "fate": plan.fate,
        "parents": list(plan.parents),
        "centre_body_mm": plan.centre_mm,
        "half_axes_mm": plan.half_axes_mm,
        "measured": {
            "suv_max": found.suv_max,
            "suv_mean": found.suv_mean,
            "suv_peak": found.suv_peak,
            "sul_peak": found.sul_peak,
            "mtv_ml": found.mtv_ml,
            "tlg_g": found.tlg_g,
        },
    }


def _planned_ml(lesion: LesionPlan) -> float:
    return _SPHERE * prod(lesion.half_axes_mm) / 1000


def _plain(value: Any) -> Any:
    """JSON values: tuples as lists, and numbers with six digits, which is more than any of them means."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.{_DIGITS}g}")
    return value

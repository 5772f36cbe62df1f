"""results.json: every number of a run with where it comes from, after a published schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from uptake import __version__
from uptake.acquisition import SuvConversion
from uptake.exam import Exam
from uptake.exam_result import ExamResult
from uptake.measurement import Findings, LesionMeasurement
from uptake.network_weights import NetworkWeights
from uptake.notice import RESEARCH_USE
from uptake.reporting.json_schema import validate
from uptake.settings import RunSettings

SCHEMA = "uptake.result/1"
SCHEMA_FILE = "result-1.schema.json"
_NO_WEIGHTS = "none: threshold methods only, no network was used"


def build_results(results: Sequence[ExamResult], settings: RunSettings, *, files: Sequence[str] = ()) -> dict[str, Any]:
    """Gather a run's results as plain JSON values.

    Parameters
    ----------
    results
        Exams of one patient, in time order.
    settings
        What the run was told.
    files
        The other files of the run, relative to the output folder.

    Raises
    ------
    ValueError
        If there is no exam, or the exams are of more than one patient.
    """
    patients = {result.prepared.exam.patient.patient_id: result.prepared.exam.patient for result in results}
    if len(patients) != 1:
        raise ValueError(f"results.json is about one patient, not {len(patients)}")
    weights, task = results[0].findings.weights, results[0].findings.task
    return {
        "schema": SCHEMA,
        "for_research_use": RESEARCH_USE,
        "software": {"name": "Uptake", "version": __version__},
        "task": asdict(task) if task else None,
        "weights": weights.sentence if weights else _NO_WEIGHTS,
        "network": _network(weights) if weights else None,
        "settings": asdict(settings),
        "patient": asdict(results[0].prepared.exam.patient),
        "exams": [_exam(result) for result in results],
        "files": sorted(files),
    }


def validate_results(document: dict[str, Any]) -> None:
    """Hold a results document against ``result-1.schema.json``.

    Raises
    ------
    jsonschema.ValidationError
        If it does not fit.
    """
    validate(document, SCHEMA_FILE)


def encode_json(document: dict[str, Any]) -> bytes:
    """The bytes of a JSON file: UTF-8 as it is written, keys sorted, so that equal documents are equal files.

    Raises
    ------
    ValueError
        If a number is NaN or infinite: JSON has neither, and a result must not hold one.
    """
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
    # A lone surrogate of a broken name is not UTF-8; JSON's own escape for it is.
    return text.encode("utf-8", "backslashreplace")


def _network(weights: NetworkWeights) -> dict[str, Any]:
    plain = asdict(weights)
    return {**plain, "folds": list(plain["folds"]), "for_research_use": RESEARCH_USE}


def _exam(result: ExamResult) -> dict[str, Any]:
    exam = result.prepared.exam
    return {
        "number": result.number,
        "tracer": exam.acquisition.tracer,
        "pet": _series(exam, "pet"),
        "ct": _series(exam, "ct"),
        "suv": _conversion(result.prepared.conversion),
        "series_decisions": [asdict(decision) for decision in exam.decisions],
        "findings": _findings(result.findings),
        "warnings": list(result.warnings),
    }


def _series(exam: Exam, which: str) -> dict[str, Any] | None:
    series = exam.pet if which == "pet" else exam.ct
    if series is None:
        return None
    return {
        "study_uid": series.study_uid,
        "series_uid": series.series_uid,
        "frame_of_reference_uid": series.frame_of_reference_uid,
        "label": series.label,
        "acquired": series.acquired.isoformat() if series.acquired else None,
        "shape_zyx": list(series.geometry.shape),
        "spacing_zyx_mm": [float(step) for step in series.geometry.spacing_mm],
    }


def _conversion(conversion: SuvConversion) -> dict[str, Any]:
    return {
        "factor_min": float(conversion.factors.min()),
        "factor_max": float(conversion.factors.max()),
        "branch": conversion.branch,
        "tags": [asdict(tag) for tag in conversion.tags],
        "sul_factor": conversion.sul_factor,
        "sul_note": conversion.sul_note,
    }


def _findings(findings: Findings) -> dict[str, Any]:
    return {
        "method": findings.method,
        "caveats": list(findings.caveats),
        "totals": asdict(findings.totals),
        "by_class": [{"class": asdict(each.lesion_class), "totals": asdict(each.totals)} for each in findings.by_class],
        "lesions": [_lesion(lesion) for lesion in findings.lesions],
    }


def _lesion(lesion: LesionMeasurement) -> dict[str, Any]:
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(lesion).items()}
    agreement = lesion.agreement
    if agreement is not None:
        votes = [{"class_name": name, "folds": count} for name, count in agreement.votes]
        listed["agreement"] = {**asdict(agreement), "votes": votes, "split": agreement.split}
    return listed

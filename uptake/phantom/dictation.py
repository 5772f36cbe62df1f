"""The reports of a digital patient's exams: what was seen in the noisy images, in one author's words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

import numpy as np

from uptake.phantom.checking.anatomy import sites, structures
from uptake.phantom.plan import ExamPlan, LesionPlan, PatientPlan
from uptake.phantom.reports.authors import AUTHORS
from uptake.phantom.reports.document import Report
from uptake.phantom.reports.facts import Finding, ReportFacts
from uptake.phantom.reports.phrases import region_of
from uptake.phantom.reports.writer import write_report
from uptake.phantom.truth.document import TruthExam
from uptake.volume import SuvVolume

_RECIP = {"PD": "progression", "SD": "stable", "PR": "partial response", "CR": "resolution"}
_WITHOUT_MASS = ("marrow",)
# Organs whose normal uptake a report mentions, by the words it uses.
_PHYSIOLOGICAL = {"brain": "brain", "liver": "liver", "parotid": "parotid_left", "bladder": "bladder"}


def write_reports(folder: Path, patient: PatientPlan, exams: Sequence[TruthExam], images: Sequence[SuvVolume]) -> None:
    """Write ``exam-N.txt``, and ``exam-N.json`` with the truth of that text, for every exam.

    Parameters
    ----------
    exams, images
        In time order; the images are those with noise, as a physician reads no others.
    """
    folder.mkdir(parents=True)
    for exam, report in zip(exams, dictated(patient, exams, images), strict=True):
        name = f"exam-{exam.plan.number}"
        (folder / f"{name}.txt").write_text(report.text, encoding="utf-8")
        truth = {"schema": "uptake.report-truth/1", "digital_patient": True, **asdict(report.truth)}
        (folder / f"{name}.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def dictated(patient: PatientPlan, exams: Sequence[TruthExam], images: Sequence[SuvVolume]) -> tuple[Report, ...]:
    """One report per exam; all exams of a patient may have different authors."""
    reports, names = list[Report](), list(AUTHORS)
    seen: list[dict[str, float]] = []
    for exam, image in zip(exams, images, strict=True):
        seen.append(_highest(exam, image))
        seed = crc32(f"{patient.identity}/report {exam.plan.number}".encode())
        facts = _facts(patient, exams, image, seen)
        reports.append(write_report(facts, author=names[seed % len(names)], seed=seed))
    return tuple(reports)


def _facts(
    patient: PatientPlan, exams: Sequence[TruthExam], image: SuvVolume, seen: list[dict[str, float]]
) -> ReportFacts:
    index = len(seen) - 1
    exam = exams[index]
    plan, measured = exam.plan, exam.measured
    first = index == 0
    liver, blood = measured.liver, measured.blood_pool
    return ReportFacts(
        exam_date=plan.injected.date(),
        tracer=plan.tracer.name,
        disease=patient.disease,
        activity_bq=plan.activity_bq,
        uptake_min=plan.tracer.uptake_s / 60,
        weight_kg=plan.body.weight_kg,
        field=plan.field,
        findings=_findings(plan, None if first else exams[index - 1].plan, seen),
        liver_suv_mean=liver.mean if liver else None,
        blood_pool_suv_mean=blood.mean if blood else None,
        comparison_date=None if first else exams[index - 1].plan.injected.date(),
        physiological=_physiological(exam, image),
        category=None if first else _category(patient, remains=bool(plan.lesions)),
        stage=patient.intended.get("mitnm", "") if plan.number == patient.exams[-1].number else "",
    )


def _highest(exam: TruthExam, image: SuvVolume) -> dict[str, float]:
    """SUVmax of each lesion in the noisy image, by identity."""
    found = {}
    for number, lesion in enumerate(exam.plan.lesions, start=1):
        inside = image.array[exam.lesions.array == number]
        if inside.size:
            found[lesion.identity] = float(inside.max())
    return found


def _findings(plan: ExamPlan, before: ExamPlan | None, seen: list[dict[str, float]]) -> tuple[Finding, ...]:
    now, then = seen[-1], seen[-2] if before else {}
    found = [
        _finding(lesion, now[lesion.identity], _prior(lesion, then))
        for lesion in plan.lesions
        if lesion.identity in now
    ]
    kept = {name for lesion in plan.lesions for name in (lesion.identity, *lesion.parents)}
    gone = [each for each in (before.lesions if before else ()) if each.identity in then and each.identity not in kept]
    found += [_finding(lesion, None, then[lesion.identity]) for lesion in gone]
    return tuple(found)


def _prior(lesion: LesionPlan, then: dict[str, float]) -> float | None:
    values = [then[name] for name in (lesion.identity, *lesion.parents) if name in then]
    return max(values) if values else None


def _finding(lesion: LesionPlan, suv_max: float | None, prior: float | None) -> Finding:
    place = sites()[lesion.site]
    massless = lesion.hu is None or lesion.kind in _WITHOUT_MASS or suv_max is None
    return Finding(
        identity=lesion.identity,
        site=lesion.site,
        region=region_of(lesion.site),
        laterality=place.laterality,
        suv_max=suv_max,
        long_axis_mm=None if massless else 2 * max(lesion.half_axes_mm),
        prior_suv_max=prior,
        fate="resolved" if suv_max is None else lesion.fate,
    )


def _category(patient: PatientPlan, *, remains: bool) -> str:
    """The change in a report's words: where disease remains, nobody dictates that it has resolved."""
    category = patient.intended.get("onconet") or _RECIP[patient.intended["recip"]]
    return "partial response" if category == "resolution" and remains else category


def _physiological(exam: TruthExam, image: SuvVolume) -> tuple[tuple[str, float], ...]:
    found = []
    for words, name in _PHYSIOLOGICAL.items():
        inside = image.array[(exam.structures.array == structures()[name].number) & (exam.lesions.array == 0)]
        if inside.size:
            found.append((words, float(np.percentile(inside, 99))))
    return tuple(found)

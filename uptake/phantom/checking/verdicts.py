"""Which criteria apply to a digital patient, and what each of them says of the noise-free exams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from uptake.phantom.checking.changes_of_uptake import biomarker_changes, suv_max_change
from uptake.phantom.checking.cutoffs import Verdict
from uptake.phantom.checking.lymphoma import deauville, lugano
from uptake.phantom.checking.measured import Measured
from uptake.phantom.checking.percist import percist
from uptake.phantom.checking.psma import mitnm, recip
from uptake.phantom.plan import PatientPlan

__all__ = ["Verdict", "verdicts"]


def verdicts(patient: PatientPlan, exams: Sequence[Measured]) -> Mapping[str, Verdict]:
    """Every criterion that applies to the patient, by the names of ``PatientPlan.intended``.

    FDG pairs get ``suvmax-25``, ``onconet`` (thoracic lesions) and the biomarkers of change; solid tumours also
    ``percist``, lymphoma ``deauville`` and ``lugano``. PSMA exams get ``mitnm`` of the first exam, and pairs ``recip``.

    Parameters
    ----------
    exams
        In the order of the patient's.

    Raises
    ------
    ValueError
        If there is not one measurement for each planned exam.
    """
    if len(exams) != len(patient.exams) or not exams:
        raise ValueError(f"{len(exams)} measured exams for {len(patient.exams)} planned ones")
    found = _psma(exams) if patient.exams[0].tracer.name.startswith("psma") else _fdg(patient, exams)
    lost = [f"exam {exam.number}: {lesion.identity}" for exam in exams for lesion in exam.present if not lesion.mtv_ml]
    if lost:
        # A lesion that no voxel shows makes every promise about this patient void.
        return {
            name: replace(verdict, margin=0.0, evidence={**verdict.evidence, "lesions_without_a_voxel": lost})
            for name, verdict in found.items()
        }
    return found


def _psma(exams: Sequence[Measured]) -> dict[str, Verdict]:
    found = {"mitnm": mitnm(exams[0])}
    if len(exams) > 1 and (response := recip(exams[0], exams[1])) is not None:
        found["recip"] = response
    return found


def _fdg(patient: PatientPlan, exams: Sequence[Measured]) -> dict[str, Verdict]:
    if len(exams) < 2:
        return {}
    before, after = exams[0], exams[1]
    found: dict[str, Verdict | None] = {
        "suvmax-25": suv_max_change(before, after),
        "onconet": suv_max_change(before, after, thorax=True),
        **biomarker_changes(before, after),
    }
    if patient.disease == "lymphoma":
        found |= {"deauville": deauville(before, after), "lugano": lugano(before, after)}
    else:
        found["percist"] = percist((patient.exams[0], patient.exams[1]), (before, after))
    return {name: verdict for name, verdict in found.items() if verdict is not None}

"""The exams of a patient without their lesions: tracer, scanner, activity, times, pose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import exp

import numpy as np

from uptake.phantom.disease.people import draw_first_injection, draw_pose, later_body
from uptake.phantom.disease.scenario import Scenario
from uptake.phantom.physics.scanners import scanner, scanners
from uptake.phantom.plan import BodyPlan, ExamPlan, ScannerPlan, TracerPlan
from uptake.phantom.tracers.traps import draw_traps

_MBQ_PER_KG = {"fdg": (2.8, 4.2), "psma-11": (1.8, 2.3), "psma-1007": (3.2, 4.2)}
_UPTAKE_MIN = {"fdg": (56.0, 67.0), "psma-11": (56.0, 75.0), "psma-1007": (85.0, 120.0)}
# Other hospitals scan some of their patients much later: 158 minutes in one real exam of the ACRIN 6668 trial.
_LATE_SHARE = 0.25
_LATE_UPTAKE_MIN = (90.0, 165.0)
# From baseline to follow-up: Moreau 2022's median of 1.6 months and range of 0.9 to 7.4.
_INTERVAL_DAYS = (49.0, 0.5, 27.0, 225.0)
_LIVER_OVER_BLOOD = 1.7
_DIFFUSE_MARROW = (2.5, 4.0)


def draw_first_exam(scenario: Scenario, body: BodyPlan, institution: str, rng: np.random.Generator) -> ExamPlan:
    """The first exam of a patient, without lesions."""
    tracer_name = "fdg" if scenario.disease != "prostate" else str(rng.choice(["psma-11", "psma-1007"], p=[0.6, 0.4]))
    head_neck = scenario.disease == "head-neck"
    uptake_min = _uptake_min(tracer_name, institution, rng)
    tracer = TracerPlan(
        name=tracer_name,
        seed=int(rng.integers(2**31)),
        traps=draw_traps(tracer_name, body.sex, rng),
        uptake_s=round(uptake_min * 60.0),
    )
    if scenario.intended.get("mitnm", "").endswith("dmi"):
        tracer = replace(tracer, scale={"red_marrow": float(rng.uniform(*_DIFFUSE_MARROW))})
    return ExamPlan(
        number=1,
        body=body,
        pose=draw_pose(rng, arms_up=not head_neck and rng.random() < 0.8),
        tracer=tracer,
        scanner=draw_scanner(institution, head_neck, rng),
        lesions=(),
        activity_bq=round(float(rng.uniform(*_MBQ_PER_KG[tracer_name])) * body.weight_kg, 1) * 1e6,
        injected=draw_first_injection(rng),
        field="head-neck" if head_neck else "whole-body",
        breath_mm=float(rng.uniform(5.0, 11.0)),
        ct_breath_mm=float(rng.uniform(-3.0, 8.0)),
        metal=bool(rng.random() < (0.4 if head_neck else 0.15)),
        streaks=float(rng.uniform(0.15, 0.6)),
    )


def _uptake_min(tracer_name: str, institution: str, rng: np.random.Generator) -> float:
    usual, late = float(rng.uniform(*_UPTAKE_MIN[tracer_name])), float(rng.uniform(*_LATE_UPTAKE_MIN))
    is_late = rng.random() < _LATE_SHARE
    return late if is_late and institution == "external" and tracer_name == "fdg" else usual


def draw_second_exam(first: ExamPlan, scenario: Scenario, institution: str, rng: np.random.Generator) -> ExamPlan:
    """The follow-up of an exam, without lesions: comparable to it unless the scenario says otherwise."""
    median, spread, low, high = _INTERVAL_DAYS
    days = round(float(np.clip(median * exp(spread * rng.standard_normal()), low, high)))
    body = later_body(first.body, days, rng)
    late = scenario.comparison == "late"
    shift_min = float(rng.uniform(24.0, 34.0) if late else rng.uniform(-3.0, 8.0))
    uptake_s = round(max(first.tracer.uptake_s + shift_min * 60.0, 53 * 60.0))
    scale = dict(first.tracer.scale)
    scale["liver"] = scale.get("liver", 1.0) * float(rng.uniform(0.98, 1.02))
    tracer = replace(first.tracer, traps=_later_traps(first, rng), uptake_s=uptake_s, scale=scale)
    per_kg = first.activity_bq / first.body.weight_kg * float(rng.uniform(0.93, 1.07))
    arms_up = first.pose.arms_up if rng.random() < 0.85 else not first.pose.arms_up
    other = scenario.comparison == "other scanner"
    return replace(
        first,
        number=2,
        body=body,
        pose=draw_pose(rng, arms_up=arms_up),
        tracer=tracer,
        scanner=draw_scanner(institution, False, rng, but=first.scanner.name) if other else first.scanner,
        activity_bq=round(per_kg * body.weight_kg / 1e6, 1) * 1e6,
        injected=first.injected + timedelta(days=days, seconds=int(rng.integers(-3600, 3600))),
        breath_mm=float(rng.uniform(5.0, 11.0)),
        ct_breath_mm=float(rng.uniform(-3.0, 8.0)),
        streaks=float(rng.uniform(0.15, 0.6)),
    )


def with_hot_liver(exam: ExamPlan, liver_suv: float, blood_suv: float) -> ExamPlan:
    """The exam with liver uptake far enough above the blood pool's for a lesion to lie clearly between the two."""
    factor = max(1.0, _LIVER_OVER_BLOOD * blood_suv / liver_suv)
    return replace(exam, tracer=replace(exam.tracer, scale={**exam.tracer.scale, "liver": factor}))


def draw_scanner(institution: str, head_neck: bool, rng: np.random.Generator, but: str = "") -> ScannerPlan:
    """A scanner of an institution with the right protocol, other than one."""
    names = [each for each in scanners(institution) if each != but and each.endswith("head-neck") is head_neck]
    return scanner(names[int(rng.integers(len(names)))])


def _later_traps(first: ExamPlan, rng: np.random.Generator) -> tuple[str, ...]:
    """Some physiological uptake stays, some goes and some comes."""
    again = draw_traps(first.tracer.name, first.body.sex, rng)
    stay = tuple(name for name in first.tracer.traps if name in again or rng.random() < 0.4)
    return tuple(dict.fromkeys((*stay, *again)))

"""Hand-made measurements and plans for the checker's tests."""

from dataclasses import replace
from datetime import datetime

from uptake.exam import Patient
from uptake.phantom.checking.measured import Measured, MeasuredLesion
from uptake.phantom.checking.reference_regions import Reference
from uptake.phantom.plan import (
    BodyPlan,
    ExamPlan,
    LesionPlan,
    PatientPlan,
    PosePlan,
    ScannerPlan,
    TracerPlan,
)

SCANNER = ScannerPlan("A", "neutral", (4.0, 4.0, 4.0), (3.0, 1.4, 1.4), 5.0, 6.0, 5.0, 0.1, 120.0)
EXAM = ExamPlan(
    number=1,
    body=BodyPlan(1, "F", 60.0, 1.65, 70.0),
    pose=PosePlan(),
    tracer=TracerPlan("fdg", 1, uptake_s=3600.0),
    scanner=SCANNER,
    lesions=(),
    activity_bq=2.5e8,
    injected=datetime(2024, 1, 15, 9),
)


def lesion(identity="L1", suv=8.0, ml=10.0, *, kind="bone", mitnm="M1b", thorax=False, fate="baseline", parents=()):
    """All its SUVs are one number, so that cut-offs are easy to place; SUL is 0.7 of SUV."""
    return MeasuredLesion(
        identity, "sacrum", kind, fate, tuple(parents), mitnm, thorax, suv, suv, suv, 0.7 * suv, ml, suv * ml
    )


def measured(*lesions, number=1, liver=2.0, blood=1.6, sd=0.05, liver_ml=1500.0, bone_ml=4000.0):
    return Measured(
        number=number,
        lesions=tuple(lesions),
        sul_per_suv=0.7,
        liver=Reference(liver, sd, 200),
        blood_pool=Reference(blood, sd, 20),
        parotid_suv=2.0,
        spleen_suv=1.8,
        liver_ml=liver_ml,
        bone_ml=bone_ml,
    )


def lesion_plan(identity, *, site="sacrum", kind="bone", **changes):
    plan = LesionPlan(identity, site, kind, (0.0, 0.0, 100.0), (10.0, 10.0, 10.0), (0.0, 0.0, 0.0), 0.0, 1, 8.0)
    return replace(plan, **changes)


def patient(*exams, disease="breast", intended=None, borderline=False):
    return PatientPlan(
        patient=Patient("D-1", "Digital^One", "19600101", "F"),
        system="response",
        identity="checker test patient",
        disease=disease,
        exams=exams or (EXAM, replace(EXAM, number=2)),
        intended=intended or {},
        scenario="hand made",
        borderline=borderline,
    )

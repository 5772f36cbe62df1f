"""Digital patients on coarse grids, for tests that need whole exams quickly."""

from dataclasses import replace

from uptake.phantom.checking.measured import measure_exam
from uptake.phantom.checking.verdicts import verdicts
from uptake.phantom.designing import Designed
from uptake.phantom.disease.design import design_patient
from uptake.phantom.physics.scanners import scanner
from uptake.phantom.rendering.pet import render_pet


def coarse(exam, *, pet_mm=8.0, ct_mm=10.0):
    grids = {"pet_spacing_mm": (pet_mm,) * 3, "ct_spacing_mm": (ct_mm, ct_mm / 2, ct_mm / 2)}
    return replace(exam, scanner=replace(exam.scanner, **grids))


def coarse_patient(system="breast-pairs", seed=1, *, scanner_name=None, **grids):
    """A patient whose exams are rendered coarsely, whether or not they show what was intended."""
    plan = design_patient(system, seed)
    exams = plan.exams
    if scanner_name:
        exams = tuple(replace(exam, scanner=scanner(scanner_name)) for exam in exams)
    plan = replace(plan, exams=tuple(coarse(exam, **grids) for exam in exams))
    rendered = tuple(render_pet(exam) for exam in plan.exams)
    measured = tuple(
        measure_exam(pet.noise_free, pet.lesions, pet.structures, exam)
        for pet, exam in zip(rendered, plan.exams, strict=True)
    )
    return Designed(plan, rendered, measured, verdicts(plan, measured), 1)

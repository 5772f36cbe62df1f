"""From a wish to a digital patient that shows it: planned, rendered without noise, checked, until the check agrees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from uptake.errors import NotDesignable
from uptake.phantom.checking.accept import faults
from uptake.phantom.checking.measured import Measured, measure_exam
from uptake.phantom.checking.verdicts import Verdict, verdicts
from uptake.phantom.disease.design import design_patient
from uptake.phantom.plan import ExamPlan, PatientPlan
from uptake.phantom.rendering.pet import RenderedPet, render_pet

_ATTEMPTS = 25


@dataclass(frozen=True, slots=True)
class Wish:
    """What kind of patient is asked for.

    Parameters
    ----------
    system
        One of ``plan.SYSTEMS``.
    seed
        Of the person.
    site
        ``internal`` or ``external``: which scanners, protocols and mix of lesions.
    scenario
        Name of a scenario of the system; None draws one.
    borderline
        Ask for measurements near a cut-off instead of clear of it.
    """

    system: str
    seed: int
    site: str = "internal"
    scenario: str | None = None
    borderline: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Designed:
    """A plan that holds what it promises, with the noise-free exams and measurements that show it."""

    patient: PatientPlan
    rendered: tuple[RenderedPet, ...]
    measured: tuple[Measured, ...]
    verdicts: Mapping[str, Verdict]
    attempts: int


def designed(wish: Wish, adapt: Callable[[ExamPlan], ExamPlan] | None = None) -> Designed:
    """Draw plans until the checker finds the intended categories in the noise-free images.

    Parameters
    ----------
    wish
        The same wish gives the same patient.
    adapt
        Changes each exam before it is rendered: a coarser grid for quick checks.

    Raises
    ------
    InputRefused
        If the system has no such scenario, or nothing to be borderline for.
    NotDesignable
        If none of 25 attempts passed.
    """
    wanting: tuple[str, ...] = ()
    for attempt in range(_ATTEMPTS):
        try:
            patient = _planned(wish, attempt)
        except NotDesignable as error:
            wanting = (str(error),)
            continue
        if adapt:
            patient = replace(patient, exams=tuple(adapt(exam) for exam in patient.exams))
        rendered = tuple(render_pet(exam) for exam in patient.exams)
        measured = tuple(
            measure_exam(pet.noise_free, pet.lesions, pet.structures, exam)
            for pet, exam in zip(rendered, patient.exams, strict=True)
        )
        found = verdicts(patient, measured)
        wanting = faults(patient, found)
        if not wanting:
            return Designed(patient, rendered, measured, found, attempt + 1)
    raise NotDesignable(f"{wish}: after {_ATTEMPTS} attempts: {'; '.join(wanting)}")


def _planned(wish: Wish, attempt: int) -> PatientPlan:
    return design_patient(
        wish.system,
        wish.seed,
        site=wish.site,
        scenario=wish.scenario,
        attempt=attempt,
        borderline=wish.borderline,
    )

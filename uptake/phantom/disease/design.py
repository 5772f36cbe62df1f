"""Plan one digital patient: who, which exams, which lesions, and what they are to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from uptake.errors import InputRefused, NotDesignable
from uptake.phantom.disease.exams import draw_first_exam, draw_second_exam, with_hot_liver
from uptake.phantom.disease.fdg_patterns import add_fdg, add_in_chest, draw_breast, draw_lymphoma
from uptake.phantom.disease.follow_up import References, follow_up
from uptake.phantom.disease.head_neck import draw_head_neck
from uptake.phantom.disease.lesions import LesionSet, Wanted, lesion_plan
from uptake.phantom.disease.people import draw_body, patient_of
from uptake.phantom.disease.placement import Atlas, atlas_of
from uptake.phantom.disease.psma_patterns import draw_psma, new_psma_site
from uptake.phantom.disease.scenario import Scenario
from uptake.phantom.disease.scenarios import scenarios
from uptake.phantom.plan import GENERATOR_VERSION, SYSTEMS, ExamPlan, PatientPlan
from uptake.phantom.tracers.uptake import material_uptake

_HOT_SUV = {"fdg": 3.0, "psma-11": 4.5, "psma-1007": 4.5}
_CORE_SUV = 1.2
_LEAST_OVER_BLOOD = 1.5
_LEAST_PSMA_SUV = 3.5
_DRAWS = 12
_PAIR_PATTERNS = ("N1 M0", "N2 M0", "N1 M1a", "N2 M1a", "N0 M1b-o", "N1 M1b-o", "N1 M1b-d", "N2 M1b-d")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A patient's exams without lesions, with the anatomy they share and its healthy uptake in each exam."""

    scenario: Scenario
    institution: str
    exams: tuple[ExamPlan, ...]
    uptake: tuple[Mapping[str, float], ...]
    atlas: Atlas


def design_patient(
    system: str,
    seed: int,
    *,
    site: str = "internal",
    scenario: str | None = None,
    attempt: int = 0,
    borderline: bool = False,
) -> PatientPlan:
    """Plan a patient who is to show a scenario's categories.

    Parameters
    ----------
    system
        One of ``plan.SYSTEMS``.
    seed
        Of the person; the body stays the same from attempt to attempt.
    site
        ``internal`` or ``external``: scanners, protocols and mix of lesion sizes.
    scenario
        Name of one of ``scenarios(system)``; None draws one.
    attempt
        Another draw of exams and lesions for the same person and scenario.
    borderline
        Near a cut-off on purpose; a scenario that keeps clear of them is then replaced by one that does not.

    Raises
    ------
    InputRefused
        If the system has no such scenario, or no cut-off to be near.
    NotDesignable
        If the disease found no room in the body.
    ValueError
        If there is no such system or site.
    """
    if system not in SYSTEMS or site not in ("internal", "external") or seed < 0 or attempt < 0:
        raise ValueError(f"no patient of system {system!r}, seed {seed}, site {site!r}, attempt {attempt}")
    key = (crc32(system.encode()), crc32(site.encode()), seed)
    person = np.random.default_rng(key)
    chosen = _chosen(system, scenario, borderline, person)
    body = draw_body(chosen.disease, person)
    for draw in range(_DRAWS):
        rng = np.random.default_rng((*key, attempt, draw, crc32(chosen.name.encode())))
        first = draw_first_exam(chosen, body, site, rng)
        draft = _drafted(chosen, site, first, rng)
        lesions = _lesions(draft, rng)
        if lesions is not None:
            break
    else:
        raise NotDesignable(f"{system} patient {seed}: no room for {chosen.name!r} in {_DRAWS} draws")
    # Two patients that differ in anything must never share a UID.
    story = crc32(f"{chosen.name}/{borderline}/{GENERATOR_VERSION}".encode())
    identity = f"{system}-{site}-{seed}-{story:08x}"
    found, intended = lesions
    exams = tuple(_with(draft, number, each) for number, each in enumerate(found))
    return PatientPlan(
        patient=patient_of(identity, body, exams[0].injected),
        system=system,
        identity=identity,
        disease=chosen.disease,
        exams=exams,
        intended=intended,
        scenario=chosen.name,
        borderline=borderline,
    )


def _chosen(system: str, name: str | None, borderline: bool, rng: np.random.Generator) -> Scenario:
    possible = scenarios(system, borderline=borderline)
    if not possible:
        raise InputRefused(
            f"no criterion of {system} patients has a cut-off to be near.", remedy="Leave out borderline."
        )
    named = [each for each in possible if each.name == name]
    known = {each.name for each in (*scenarios(system), *scenarios(system, borderline=True))}
    if name is not None and name not in known:
        raise InputRefused(f"{system} has no scenario {name!r}.", remedy=f"See uptake phantom scenarios {system}.")
    if name is not None and not named and not borderline:
        raise InputRefused(f"{name!r} lies near a cut-off.", remedy="Ask for a borderline patient.")
    weights = np.array([each.weight for each in possible])
    # Drawn even where a name is given: the person must not depend on how the scenario was chosen.
    drawn = possible[int(rng.choice(len(possible), p=weights / weights.sum()))]
    return named[0] if named else drawn


def _drafted(scenario: Scenario, institution: str, first: ExamPlan, rng: np.random.Generator) -> _Draft:
    if scenario.course is not None and scenario.course.target == "between":
        uptake = material_uptake(first.tracer, first.body)
        first = with_hot_liver(first, uptake["liver"], uptake["blood"])
    exams: tuple[ExamPlan, ...] = (first,)
    if scenario.course is not None:
        exams = (first, draw_second_exam(first, scenario, institution, rng))
    uptake_each = tuple(material_uptake(exam.tracer, exam.body) for exam in exams)
    hottest = {name: max(each[name] for each in uptake_each) for name in uptake_each[0]}
    atlas = atlas_of(first.body, hottest, _HOT_SUV[first.tracer.name])
    return _Draft(scenario, institution, exams, uptake_each, atlas)


def _lesions(draft: _Draft, rng: np.random.Generator) -> tuple[tuple[tuple[Wanted, ...], ...], dict[str, str]] | None:
    """The lesions of each exam and what they are to show; None where there was no room."""
    lesions = LesionSet(draft.atlas, rng)
    intended = dict(draft.scenario.intended)
    if not _baseline(draft, lesions, intended):
        return None
    baseline = tuple(lesions.lesions)
    _drop_indices(intended, baseline)
    if draft.scenario.course is None:
        return (baseline,), intended
    course = draft.scenario.course
    last = draft.uptake[-1]
    references = References(last["liver"], last["blood"])
    later = follow_up(baseline, course, references, lesions, lambda *new: _appear(draft, *new))
    if sum(each.fate == "new" for each in later) < course.new[0]:
        return None
    return (baseline, later), intended


def _baseline(draft: _Draft, lesions: LesionSet, intended: dict[str, str]) -> bool:
    scenario, institution = draft.scenario, draft.institution
    rng, uptake = lesions.rng, draft.uptake[0]
    if scenario.disease == "head-neck":
        draw_head_neck(lesions, scenario.name, institution)
        return bool(lesions.lesions)
    if scenario.disease == "prostate":
        pattern = intended.get("mitnm") or str(rng.choice(_PAIR_PATTERNS))
        if not draft.scenario.borderline:
            intended["mitnm"] = pattern
        return draw_psma(lesions, pattern, _least_psma(uptake), uptake["liver"], institution)
    hottest = uptake["liver"] * float(rng.uniform(*scenario.hottest))
    draw = draw_breast if scenario.disease == "breast" else draw_lymphoma
    return draw(lesions, hottest, scenario.largest_ml, institution) is not None


def _appear(draft: _Draft, lesions: LesionSet, number: int, level_suv: float) -> Wanted | None:
    """The next new lesion."""
    disease = draft.scenario.disease
    if disease == "prostate":
        return new_psma_site(lesions, max(_least_psma(draft.uptake[-1]), 0.7 * level_suv), draft.institution)
    volume_ml = float(lesions.rng.uniform(2.5, 7.0))
    if number == 0 and level_suv > 0:
        return add_in_chest(lesions, volume_ml, level_suv)
    return add_fdg(lesions, disease, "node", volume_ml, level_suv)


def _least_psma(uptake: Mapping[str, float]) -> float:
    return max(_LEAST_PSMA_SUV, _LEAST_OVER_BLOOD * uptake["blood"])


def _drop_indices(intended: dict[str, str], baseline: tuple[Wanted, ...]) -> None:
    """A patient without bone (or liver) lesions has no index of them."""
    kinds = {each.kind for each in baseline}
    for name, kind in (("pbi", "bone"), ("pli", "liver")):
        if kind not in kinds:
            intended.pop(name, None)


def _with(draft: _Draft, number: int, lesions: tuple[Wanted, ...]) -> ExamPlan:
    exam = draft.exams[number]
    plans = tuple(lesion_plan(each, draft.atlas, exam.scanner, exam.breath_mm, _CORE_SUV) for each in lesions)
    return replace(exam, lesions=plans)

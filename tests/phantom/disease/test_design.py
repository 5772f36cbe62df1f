from __future__ import annotations

from collections import Counter
from math import prod

import numpy as np
import pytest

from uptake.errors import InputRefused
from uptake.phantom.disease.design import design_patient
from uptake.phantom.disease.lesions import size_of
from uptake.phantom.disease.scenarios import scenarios
from uptake.phantom.disease.sites import site
from uptake.phantom.plan import FATES, SYSTEMS, ExamPlan, LesionPlan


def volume_ml(lesion: LesionPlan) -> float:
    return 4 / 3 * np.pi * prod(lesion.half_axes_mm) / 1000


def total_ml(exam: ExamPlan) -> float:
    return sum(volume_ml(lesion) for lesion in exam.lesions)


def test_every_category_can_be_asked_for() -> None:
    found: dict[str, set[str]] = {}
    for system in SYSTEMS:
        for scenario in scenarios(system):
            for criterion, category in scenario.intended.items():
                found.setdefault(criterion, set()).add(category)
    assert found["percist"] == {"CMR", "PMR", "SMD", "PMD", "NOT_EVALUABLE"}
    assert found["deauville"] == set("12345")
    assert found["lugano"] == {"CMR", "PMR", "NMR", "PMD"}
    assert found["suvmax-25"] == found["onconet"] == {"progression", "stable", "resolution"}
    for biomarker in ("sulpeak", "tlg", "pbi", "pli"):
        assert found[biomarker] == {"responder", "non-responder"}
    assert found["recip"] == {"CR", "PR", "SD", "PD"}
    stages = [stage.split() for stage in found["mitnm"]]
    assert {regional for regional, _ in stages} == {"N0", "N1", "N2"}
    assert {distant for _, distant in stages} == {"M0", "M1a", "M1b-u", "M1b-o", "M1b-d", "M1b-dmi", "M1c"}


def test_the_same_seed_gives_the_same_plan_and_another_attempt_the_same_person() -> None:
    first, again = (design_patient("head-neck", 5) for _ in range(2))
    other = design_patient("head-neck", 5, attempt=1)
    assert first == again
    assert other.exams[0].body == first.exams[0].body
    assert other.exams[0].lesions != first.exams[0].lesions


@pytest.mark.parametrize("stage", ["N0 M0", "N1 M1a", "N2 M1b-o", "N2 M1b-dmi", "N0 M1c"])
def test_a_stage_is_what_its_sites_count(stage: str) -> None:
    exam = design_patient("psma", 3, scenario=stage).exams[0]
    counts = Counter(site(lesion.site).mitnm for lesion in exam.lesions)
    regional, distant = stage.split()
    assert min(counts["N"], 2) == int(regional[1])
    assert (counts["M1c"] > 0) == (distant == "M1c")
    if distant == "M1b-o":
        assert counts["M1b"] in (2, 3)
    if distant == "M1b-dmi":
        assert counts["M1b"] >= 12
        assert exam.tracer.scale["red_marrow"] > 2
    if distant in ("M0", "M1a"):
        assert counts["M1b"] == 0
        assert (counts["M1a"] > 0) == (distant == "M1a")


def test_a_partial_response_shrinks_and_cools_but_can_be_compared() -> None:
    patient = design_patient("breast-pairs", 8, scenario="partial")
    before, after = patient.exams
    assert 0.1 < total_ml(after) / total_ml(before) < 0.66
    assert before.scanner == after.scanner
    assert abs(before.tracer.uptake_s - after.tracer.uptake_s) < 15 * 60
    assert abs(after.activity_bq / before.activity_bq - 1) < 0.2
    assert before.pose != after.pose
    assert before.body.seed == after.body.seed
    assert before.body.weight_kg != after.body.weight_kg
    assert {lesion.fate for lesion in after.lesions} <= {"smaller", "cooler", "split"}


def test_progression_brings_new_lesions_clear_of_the_old() -> None:
    patient = design_patient("response", 21, scenario="5 PMD new")
    before, after = patient.exams
    new = [lesion for lesion in after.lesions if lesion.fate == "new"]
    assert new
    assert {lesion.identity for lesion in new}.isdisjoint(lesion.identity for lesion in before.lesions)
    for lesion in new:
        for old in before.lesions:
            apart = float(np.linalg.norm(np.subtract(lesion.centre_mm, old.centre_mm)))
            assert apart > max(lesion.half_axes_mm) + max(old.half_axes_mm)


def test_a_late_follow_up_cannot_be_compared() -> None:
    before, after = design_patient("breast-pairs", 2, scenario="stable but late").exams
    assert after.tracer.uptake_s - before.tracer.uptake_s > 18 * 60


def test_every_lesion_is_within_the_nouns() -> None:
    for system in ("head-neck", "response"):
        patient = design_patient(system, 40, site="external")
        for exam in patient.exams:
            for lesion in exam.lesions:
                assert lesion.fate in FATES
                assert 0.02 < volume_ml(lesion) < 200
                assert 0 < lesion.suv <= 70
        assert patient.patient.name.startswith("Digital^")


def test_volumes_have_the_papers_mean_and_median() -> None:
    rng = np.random.default_rng(1)
    for name, mean, median in (("head-neck primary", 13.21, 8.16), ("head-neck node", 5.45, 2.74)):
        volumes = [size_of(name, "internal").draw(rng) for _ in range(6000)]
        assert np.median(volumes) == pytest.approx(median, rel=0.06)
        assert np.mean(volumes) == pytest.approx(mean, rel=0.12)
    psma = [size_of("psma", "internal").draw(rng) for _ in range(6000)]
    assert np.quantile(psma, [0.25, 0.5, 0.75]) == pytest.approx([0.6, 1.3, 3.0], rel=0.12)


def test_impossible_wishes_are_refused() -> None:
    with pytest.raises(InputRefused, match="no scenario"):
        design_patient("psma", 1, scenario="cured")
    with pytest.raises(InputRefused, match="no criterion of head-neck"):
        design_patient("head-neck", 1, borderline=True)
    with pytest.raises(InputRefused, match="near a cut-off"):
        design_patient("response", 1, scenario="near the liver")

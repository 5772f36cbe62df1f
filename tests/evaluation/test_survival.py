import numpy as np
import pytest

from uptake.evaluation.patient_scores import PatientScores, StructureMatches
from uptake.evaluation.scores import CohortScores
from uptake.evaluation.survival import SurvivalSettings, compare_cohorts, compare_survival

# Weeks in remission of 42 children with leukaemia (Freireich 1963), 6-MP and placebo; the textbook example of Cox 1972.
TREATED = [
    (6, 1),
    (6, 1),
    (6, 1),
    (6, 0),
    (7, 1),
    (9, 0),
    (10, 1),
    (10, 0),
    (11, 0),
    (13, 1),
    (16, 1),
    (17, 0),
    (19, 0),
]
TREATED += [(20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]
PLACEBO = [(t, 1) for t in (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)]
EVERYBODY = SurvivalSettings(minimum_follow_up_days=0)


def cohort(rows):
    """Rows of true burden, found burden, days, event."""
    none = (StructureMatches((), (), ()),)
    patients = (
        PatientScores(f"p{i}", (t, t), (f, f), (0.0, 0.0), ((0,),), none, none, days, event)
        for i, (t, f, days, event) in enumerate(rows)
    )
    return CohortScores(("lesion",), tuple(patients))


def leukaemia(found=lambda truth: truth):
    rows = [(1.0, float(t), bool(e)) for t, e in TREATED] + [(9.0, float(t), bool(e)) for t, e in PLACEBO]
    return cohort((burden, found(burden), days, event) for burden, days, event in rows)


def test_the_leukaemia_example_gives_the_published_hazard_and_curves():
    result = compare_survival(leukaemia(), 5.0, EVERYBODY)

    hazard = result.truth.hazard
    # R: coxph(Surv(time, cens) ~ treat, gehan): coef 1.5721, se 0.4124, Efron
    assert hazard.ratio == pytest.approx(np.exp(1.5721), rel=1e-4)
    assert (hazard.low, hazard.high) == pytest.approx(
        np.exp([1.5721 - 1.96 * 0.4124, 1.5721 + 1.96 * 0.4124]), rel=1e-3
    )
    assert hazard.p == pytest.approx(0.000138, abs=1e-6)
    assert result.truth.log_rank_p == pytest.approx(4.17e-5, abs=1e-7)  # chi square 16.8, 1 df
    assert (result.truth.low.median_days, result.truth.high.median_days) == (23, 8)
    low = result.truth.low
    assert low.survival[low.days == 6] == pytest.approx(18 / 21)
    assert low.survival[low.days == 7] == pytest.approx(18 / 21 * 16 / 17)
    assert (low.patients, low.events, len(low.censored_days)) == (21, 9, 12)
    assert (result.included, result.events, result.cutoff_carried, result.evaluable) == (42, 30, True, True)


def test_without_a_cutoff_ten_millilitres_more_multiply_the_hazard():
    result = compare_survival(leukaemia(), 5.0, EVERYBODY)

    # 8 ml between the groups: the ratio of 10 ml is that of the groups to the power of 10 / 8
    assert result.truth.per_10_ml.ratio == pytest.approx(result.truth.hazard.ratio**1.25, rel=1e-3)


def test_an_answer_of_the_same_order_has_the_same_hazard():
    result = compare_survival(leukaemia(lambda burden: burden + 0.5), 5.0, EVERYBODY)

    assert result.found.hazard.ratio == result.truth.hazard.ratio
    assert result.disagreement.patients == 0


def test_the_one_that_the_outcome_contradicts_is_incorrect():
    rows = [
        (1.0, 9.0, 400.0, True),  # truth low, found high, died: truth incorrect
        (1.0, 9.0, 400.0, False),  # found incorrect
        (9.0, 1.0, 400.0, False),  # truth incorrect
        (9.0, 1.0, 400.0, False),  # truth incorrect
        (9.0, 9.0, 400.0, False),
        (5.0, 5.0, 400.0, True),  # the cut-off itself is low, in both
    ]

    differ = compare_survival(cohort(rows), 5.0).disagreement

    assert (differ.patients, differ.truth_incorrect, differ.found_incorrect) == (4, 3, 1)


def test_the_living_need_six_months_and_the_dead_do_not():
    rows = [(1.0, 1.0, 100.0, False), (2.0, 2.0, 100.0, True), (4.0, 3.0, 200.0, False), (7.0, 7.0, None, None)]

    result = compare_survival(cohort(rows))

    assert (result.included, result.events, result.followed_too_short, result.without_follow_up) == (2, 1, 1, 1)
    assert result.cutoff_ml == 3  # median of 2 and 4, not of everybody
    assert not result.evaluable
    assert "1 deaths among 2 patients; at least 5 are needed" in result.reasons[0]


def test_the_cutoff_is_carried_to_the_external_patients():
    inner = leukaemia()
    outer = cohort([(20.0, 20.0, 300.0 + i, i % 2 == 0) for i in range(12)])

    compared = compare_cohorts(inner, outer, EVERYBODY)

    assert compared["cross_validation"].cutoff_ml == compared["external"].cutoff_ml == 5  # between 1 and 9
    assert (compared["cross_validation"].cutoff_carried, compared["external"].cutoff_carried) == (False, True)
    lone = compared["external"].truth
    assert (lone.hazard, lone.log_rank_p, lone.low.patients, lone.high.patients) == (None, None, 0, 12)
    assert lone.reasons[0] == "no patient has low burden"


def test_no_death_in_a_group_gives_no_ratio():
    rows = [(1.0, 1.0, 500.0 + i, False) for i in range(6)] + [(9.0, 9.0, 200.0 + i, True) for i in range(6)]

    result = compare_survival(cohort(rows), 5.0)

    assert result.truth.hazard is None
    assert "no death at low burden" in result.truth.reasons
    assert result.truth.log_rank_p < 0.01


def test_nobody_followed_is_not_evaluable():
    result = compare_survival(cohort([(1.0, 1.0, None, None)]))

    assert (result.evaluable, result.cutoff_ml, result.truth, result.disagreement) == (False, None, None, None)
    assert result.reasons == ("no patient has a follow-up that counts",)


def test_without_lifelines_the_reader_learns_how_to_get_it(monkeypatch):
    monkeypatch.setattr("uptake.evaluation.survival.find_spec", lambda name: None)

    result = compare_survival(leukaemia(), 5.0, EVERYBODY)

    assert result.truth is None
    assert "uptake[cohort]" in result.reasons[0]

import numpy as np
import pytest

from uptake.evaluation.burden import compare_burden
from uptake.evaluation.patient_scores import PatientScores, StructureMatches
from uptake.evaluation.scores import CohortScores


def cohort(truth_ml, found_ml):
    none = (StructureMatches((), (), ()),)
    patients = (
        PatientScores(f"p{i}", (t, t), (f, f), (0.0, 0.0), ((0,),), none, none)
        for i, (t, f) in enumerate(zip(truth_ml, found_ml, strict=True))
    )
    return CohortScores(("lesion",), tuple(patients))


def test_the_worst_percent_is_left_out():
    truth = np.arange(1.0, 201.0)
    found = 1.5 * truth + 2
    found[[10, 50]] = 900, 1
    result = compare_burden(cohort(truth, found))

    assert np.flatnonzero(result.outlier).tolist() == [10, 199]  # 889 and 0.5 * 200 + 2 = 102; the 51st: 50
    kept = ~result.outlier
    assert result.mean_absolute_ml == pytest.approx(np.abs(found - truth)[kept].mean())
    assert result.mean_absolute_all_ml == pytest.approx(np.abs(found - truth).mean())
    assert result.line.r_squared == pytest.approx(np.corrcoef(truth[kept], found[kept])[0, 1] ** 2)
    assert result.line.r_squared > result.line_all.r_squared


def test_line_and_prediction_band_of_a_textbook_example():
    # x = 1..5, y = 2 4 5 4 5: slope 0.6, intercept 2.2, R2 = 3.6 / 6, s2 = 2.4 / 3; at x = 3 the band is
    # t(0.975, 3) = 3.182446 times sqrt(0.8 (1 + 1/5)). The sixth patient is the outlier.
    result = compare_burden(cohort([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 4.0, 5.0, 4.0, 5.0, 60.0]))

    line = result.line
    assert result.outlier.tolist() == [False] * 5 + [True]
    assert (line.slope, line.intercept_ml, line.r_squared) == pytest.approx((0.6, 2.2, 0.6))
    assert line.at(np.array([3.0])) == pytest.approx([4.0])
    assert line.half_band(np.array([3.0])) == pytest.approx([3.182446 * 0.96**0.5])
    assert line.half_band(np.array([5.0]))[0] > line.half_band(np.array([3.0]))[0]


def test_no_line_through_two_patients_or_one_burden():
    assert compare_burden(cohort([1.0, 2.0], [1.0, 2.0])).line_all is None
    same = compare_burden(cohort([3.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]))
    assert same.line_all is None
    assert same.mean_absolute_all_ml == pytest.approx(6 / 5)


def test_a_perfect_answer_has_no_outliers():
    result = compare_burden(cohort([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]))

    assert not result.outlier.any()
    assert result.line.r_squared == pytest.approx(1)
    assert result.mean_absolute_ml == 0

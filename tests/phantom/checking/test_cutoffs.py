"""cutoffs: conditions and how near they were."""

from math import inf

import pytest

from uptake.phantom.checking.cutoffs import Check, above, all_of, any_of, at_least, fact, first_of, opposite


def test_distance_is_relative_to_the_cut_off():
    assert at_least(-36.0, -30.0) == Check(False, pytest.approx(0.2))
    assert at_least(30.0, 30.0) == Check(True, 0.0)
    assert not above(30.0, 30.0).holds
    assert at_least(-12.0, 0.0, unit=100.0) == Check(False, pytest.approx(0.12))


def test_a_cut_off_of_zero_needs_a_unit():
    with pytest.raises(ValueError, match="unit"):
        at_least(1.0, 0.0)


def test_a_conjunction_is_as_sure_as_its_weakest_truth_or_its_clearest_failure():
    assert all_of([Check(True, 0.3), Check(True, 0.1)]) == Check(True, 0.1)
    # 5 % short of one cut-off, but far from the other: no small error makes both hold.
    assert all_of([Check(False, 0.05), Check(False, 0.8), Check(True, 0.01)]) == Check(False, 0.8)
    assert all_of([]) == Check(True, inf)


def test_a_disjunction_is_as_sure_as_its_surest_truth_or_its_nearest_miss():
    assert any_of([Check(True, 0.05), Check(True, 0.4), Check(False, 0.01)]) == Check(True, 0.4)
    assert any_of([Check(False, 0.05), Check(False, 0.8)]) == Check(False, 0.05)
    assert any_of([]) == Check(False, inf)


def test_the_first_case_that_holds_wins_with_the_smallest_margin_on_the_way():
    cases = [("A", Check(False, 0.2)), ("B", Check(True, 0.5)), ("C", Check(True, 0.01))]
    assert first_of(cases, "D") == ("B", 0.2)
    assert first_of([("A", opposite(fact(True)))], "D") == ("D", inf)

"""specification: which patients a cohort has."""

import json
from collections import Counter

import pytest

from uptake.errors import InputRefused
from uptake.phantom.cohort.specification import CohortSpecification
from uptake.phantom.disease.scenarios import scenarios
from uptake.phantom.plan import GENERATOR_VERSION, SYSTEMS


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_scenario_occurs_about_as_often_as_any_other(system):
    names = [scenario.name for scenario in scenarios(system)]
    asked = Counter(wish.scenario for wish in CohortSpecification(system, 3 * len(names) + 1, 1).wishes())
    assert set(asked) == set(names)
    assert max(asked.values()) - min(asked.values()) <= 1


def test_cohorts_of_different_seeds_share_no_patient():
    first, second = (CohortSpecification("psma", 500, seed).wishes() for seed in (1, 2))
    assert not {wish.seed for wish in first} & {wish.seed for wish in second}


def test_a_larger_cohort_begins_with_the_smaller_one():
    small, large = (CohortSpecification("psma", size, 4).wishes() for size in (10, 30))
    assert large[:10] == small


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (("heart", 10, 1), "no system"),
        (("psma", 0, 1), "size"),
        (("psma", 10, -1), "seed"),
        (("psma", 10, 1, "abroad"), "no site"),
        (("head-neck", 10, 1, "internal", True), "cut-off to be near"),
    ],
)
def test_what_cannot_be_made_is_refused(values, text):
    with pytest.raises(InputRefused, match=text):
        CohortSpecification(*values)


def test_the_page_says_digital_and_which_generator():
    page = json.loads(CohortSpecification("psma", 10, 1).to_json())
    assert (page["patients"], page["generator"]) == ("digital", GENERATOR_VERSION)
    assert page["hazard"]["per_year"] > 0


@pytest.mark.parametrize("system", ["breast-pairs", "response", "psma"])
def test_a_borderline_cohort_asks_for_borderline_scenarios_alone(system):
    asked = {wish.scenario for wish in CohortSpecification(system, 20, 1, borderline=True).wishes()}
    assert asked == {scenario.name for scenario in scenarios(system, borderline=True)}
    assert not asked & {scenario.name for scenario in scenarios(system)}

"""Generator version 1 is frozen: what a test seed gives must not change without a new version."""

import json
from dataclasses import asdict
from hashlib import sha256

import pytest

from tests.phantom.coarse import coarse
from uptake.phantom.cohort.specification import CohortSpecification
from uptake.phantom.disease.design import design_patient
from uptake.phantom.plan import GENERATOR_VERSION, SYSTEMS
from uptake.phantom.rendering.pet import render_pet

FROZEN_SEED = 9000
# By system: SHA-256 of the plans of the first three test patients; mean and largest SUV of the first, 8 mm, no noise.
FROZEN = {
    "head-neck": ("517cfbfc44d88bb3", 0.186004, 16.0031),
    "breast-pairs": ("69973a4497029321", 0.119025, 37.2605),
    "psma": ("ee644dc648a22b07", 0.207803, 84.2817),
    "response": ("3ede4a840c6fb6a9", 0.180874, 9.85035),
}


def rounded(value):
    """Six digits: the last bits of exp and log differ between processors."""
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def plans(system):
    wishes = CohortSpecification(system, 3, FROZEN_SEED).wishes()
    return [design_patient(wish.system, wish.seed, site=wish.site, scenario=wish.scenario) for wish in wishes]


def found(system):
    drawn = plans(system)
    text = json.dumps([rounded(asdict(plan)) for plan in drawn], sort_keys=True, default=str)
    suv = render_pet(coarse(drawn[0].exams[0])).noise_free.array
    return sha256(text.encode()).hexdigest()[:16], float(suv.mean()), float(suv.max())


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_test_patients_are_those_of_version_1(system):
    assert GENERATOR_VERSION == "1"
    digest, mean, highest = found(system)
    assert (digest, mean, highest) == (
        FROZEN[system][0],
        pytest.approx(FROZEN[system][1], rel=1e-4),
        pytest.approx(FROZEN[system][2], rel=1e-4),
    )

"""Every category is built on purpose: over 200 pairs, the independent checker finds what was intended."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from uptake.phantom.cohort.making import one_thread
from uptake.phantom.cohort.specification import CohortSpecification
from uptake.phantom.designing import designed

# One worker for both, as their exams take a quarter of an hour; whichever comes first waits for them.
pytestmark = [pytest.mark.full, pytest.mark.timeout(3600), pytest.mark.xdist_group("categories")]
# Of the PSMA patients 24 have two exams, so that there are 204 pairs in all.
PATIENTS = {"breast-pairs": 90, "response": 90, "psma": 84}
SEED = 9000
# By criterion, every category that there is. NOT_EVALUABLE belongs to PERCIST alone: too little uptake, or exams
# that cannot be compared.
CATEGORIES = {
    "percist": {"CMR", "PMR", "SMD", "PMD", "NOT_EVALUABLE"},
    "lugano": {"CMR", "PMR", "NMR", "PMD"},
    "deauville": {"1", "2", "3", "4", "5"},
    "suvmax-25": {"progression", "stable", "resolution"},
    "onconet": {"progression", "stable", "resolution"},
    "sulpeak": {"responder", "non-responder"},
    "tlg": {"responder", "non-responder"},
    "pbi": {"responder", "non-responder"},
    "pli": {"responder", "non-responder"},
    "recip": {"CR", "PR", "SD", "PD"},
}
STAGES = {"N0", "N1", "N2", "M0", "M1a", "M1b-u", "M1b-o", "M1b-d", "M1b-dmi", "M1c"}


def coarser(exam):
    """Small grids: 6 mm, whatever the scanner."""
    return replace(exam, scanner=replace(exam.scanner, pet_spacing_mm=(6.0, 6.0, 6.0)))


def outcome(wish):
    found = designed(wish, adapt=coarser)
    categories = {name: verdict.category for name, verdict in found.verdicts.items()}
    return found.patient, categories


@pytest.fixture(scope="module")
def outcomes():
    wishes = [wish for system, size in PATIENTS.items() for wish in CohortSpecification(system, size, SEED).wishes()]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=one_thread) as pool:
        return list(pool.map(outcome, wishes, chunksize=4))


def test_the_checker_finds_what_was_intended(outcomes):
    assert len(outcomes) == sum(PATIENTS.values())
    assert sum(len(patient.exams) == 2 for patient, _ in outcomes) >= 200
    for patient, found in outcomes:
        assert patient.intended
        assert {name: found[name] for name in patient.intended} == patient.intended, patient.scenario


def test_every_category_and_stage_occurs(outcomes):
    intended = [patient.intended for patient, _ in outcomes]
    seen = {name: {each[name] for each in intended if name in each} for name in CATEGORIES}
    assert seen == CATEGORIES
    assert {part for each in intended if "mitnm" in each for part in each["mitnm"].split()} == STAGES

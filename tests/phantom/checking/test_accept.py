"""accept: which digital patients are taken."""

from math import inf

import pytest

from tests.phantom.checking.hand_made import patient
from uptake.phantom.checking.accept import faults
from uptake.phantom.checking.cutoffs import Verdict

FOUND = {"percist": Verdict("PMR", 0.4), "tlg": Verdict("responder", 0.05), "recip": Verdict("CR", inf)}


def test_what_is_found_clear_of_its_cut_off_is_taken():
    assert faults(patient(intended={"percist": "PMR", "recip": "CR"}), FOUND) == ()


@pytest.mark.parametrize(
    ("intended", "fault"),
    [
        ({"percist": "SMD"}, "percist is PMR, SMD was intended"),
        ({"tlg": "responder"}, "tlg is responder by 5.0% only"),
        ({"pli": "responder"}, "pli does not apply, responder was intended"),
    ],
)
def test_what_is_not_found_or_too_near_is_not_taken(intended, fault):
    assert faults(patient(intended={**intended, "recip": "CR"}), FOUND) == (fault,)


def test_a_borderline_patient_must_be_near_some_cut_off():
    assert faults(patient(borderline=True), FOUND) == ()
    assert faults(patient(borderline=True, intended={"tlg": "responder"}), FOUND) == ()
    far = {"percist": Verdict("PMR", 0.4)}
    assert faults(patient(borderline=True), far) == ("no measurement is near a cut-off: the nearest is 40.0% away",)
    assert len(faults(patient(borderline=True, intended={"tlg": "non-responder"}), FOUND)) == 1

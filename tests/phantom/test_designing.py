"""designing: plans are drawn until the check agrees, and a wish that cannot be met is said so."""

import pytest

from tests.phantom.coarse import coarse
from uptake.errors import InputRefused, NotDesignable
from uptake.phantom import designing
from uptake.phantom.designing import Wish, designed

WISH = Wish("psma", 5, scenario="N1 M0")


def coarser(exam):
    return coarse(exam, pet_mm=6.0)


def test_what_is_wished_is_found_and_the_same_each_time():
    first, second = (designed(WISH, adapt=coarser) for _ in range(2))
    assert first.verdicts["mitnm"].category == "N1 M0"
    assert first.patient == second.patient
    assert (first.rendered[0].noise_free.array == second.rendered[0].noise_free.array).all()


def test_a_plan_that_fails_the_check_is_drawn_again(monkeypatch):
    refused = iter([("too near a cut-off",), ()])
    monkeypatch.setattr(designing, "faults", lambda *_: next(refused))
    assert designed(WISH, adapt=coarser).attempts == 2


def test_a_wish_that_no_attempt_meets_fails_with_the_last_reason(monkeypatch):
    monkeypatch.setattr(designing, "_ATTEMPTS", 2)
    monkeypatch.setattr(designing, "faults", lambda *_: ("recip: margin 3 %",))
    with pytest.raises(NotDesignable, match="margin 3 %"):
        designed(WISH, adapt=coarser)


def test_an_unknown_scenario_is_refused():
    with pytest.raises(InputRefused, match="no scenario"):
        designed(Wish("psma", 1, scenario="cured"))

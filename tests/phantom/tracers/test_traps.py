from __future__ import annotations

import numpy as np
import pytest

from uptake.phantom.body.materials import materials
from uptake.phantom.plan import BodyPlan, TracerPlan
from uptake.phantom.tracers.radionuclides import TRACERS
from uptake.phantom.tracers.tables import table
from uptake.phantom.tracers.traps import draw_traps, trap, traps
from uptake.phantom.tracers.uptake import material_uptake


def test_traps_name_what_exists_and_their_source() -> None:
    for each, row in zip(traps(), table("traps"), strict=True):
        assert set(each.tracers) <= set(TRACERS)
        assert set(each.materials) <= set(materials())
        assert 0 < each.low < each.high
        assert 0 < each.probability <= 1
        assert each.sex in ("", "M", "F")
        assert row["source"]


def test_traps_come_as_often_as_published() -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_traps("psma-11", "M", rng) for _ in range(2000)]
    share = sum("ganglia-coeliac" in names for names in drawn) / 2000
    assert share == pytest.approx(trap("ganglia-coeliac", "psma-11").probability, abs=0.03)
    assert all(trap(name, "psma-11") for names in drawn for name in names)


def test_women_and_men_have_their_own() -> None:
    rng = np.random.default_rng(2)
    men = {name for _ in range(500) for name in draw_traps("fdg", "M", rng)}
    women = {name for _ in range(500) for name in draw_traps("fdg", "F", rng)}
    assert "endometrium" in women - men
    assert "brown-fat-man" in men - women


def test_a_trap_is_hotter_than_the_tissue_usually_is() -> None:
    body = BodyPlan(1, "F", 50.0, 1.65, 65.0)
    for each in traps():
        plain = material_uptake(TracerPlan(each.tracers[0], 8), body)
        hot = material_uptake(TracerPlan(each.tracers[0], 8, (each.name,)), body)
        for material in each.materials:
            assert hot[material] > 1.2 * plain[material], each.name


def test_an_unknown_tracer_is_refused() -> None:
    with pytest.raises(ValueError, match="tracers are"):
        draw_traps("choline", "M", np.random.default_rng(1))

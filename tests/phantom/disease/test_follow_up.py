from __future__ import annotations

import numpy as np
import pytest

from uptake.phantom.disease.follow_up import References, follow_up, target_level
from uptake.phantom.disease.lesions import LesionSet, Wanted, lesion_plan
from uptake.phantom.disease.placement import Atlas, atlas_of
from uptake.phantom.disease.recovery import blur_sigma_mm, recovery
from uptake.phantom.disease.scenario import Course
from uptake.phantom.physics.scanners import scanner
from uptake.phantom.plan import BodyPlan, TracerPlan
from uptake.phantom.tracers.uptake import material_uptake

BODY = BodyPlan(seed=11, sex="F", age_y=58.0, height_m=1.66, weight_kg=68.0)
HEALTHY = References(liver_suv=2.4, blood_suv=1.6)


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return atlas_of(BODY, material_uptake(TracerPlan("fdg", seed=4), BODY), hot_suv=3.0)


def node(identity: str, x: float, volume_ml: float, level_suv: float) -> Wanted:
    return Wanted(
        identity, "mesenteric", "node", volume_ml, level_suv, (x, -30.0, 275.0), (1.0, 1.0, 1.0), (0, 0, 0), 1
    )


def course_of(atlas: Atlas, course: Course, *baseline: Wanted, seed: int = 0) -> tuple[Wanted, ...]:
    lesions = LesionSet(atlas, np.random.default_rng(seed), baseline)
    return follow_up(baseline, course, HEALTHY, lesions, lambda *_: None)


def test_lesions_keep_their_names_and_follow_the_course(atlas: Atlas) -> None:
    before = (node("L01", -60, 3.0, 10.0), node("L02", 60, 5.0, 6.0))
    after = course_of(atlas, Course(level=(0.5, 0.5), volume=(0.6, 0.6)), *before)
    assert [each.identity for each in after] == ["L01", "L02"]
    for was, now in zip(before, after, strict=True):
        assert now.volume_ml / was.volume_ml == pytest.approx(0.6, rel=0.08)
        assert now.level_suv / was.level_suv == pytest.approx(0.5, rel=0.08)
        assert now.centre_mm == was.centre_mm
        assert now.fate == "smaller"


def test_fates_are_named_by_what_changed(atlas: Atlas) -> None:
    baseline = node("L01", 0, 3.0, 8.0)
    cases = [
        (Course(level=(0.4, 0.4)), "cooler"),
        (Course(), "stable"),
        (Course(level=(1.5, 1.5), volume=(1.6, 1.6)), "grown"),
        (Course(volume=(0.5, 0.5)), "smaller"),
    ]
    assert [course_of(atlas, course, baseline)[0].fate for course, _ in cases] == [fate for _, fate in cases]


def test_all_resolve_but_the_hottest_stays_where_not_all_are_to(atlas: Atlas) -> None:
    before = (node("L01", -60, 3.0, 10.0), node("L02", 0, 3.0, 6.0), node("L03", 60, 3.0, 6.0))
    assert course_of(atlas, Course(resolved=1.0), *before) == ()
    kept = course_of(atlas, Course(resolved=0.999), *before)
    assert [each.identity for each in kept] == ["L01"]


@pytest.mark.parametrize(("target", "low", "high"), [("blood", 0.0, 0.85 * 1.6), ("moderate", 1.2 * 2.4, 1.8 * 2.4)])
def test_a_target_sets_the_hottest_lesion(atlas: Atlas, target: str, low: float, high: float) -> None:
    after = course_of(atlas, Course(target=target, volume=(0.7, 0.7)), node("L01", 0, 20.0, 12.0))
    assert low < after[0].level_suv < high
    assert 1.6 < target_level("between", HEALTHY) < 2.4


def test_neighbours_that_grow_merge_and_keep_their_volume(atlas: Atlas) -> None:
    before = (node("L01", 0, 4.0, 8.0), node("L02", 23, 4.0, 7.0), node("L03", -90, 4.0, 6.0))
    after = course_of(atlas, Course(level=(1.6, 1.6), volume=(1.6, 1.6)), *before)
    merged = next(each for each in after if each.fate == "merged")
    assert len(after) == 2
    assert merged.parents == ("L01", "L02")
    assert merged.volume_ml == pytest.approx(2 * 4.0 * 1.6, rel=0.08)
    assert 8 < merged.centre_mm[0] < 15


def test_a_large_node_may_fall_into_two_halves_that_do_not_touch(atlas: Atlas) -> None:
    found = [
        course_of(atlas, Course(level=(0.5, 0.5), volume=(0.5, 0.5)), node("L01", 0, 30.0, 10.0), seed=seed)
        for seed in range(12)
    ]
    split = [each for each in found if len(each) == 2]
    assert 0 < len(split) < 12
    one, two = split[0]
    assert one.parents == two.parents == ("L01",)
    assert one.volume_ml + two.volume_ml == pytest.approx(15.0, rel=0.1)
    apart = np.linalg.norm(np.subtract(one.centre_mm, two.centre_mm)) * atlas.shrink
    assert apart > one.reach_mm + two.reach_mm + 3.0


def test_the_painted_uptake_makes_up_for_the_blur(atlas: Atlas) -> None:
    plan = scanner("neutral-whole-body")
    wanted = node("L01", 0, 2.0, 8.0)
    lesion = lesion_plan(wanted, atlas, plan, 8.0, core_suv=1.2)
    left = recovery(2.0, blur_sigma_mm(plan, wanted.centre_mm, 8.0))
    around = atlas.background(wanted.centre_mm, wanted.reach_mm)
    shown = [around + (lesion.suv - around) * share for share in (left.maximum, left.peak)]
    assert sum(shown) / 2 == pytest.approx(8.0, rel=1e-3)
    assert lesion.suv > shown[0] > 8.0 > shown[1]

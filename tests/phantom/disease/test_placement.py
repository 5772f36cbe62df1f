from __future__ import annotations

import numpy as np
import pytest

from uptake.phantom.disease.placement import Atlas, atlas_of
from uptake.phantom.disease.sites import site
from uptake.phantom.plan import BodyPlan, TracerPlan
from uptake.phantom.tracers.uptake import material_uptake

BODY = BodyPlan(seed=11, sex="F", age_y=58.0, height_m=1.66, weight_kg=68.0)


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return atlas_of(BODY, material_uptake(TracerPlan("fdg", seed=4), BODY), hot_suv=3.0)


def label_at(atlas: Atlas, point: tuple[float, float, float]) -> int:
    return int(atlas.structures[tuple(np.rint(atlas.geometry.index(point)).astype(int))])


def shares(atlas: Atlas, centre: tuple[float, float, float], radius: float) -> dict[int, float]:
    z, y, x = np.indices(atlas.structures.shape)
    points = atlas.geometry.position_mm(np.stack([z, y, x], axis=-1))
    inside = atlas.structures[np.linalg.norm(points - np.asarray(centre), axis=-1) < radius]
    return {int(number): float((inside == number).mean()) for number in np.unique(inside)}


def test_a_liver_lesion_lies_wholly_in_the_liver(atlas: Atlas) -> None:
    for seed in range(4):
        centre = atlas.place(site("liver"), 14.0, np.random.default_rng(seed), [])
        assert centre is not None
        assert shares(atlas, centre, 12.0)[12] > 0.95


def test_a_lung_lesion_keeps_away_from_the_heart(atlas: Atlas) -> None:
    for seed in range(4):
        centre = atlas.place(site("lung_left"), 10.0, np.random.default_rng(seed), [])
        assert centre is not None
        assert shares(atlas, centre, 10.0).get(9, 0.0) == 0.0


@pytest.mark.parametrize("name", ["t8", "l3", "hip_bone_left", "sternum", "femur_right"])
def test_a_bone_lesion_has_its_middle_in_the_bone(atlas: Atlas, name: str) -> None:
    centre = atlas.place(site(name), 9.0, np.random.default_rng(3), [])
    assert centre is not None
    found = shares(atlas, centre, 6.0)
    bones = sum(share for number, share in found.items() if 57 <= number <= 92)
    assert bones > 0.6


@pytest.mark.parametrize("name", ["neck_level_2_left", "axillary_right", "paratracheal_right", "obturator_left"])
def test_a_node_lies_near_its_station_in_soft_tissue(atlas: Atlas, name: str) -> None:
    centre = atlas.place(site(name), 8.0, np.random.default_rng(5), [])
    assert centre is not None
    assert np.linalg.norm(np.subtract(centre, site(name).anchor_mm)) < 28.0
    # Body, mediastinum, fat, muscle, brown fat, or at a voxel's distance from them a vessel.
    assert label_at(atlas, centre) in (1, 2, 3, 8, 55, 10)


def test_lesions_leave_room_between_them(atlas: Atlas) -> None:
    rng = np.random.default_rng(8)
    taken: list[tuple[tuple[float, float, float], float]] = []
    for _ in range(6):
        centre = atlas.place(site("liver"), 9.0, rng, taken)
        assert centre is not None
        taken.append((centre, 9.0))
    points = np.array([centre for centre, _ in taken])
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1) * atlas.shrink
    assert apart[np.triu_indices(6, 1)].min() > 18.0


def test_no_room_is_said(atlas: Atlas) -> None:
    everywhere = [(site("adrenal_left").anchor_mm, 80.0)]
    assert atlas.place(site("adrenal_left"), 8.0, np.random.default_rng(0), everywhere) is None


def test_background_is_the_tissue_around(atlas: Atlas) -> None:
    uptake = material_uptake(TracerPlan("fdg", seed=4), BODY)
    centre = atlas.place(site("liver"), 14.0, np.random.default_rng(1), [])
    assert centre is not None
    assert atlas.background(centre, 6.0) == pytest.approx(uptake["liver"], rel=0.05)

"""The way from body to patient and back: inverses, sizes, breath, deformation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom.body.mapping import breathing_weight, identity, mapping_of, rotation, table_mapping
from uptake.phantom.plan import BodyPlan, PosePlan

MAN = BodyPlan(3, "M", 60, 1.76, 73)
RANDOM = np.random.default_rng(0).uniform((-200, -120, -300), (200, 120, 950), (2000, 3))


@pytest.mark.parametrize(
    ("body", "pose"),
    [
        (MAN, PosePlan()),
        (BodyPlan(4, "F", 80, 1.45, 42), PosePlan(rotation_deg=(4, -5, 8), shift_mm=(10, -20, 300), bend_seed=5)),
        (BodyPlan(5, "M", 40, 2.02, 150), PosePlan(rotation_deg=(-4, 5, -8), bend_seed=6, bend_mm=15.0)),
    ],
)
def test_there_and_back_ends_where_it_began(body: BodyPlan, pose: PosePlan) -> None:
    mapping = mapping_of(body, pose, 15.0)
    there = mapping.to_patient(RANDOM)
    np.testing.assert_allclose(mapping.to_body(there), RANDOM, atol=0.05)
    np.testing.assert_allclose(mapping.to_patient(mapping.to_body(RANDOM)), RANDOM, atol=0.05)


def test_identity_leaves_points_alone() -> None:
    np.testing.assert_array_equal(identity().to_body(RANDOM), RANDOM)
    np.testing.assert_array_equal(identity().to_patient(RANDOM), RANDOM)


def test_height_and_mass_without_fat_set_the_size() -> None:
    def span(body: BodyPlan, axis: int, length: float) -> float:
        ends = np.zeros((2, 3))
        ends[:, 2] = 400
        ends[:, axis] += (-length, length)
        low, high = mapping_of(body, PosePlan()).to_patient(ends)
        return float(high[axis] - low[axis]) / (2 * length)

    tall, heavy = replace(MAN, height_m=1.936), replace(MAN, weight_kg=100.0)
    assert span(tall, 2, 300) / span(MAN, 2, 300) == pytest.approx(1.1, rel=0.02)
    assert span(tall, 0, 120) < span(MAN, 0, 120)  # as heavy and taller: thinner
    # Deurenberg: 23.3 % fat at 73 kg, 33.7 % at 100 kg; the lean mass is 1.18 times as much at the same height.
    assert span(heavy, 0, 120) / span(MAN, 0, 120) == pytest.approx(1.184**0.5, rel=0.02)


def test_a_persons_shape_stays_and_differs_from_anothers() -> None:
    pose = PosePlan(shift_mm=(7.0, 8.0, 9.0))
    moved = mapping_of(MAN, pose).to_patient(RANDOM) - mapping_of(MAN, PosePlan()).to_patient(RANDOM)
    np.testing.assert_allclose(moved, np.broadcast_to((7.0, 8.0, 9.0), moved.shape), atol=0.05)
    other = mapping_of(replace(MAN, seed=4), PosePlan()).to_patient(RANDOM)
    apart = np.linalg.norm(other - mapping_of(MAN, PosePlan()).to_patient(RANDOM), axis=1)
    assert 2.0 < np.sqrt((apart**2).mean()) < 9.0
    assert apart.max() < 25.0


def test_a_bend_is_smooth_and_as_large_as_planned() -> None:
    straight, bent = mapping_of(MAN, PosePlan()), mapping_of(MAN, PosePlan(bend_seed=3, bend_mm=10.0))
    knots = np.stack(np.meshgrid(*[np.arange(-3, 9) * 65.0 - 5.0] * 3), axis=-1).reshape(-1, 3)
    bends = np.linalg.norm(bent.to_body(knots) - straight.to_body(knots), axis=1)
    assert 4.0 < bends.max() <= 11.0
    near = knots + np.array((1.0, 0.0, 0.0))
    steps = bent.to_body(near) - straight.to_body(near) - bent.to_body(knots) + straight.to_body(knots)
    assert np.abs(steps).max() < 0.25  # mm for each mm


def test_nothing_folds_over() -> None:
    mapping = mapping_of(BodyPlan(8, "M", 60, 1.7, 60), PosePlan(bend_seed=3, bend_mm=15.0), 20.0)
    columns = [mapping.to_body(RANDOM + step) - mapping.to_body(RANDOM - step) for step in np.eye(3)]
    volume = np.linalg.det(np.stack(columns, axis=-1) / 2)
    scale = 1 / mapping.scale_at(300.0).prod()
    assert volume.min() > 0.3 * scale
    assert np.median(volume) == pytest.approx(scale, rel=0.1)


def test_breath_moves_the_dome_and_neither_pelvis_nor_apex() -> None:
    at_rest, below = mapping_of(MAN, PosePlan()), mapping_of(MAN, PosePlan(), 12.0)
    points = [(40.0, 0.0, 440.0), (40.0, 0.0, 60.0), (40.0, 0.0, 690.0), (10.0, 10.0, 850.0)]
    fall = (at_rest.to_patient(points) - below.to_patient(points))[:, 2]
    np.testing.assert_allclose(fall, (12.0, 0.0, 0.0, 0.0), atol=0.6)
    grid = ImageGeometry((250, 4, 4), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))
    weight = breathing_weight(at_rest, grid)
    assert weight.dtype == np.float32
    assert weight[110] == 1.0
    assert weight[15] == weight[175] == 0.0
    assert np.abs(np.diff(weight)).max() < 0.04


def test_a_local_mapping_keeps_place_rotation_and_size() -> None:
    body = mapping_of(BodyPlan(4, "F", 80, 1.5, 90), PosePlan(rotation_deg=(0, 0, 90), bend_seed=1, bend_mm=9.0), 5.0)
    centre = (60.0, -20.0, 300.0)
    local = body.local(centre)
    np.testing.assert_allclose(local.to_patient(centre), body.to_patient(centre), atol=1e-9)
    aside = local.to_patient((70.0, -20.0, 300.0)) - local.to_patient(centre)
    np.testing.assert_allclose(aside, [(0.0, 10.0, 0.0)], atol=1e-9)


def test_rotations_go_about_x_then_y_then_z() -> None:
    np.testing.assert_allclose(rotation((90, 0, 90)) @ (0, 1, 0), (0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(rotation((0, 90, 90)) @ (1, 0, 0), (0, 0, -1), atol=1e-12)


def test_the_table_lies_deeper_under_a_fatter_back() -> None:
    thin, fat = (
        table_mapping(replace(MAN, weight_kg=weight), PosePlan(shift_mm=(1, 2, 3))).to_patient((0, 0, 0))[0]
        for weight in (60.0, 110.0)
    )
    assert thin[[0, 2]].tolist() == [1.0, 3.0]
    assert 10 < fat[1] - thin[1] < 50

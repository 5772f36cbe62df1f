"""Volumes of painted shapes against their formulas, covered shares at surfaces, painting order."""

from __future__ import annotations

from dataclasses import replace
from math import pi, sqrt

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom.body.mapping import BodyMapping, identity, mapping_of, rotation
from uptake.phantom.body.packing import numbers_by_name
from uptake.phantom.body.painting import Painted, paint, paint_over
from uptake.phantom.body.parts import Cut, Ellipsoid, Loft, Part, Section, Shape, Tube
from uptake.phantom.plan import BodyPlan, PosePlan

GRID = ImageGeometry((60, 60, 60), (2.0, 2.0, 2.0), (-59.3, -59.1, -58.7))
FLAT = ImageGeometry((30, 70, 70), (4.0, 1.7, 1.7), (-59.3, -59.1, -58.7))


def liver(shape: Shape) -> Part:
    return Part(shape, "liver", "liver")


def painted(*shapes: Shape, grid: ImageGeometry = GRID, mapping: BodyMapping | None = None) -> Painted:
    return paint(grid, [liver(shape) for shape in shapes], np.ones(len(shapes), np.float32), mapping or identity())


def volume_mm3(result: Painted) -> float:
    return float(result.values.sum(dtype=np.float64)) * result.geometry.voxel_volume_ml * 1000


SHAPES: dict[str, tuple[Shape, float]] = {
    "ellipsoid": (Ellipsoid((1, 2, 3), (20, 30, 40), rotation_deg=(20, 30, 40)), 4 / 3 * pi * 24000),
    "rough ellipsoid": (Ellipsoid((1, 2, 3), (20, 28, 24), roughness_mm=3.0, seed=5), 4 / 3 * pi * 13440),
    "small sphere": (Ellipsoid((0.3, 0.1, 0.2), (4, 4, 4)), 4 / 3 * pi * 64),
    "half ellipsoid": (Ellipsoid((0, 0, 0), (20, 30, 40), cuts=(Cut((0.6, 0.8, 0.0), 0.0),)), 2 / 3 * pi * 24000),
    "almost a box": (Ellipsoid((0, 0, 0), (20, 30, 40), exponent=40.0), 192000),
    "rod": (Tube((0, 0, -30), (10, 10, 20), 10, 10), pi * 100 * sqrt(2700) + 4 / 3 * pi * 1000),
    "cylinder": (Loft((Section(-30, 2, 1, 20, 15), Section(30, 2, 1, 20, 15))), pi * 300 * 60),
    "slanted cone": (Loft((Section(-30, 0, 0, 20, 16), Section(30, 12, 4, 10, 8))), pi * 60 / 3 * (320 + 160 + 80)),
}


@pytest.mark.parametrize(("grid", "tolerance"), [(GRID, 0.005), (FLAT, 0.015)], ids=["cubes", "slices"])
@pytest.mark.parametrize("name", SHAPES)
def test_painted_volume_is_the_shapes(name: str, grid: ImageGeometry, tolerance: float) -> None:
    shape, expected = SHAPES[name]
    assert volume_mm3(painted(shape, grid=grid)) == pytest.approx(expected, rel=tolerance)


def test_a_plane_surface_covers_its_share_of_each_voxel() -> None:
    cylinder = Loft((Section(-20.0, 0, 0, 50, 50), Section(9.2, 0, 0, 50, 50)))
    column = painted(cylinder).values[:, 29, 29]
    centres = GRID.origin_mm[2] + 2.0 * np.arange(60)
    expected = np.clip((9.2 - centres) / 2 + 0.5, 0, 1) * np.clip((centres + 20.0) / 2 + 0.5, 0, 1)
    np.testing.assert_allclose(column, expected, atol=1e-5)


def test_labels_follow_the_centre_and_later_parts_replace_earlier_ones() -> None:
    outer, inner = Ellipsoid((0, 0, 0), (30, 30, 30)), Ellipsoid((0, 0, 0), (15, 15, 15))
    parts = [Part(outer, "liver", "liver"), Part(inner, "spleen", "blood")]
    result = paint(GRID, parts, np.array([2.0, 5.0], np.float32), identity(), outside=-1.0)
    z, y, x = np.indices(GRID.shape)
    distance = np.linalg.norm(GRID.position_mm(np.stack([z, y, x], axis=-1)), axis=-1)
    structures, materials = numbers_by_name("structures.csv"), numbers_by_name("materials.csv")
    assert (result.structures[distance < 14.99] == structures["spleen"]).all()
    assert (result.materials[distance < 14.99] == materials["blood"]).all()
    assert (result.structures[(distance > 15.01) & (distance < 29.99)] == structures["liver"]).all()
    assert not result.structures[distance > 30.01].any()
    assert (result.values[distance < 13] == 5.0).all()
    assert (result.values[(distance > 17) & (distance < 28)] == 2.0).all()
    assert (result.values[distance > 32] == -1.0).all()


def test_painting_in_two_goes_gives_the_same_as_in_one() -> None:
    rng = np.random.default_rng(3)
    shapes: list[Shape] = [Ellipsoid((0, 0, 0), (55, 50, 55), exponent=3.0)]
    for _ in range(20):
        x, y, z = rng.uniform(-40, 40, 3).tolist()
        shapes.append(Ellipsoid((x, y, z), (6, 12, 9), rotation_deg=(30, 10, 70)))
        shapes.append(Tube((x, y, z), (z, x, y), 4, 2))
    parts, values = [liver(shape) for shape in shapes], rng.uniform(1, 9, 41).astype(np.float32)
    mapping = mapping_of(BodyPlan(4, "F", 50, 1.6, 60), PosePlan(rotation_deg=(3, 2, 5), bend_seed=1, bend_mm=5))
    once = paint(GRID, parts, values, mapping)
    twice = paint(GRID, parts[:17], values[:17], mapping)
    paint_over(twice, parts[17:], values[17:], mapping)
    np.testing.assert_allclose(once.values, twice.values, rtol=1e-6)  # single precision between the two goes
    np.testing.assert_array_equal(once.materials, twice.materials)


def test_rotated_and_scaled_bodies_keep_their_proportion_of_volume() -> None:
    mapping = replace(identity(), turn=rotation((20, 30, 10)), size=np.array([0.9, 1.1, 0.9, 1.1, 1.05, 0.0]))
    shape = Ellipsoid((0, 0, 0), (25, 15, 30), rotation_deg=(10, 0, 40))
    expected = 4 / 3 * pi * 25 * 15 * 30 * 0.9 * 1.1 * 1.05
    assert volume_mm3(painted(shape, mapping=mapping)) == pytest.approx(expected, rel=0.003)


def test_what_the_mapping_says_lies_where_it_is_painted() -> None:
    mapping = mapping_of(BodyPlan(9, "M", 60, 1.8, 90), PosePlan(shift_mm=(4, 2, -400), bend_seed=2, bend_mm=8), 6.0)
    body_point = (20.0, -10.0, 400.0)
    x, y, z = mapping.to_patient(body_point)[0].tolist()
    grid = replace(GRID, origin_mm=(x - 59, y - 59, z - 59))
    values = painted(Ellipsoid(body_point, (9, 9, 9)), grid=grid, mapping=mapping).values
    centre = grid.position_mm(np.argwhere(values > 0)).T @ values[values > 0] / values.sum()
    np.testing.assert_allclose(centre, (x, y, z), atol=0.5)  # a sphere's centre of mass in a bent space is near


def test_refusals_are_value_errors() -> None:
    sphere = Ellipsoid((0, 0, 0), (5, 5, 5))
    oblique = replace(GRID, axes=((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)))
    with pytest.raises(ValueError, match="axial"):
        painted(sphere, grid=oblique)
    with pytest.raises(ValueError, match="as many values"):
        paint(GRID, [liver(sphere)], np.ones(2, np.float32), identity())
    with pytest.raises(ValueError, match="no 'unicorn'"):
        paint(GRID, [Part(sphere, "unicorn", "liver")], np.ones(1, np.float32), identity())
    with pytest.raises(ValueError, match="half axes"):
        painted(Ellipsoid((0, 0, 0), (5, 0, 5)))
    with pytest.raises(ValueError, match="rising z"):
        painted(Loft((Section(5, 0, 0, 1, 1), Section(5, 0, 0, 1, 1))))

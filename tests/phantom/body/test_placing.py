from __future__ import annotations

from math import radians

import numpy as np
import pytest

from uptake.phantom.body.parts import Cut, Ellipsoid, Loft, Part, Section, Tube
from uptake.phantom.body.placing import chain, grown, mirrored, moved, pointing


@pytest.mark.parametrize("direction", [(0.0, 0.0, 1.0), (0.65, -0.58, -0.49), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)])
def test_pointing_turns_the_z_axis_to_the_direction(direction: tuple[float, float, float]) -> None:
    about_x, about_y, about_z = (radians(angle) for angle in pointing(direction))
    turn_x = [[1, 0, 0], [0, np.cos(about_x), -np.sin(about_x)], [0, np.sin(about_x), np.cos(about_x)]]
    turn_y = [[np.cos(about_y), 0, np.sin(about_y)], [0, 1, 0], [-np.sin(about_y), 0, np.cos(about_y)]]
    axis = np.array(turn_y) @ np.array(turn_x) @ [0.0, 0.0, 1.0]

    assert about_z == 0.0
    np.testing.assert_allclose(axis, np.array(direction) / np.linalg.norm(direction), atol=1e-12)


def test_growing_keeps_the_point_and_scales_cuts_with_the_shape() -> None:
    shape = Ellipsoid((10.0, 0.0, 0.0), (4.0, 5.0, 6.0), cuts=(Cut((1.0, 0.0, 0.0), 12.0),))

    (part,) = grown([Part(shape, "liver", "liver")], 2.0, (8.0, 0.0, 0.0))

    assert part.shape == Ellipsoid((12.0, 0.0, 0.0), (8.0, 10.0, 12.0), cuts=(Cut((1.0, 0.0, 0.0), 16.0),))


def test_moving_takes_cuts_along() -> None:
    sections = (Section(0.0, 1.0, 2.0, 3.0, 4.0), Section(9.0, 1.0, 2.0, 3.0, 4.0))
    loft = Loft(sections, cuts=(Cut((0.0, 0.6, 0.8), 5.0),))

    (part,) = moved([Part(loft, "lung_right", "lung")], (1.0, 10.0, 10.0))

    assert isinstance(part.shape, Loft)
    assert part.shape.sections[0] == Section(10.0, 2.0, 12.0, 3.0, 4.0)
    assert part.shape.cuts[0].offset_mm == pytest.approx(19.0)


def test_mirrored_parts_change_side_and_name() -> None:
    (part,) = mirrored(chain("ureter_right", "ureter_right", [(-40.0, 1.0, 2.0, 3.0), (-20.0, 4.0, 5.0, 2.0)]))

    assert part == Part(Tube((40.0, 1.0, 2.0), (20.0, 4.0, 5.0), 3.0, 2.0), "ureter_left", "ureter_left")

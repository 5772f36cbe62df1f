from __future__ import annotations

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom.body.mapping import identity
from uptake.phantom.body.mirror import bone, inset, loft, pair
from uptake.phantom.body.painting import paint
from uptake.phantom.body.parts import Cut, Ellipsoid, Part, Shape, Tube

TURNED = Ellipsoid((20, 4, -3), (12, 5, 8), rotation_deg=(20, -35, 50), cuts=(Cut((0.6, 0.0, 0.8), 14.0),))


@pytest.mark.parametrize(
    "shape", [TURNED, Tube((5, 0, 0), (20, 9, 12), 3, 5), loft((-9, 8, 1, 5, 6), (9, 20, 0, 4, 5))]
)
def test_a_pair_paints_mirror_images(shape: Shape) -> None:
    right, left = pair(Part(shape, "eye_left", "eye"))
    geometry = ImageGeometry((50, 50, 80), (1.0, 1.0, 1.0), (-39.5, -24.5, -24.5))
    images = [paint(geometry, [part], np.ones(1, np.float32), identity()).values for part in (right, left)]
    assert (right.structure, left.structure) == ("eye_right", "eye_left")
    assert images[1].sum() > 500
    np.testing.assert_allclose(images[0], images[1][:, :, ::-1], atol=1e-5)


def test_marrow_lies_within_the_cortex_by_its_thickness() -> None:
    cortex, marrow = bone("skull", Ellipsoid((0, 0, 0), (10, 8, 6), cuts=(Cut((0, 0, 1), 3.0),)), 1.5)
    assert marrow.shape == Ellipsoid((0, 0, 0), (8.5, 6.5, 4.5), cuts=(Cut((0, 0, 1), 1.5),))
    assert (cortex.material, marrow.material) == ("cortical_bone", "red_marrow")


def test_nothing_left_inside_a_bone_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing is left"):
        inset(Ellipsoid((0, 0, 0), (9, 9, 2)), 2.0)
    with pytest.raises(ValueError, match="nothing is left"):
        inset(Tube((0, 0, 0), (0, 0, 9), 4, 2), 2.0)

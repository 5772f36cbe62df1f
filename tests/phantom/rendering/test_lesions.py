"""lesions: painted with their volume and value, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom.body.mapping import identity, mapping_of
from uptake.phantom.plan import BodyPlan, LesionPlan, PosePlan
from uptake.phantom.rendering.lesions import blend, lesion_share

GRID = ImageGeometry((60, 60, 60), (2.0, 2.0, 2.0), (-59.0, -59.0, 341.0))
LESION = LesionPlan("L1", "liver", "liver", (3.0, -5.0, 402.0), (14.0, 11.0, 9.0), (10.0, 20.0, 30.0), 0.0, 3, 8.0)


def volume_mm3(share):
    return float(share.whole.sum(dtype=np.float64)) * 8.0


def test_an_ellipsoid_has_its_volume():
    assert volume_mm3(lesion_share(LESION, GRID, identity())) == pytest.approx(4 / 3 * np.pi * 14 * 11 * 9, rel=0.01)


def test_a_persons_deformation_does_not_change_a_lesions_volume():
    mapping = mapping_of(
        BodyPlan(7, "F", 60.0, 1.6, 90.0), PosePlan(rotation_deg=(2.0, -3.0, 5.0), bend_seed=4, bend_mm=6.0)
    )
    centre = mapping.to_patient([LESION.centre_mm])[0]
    grid = replace(GRID, origin_mm=tuple((centre - 59.0).tolist()))
    share = lesion_share(LESION, grid, mapping)
    assert volume_mm3(share) == pytest.approx(4 / 3 * np.pi * 14 * 11 * 9, rel=0.01)
    z, y, x = (np.argwhere(share.whole > 0.5) + [part.start for part in share.box]).mean(axis=0)
    assert grid.position_mm((z, y, x)) == pytest.approx(centre, abs=0.5)


def test_blending_replaces_what_is_there_and_leaves_the_rest():
    values = np.full(GRID.shape, 2.0, np.float32)
    share = lesion_share(replace(LESION, core=0.5), GRID, identity())
    blend(values, share, 8.0, 1.0)
    z, y, x = np.rint(GRID.index(LESION.centre_mm)).astype(int)
    assert values[z, y, x] == pytest.approx(1.0)
    assert values.max() == pytest.approx(8.0, rel=1e-5)
    outside = np.ones(GRID.shape, bool)
    outside[share.box] = share.whole == 0
    assert (values[outside] == 2.0).all()


@pytest.mark.parametrize("changes", [{"centre_mm": (500.0, 0.0, 0.0)}, {"fate": "resolved"}])
def test_a_lesion_outside_or_resolved_is_not_painted(changes):
    assert lesion_share(replace(LESION, **changes), GRID, identity()) is None

"""The region between foreground and background clicks."""

import numpy as np
import pytest
from scipy import ndimage

from apps.monai_label.infers.infer_errors import ClickRefused, RegionLeaks
from apps.monai_label.infers.interactive import interactive_region
from tests.apps.monai_label.infers.exam_of_spheres import GRID, hot, places, voxel
from uptake.geometry import ImageGeometry
from uptake.volume import SuvVolume

LEFT, RIGHT = (-12.0, 0.0, 0.0), (14.0, 0.0, 0.0)
RADIUS_MM = 13.0
FINE = ImageGeometry((60, 60, 70), (2.5, 2.5, 2.5), (-86.25, -73.75, -73.75))
LONG = ImageGeometry((80, 20, 20), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def two():
    """Two spheres that touch, the right one hotter, as a scanner of 5 mm shows them."""
    array = hot(FINE, [(LEFT, RADIUS_MM, 7.0), (RIGHT, RADIUS_MM, 10.0)])
    array = ndimage.gaussian_filter(array, 5.0 / 2.3548 / 2.5)
    array *= 1 + 0.04 * np.random.default_rng(0).standard_normal(array.shape, np.float32)
    return SuvVolume(array.clip(min=0), FINE)


def dice(part, wanted):
    mask = np.zeros(wanted.shape, bool)
    mask[part.box] = part.mask
    return 2 * (mask & wanted).sum() / (mask.sum() + wanted.sum())


def ball(centre):
    x, y, z = places(FINE)
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 <= RADIUS_MM**2


def test_one_click_finds_a_lesion_alone():
    array = ndimage.gaussian_filter(hot(FINE, [(LEFT, RADIUS_MM, 7.0)]), 0.85)
    part = interactive_region(SuvVolume(array, FINE), [voxel(LEFT, FINE)], [])
    assert dice(part, ball(LEFT)) > 0.93


def test_a_background_click_keeps_the_neighbour_out(two):
    part = interactive_region(two, [voxel(LEFT, FINE)], [voxel(RIGHT, FINE)])
    assert dice(part, ball(LEFT)) > 0.85
    other = interactive_region(two, [voxel(RIGHT, FINE)], [voxel(LEFT, FINE)])
    assert dice(other, ball(RIGHT)) > 0.85


def test_two_foreground_clicks_take_both(two):
    part = interactive_region(two, [voxel(LEFT, FINE), voxel(RIGHT, FINE)], [])
    assert dice(part, ball(LEFT) | ball(RIGHT)) > 0.9


def test_clicks_are_obeyed(two):
    against = voxel((-12.0, 8.0, 0.0), FINE)  # inside the lesion
    part = interactive_region(two, [voxel(LEFT, FINE)], [against])
    first = [side.start for side in part.box]
    assert part.mask[tuple(np.subtract(voxel(LEFT, FINE), first))]
    assert not part.mask[tuple(np.subtract(against, first))]


def test_a_lesion_at_the_exams_edge_is_no_leak():
    array = ndimage.gaussian_filter(hot(FINE, [((0, 0, -73.0), RADIUS_MM, 7.0)]), 0.85)
    part = interactive_region(SuvVolume(array, FINE), [voxel((0, 0, -71.25), FINE)], [])
    assert dice(part, ball((0, 0, -73.0))) > 0.9
    assert part.mask[0].any()


def test_a_large_lesion_is_found_whole():
    wide = ImageGeometry((50, 50, 50), (4.0, 4.0, 4.0), (-98.0, -98.0, -98.0))
    array = hot(wide, [((0, 0, 0), 55, 6.0)])
    part = interactive_region(SuvVolume(array, wide), [voxel((30, 2, 2), wide)], [])
    mask = np.zeros(wide.shape, bool)
    mask[part.box] = part.mask
    assert np.array_equal(mask, array > 5)


def test_even_tissue_leaks():
    with pytest.raises(RegionLeaks, match="100 mm") as refusal:
        interactive_region(SuvVolume(np.ones(LONG.shape, np.float32), LONG), [(40, 9, 9)], [])
    assert "background clicks" in refusal.value.remedy


@pytest.mark.parametrize(
    ("foreground", "background", "why"),
    [([], [(3, 3, 3)], "no foreground"), ([(3, 3, 3)], [(3, 3, 3)], "at once")],
)
def test_clicks_that_contradict_are_refused(two, foreground, background, why):
    with pytest.raises(ClickRefused, match=why):
        interactive_region(two, foreground, background)


def test_clicks_too_far_apart_are_refused():
    wide = ImageGeometry((150, 150, 150), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    suv = SuvVolume(np.ones(wide.shape, np.float32), wide)
    with pytest.raises(ClickRefused, match="too far apart"):
        interactive_region(suv, [(20, 20, 20), (130, 130, 130)], [])


def test_the_grid_may_be_coarse():
    array = hot(GRID, [((0, 0, 0), 14, 8.0)])
    part = interactive_region(SuvVolume(array, GRID), [voxel((0, 0, 0))], [])
    wanted = array > 5
    mask = np.zeros(GRID.shape, bool)
    mask[part.box] = part.mask
    assert np.array_equal(mask, wanted)

"""Regions grown around a click, in boxes that widen only as far as the region reaches.

A region is exact: it is what growing in the whole volume gives, since it is taken only from a box whose inner faces it
does not touch, and a region that a wider box would join to it would touch them too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from apps.monai_label.infers.clicks import Voxel, as_sent
from apps.monai_label.infers.infer_errors import ClickRefused, RegionLeaks
from apps.monai_label.infers.placed_labels import Box, Mask, Part
from uptake.geometry import ImageGeometry
from uptake.regions.connectivity import components
from uptake.regions.incremental_components import incremental_components
from uptake.volume import SuvVolume

MOST_ML = 2000.0
FARTHEST_MM = 160.0
_REACHES_MM = (20.0, 40.0, 80.0, FARTHEST_MM)
_PARTED_REACHES_MM = (20.0, 40.0, 60.0)
_NEAR_MM = 4.0  # less than a scanner can tell apart
_MOST_STEPS = 200
_CONNECTIVITY = 26
_INSTEAD = "Click on a hotter voxel, choose another threshold, or use the interactive tool with background clicks."


def box_around(voxel: Voxel, reach_mm: float, grid: ImageGeometry) -> Box:
    """The voxels within ``reach_mm`` of a voxel along each axis."""
    sides = []
    for at, spacing, size in zip(voxel, grid.spacing_mm, grid.shape, strict=True):
        reach = round(reach_mm / spacing)
        sides.append(slice(max(0, at - reach), min(size, at + reach + 1)))
    return sides[0], sides[1], sides[2]


def within(voxel: Voxel, box: Box) -> Voxel:
    """A voxel of the grid as an index into a box of it."""
    return voxel[0] - box[0].start, voxel[1] - box[1].start, voxel[2] - box[2].start


def touches(mask: Mask, box: Box, shape: Sequence[int]) -> bool:
    """Whether a mask in a box reaches a face of it that is not the volume's own."""
    for axis, (side, size) in enumerate(zip(box, shape, strict=True)):
        low, high = mask.take(0, axis=axis), mask.take(-1, axis=axis)
        if (side.start > 0 and low.any()) or (side.stop < size and high.any()):
            return True
    return False


def connected(
    read: Callable[[Box], Mask], seed: Voxel, grid: ImageGeometry, reaches_mm: Sequence[float] = _REACHES_MM
) -> Part | None:
    """Find the connected voxels around ``seed`` where ``read`` of a box is true.

    Returns
    -------
    Part or None
        Empty where the seed itself is not; None where the region reaches beyond the last of ``reaches_mm``.
    """
    for reach_mm in reaches_mm:
        box = box_around(seed, reach_mm, grid)
        numbered = components(read(box), _CONNECTIVITY)
        number = numbered[within(seed, box)]
        mask = (numbered == number) & (number > 0)
        if not touches(mask, box, grid.shape):
            return Part(mask, box)
    return None


def region_at_or_above(suv: SuvVolume, click: Voxel, threshold_suv: float) -> Part:
    """Connected voxels of ``threshold_suv`` or more around a click, or around the hottest voxel within 4 mm of it.

    Raises
    ------
    ClickRefused
        If nothing there is as hot.
    RegionLeaks
        If the region is larger than ``MOST_ML``, or reaches further than ``FARTHEST_MM`` along an axis.
    """
    seed = click if suv.array[click] >= threshold_suv else hottest_near(suv, click)
    if not suv.array[seed] >= threshold_suv:
        raise ClickRefused(
            f"At the click {as_sent(click)} the SUV is {suv.array[seed]:.2f}, below the threshold of "
            f"{threshold_suv:.2f}.",
            remedy="Click on a hotter voxel, or choose a lower threshold.",
        )
    part = connected(lambda box: np.asarray(suv.array[box] >= threshold_suv), seed, suv.geometry)
    return _bounded(part, suv.geometry, f"SUV {threshold_suv:.2f}")


def region_of_maximum(suv: SuvVolume, click: Voxel, fraction: float) -> Part:
    """The hot spot at a click, down to ``fraction`` of its maximum.

    Hot spots are parted as ``incremental_components`` does: two are one where they touch at or above ``fraction`` of
    the higher maximum, so that noise does not split a lesion, and a lesion beside the bladder does not become the
    bladder. A lesion that stands alone is the plain isocontour of that fraction.

    Raises
    ------
    RegionLeaks
        As ``region_at_or_above``.

    References
    ----------
    Boellaard et al., Eur J Nucl Med Mol Imaging 2015, 42:328-354 (41 % and 50 %). Capobianco et al., Eur J Nucl Med
    Mol Imaging 2022, 49:517-526 (the parting).
    """
    top = _own_top(suv, click, fraction)
    level = fraction * float(suv.array[top])
    for reach_mm in _PARTED_REACHES_MM:
        box = box_around(top, reach_mm, suv.geometry)
        mask = _hot_spot(suv, box, np.asarray(suv.array[box] >= level), top, fraction)
        if not touches(mask, box, suv.geometry.shape):
            return _bounded(Part(mask, box), suv.geometry, f"{100 * fraction:.0f} % of the maximum")
    what = f"{100 * fraction:.0f} % of SUV {suv.array[top]:.2f}"
    whole = connected(lambda box: np.asarray(suv.array[box] >= level), top, suv.geometry, (FARTHEST_MM,))
    whole = _bounded(whole, suv.geometry, what)
    return Part(_hot_spot(suv, whole.box, whole.mask, top, fraction), whole.box)


def hot_core(suv: SuvVolume, click: Voxel, fraction: float, box: Box) -> Mask:
    """The hot spot at a click, as ``region_of_maximum`` parts it, as far as a box shows it."""
    top = _own_top(suv, click, fraction)
    if any(not side.start <= at < side.stop for at, side in zip(top, box, strict=True)):
        return np.zeros(tuple(side.stop - side.start for side in box), dtype=bool)
    return _hot_spot(suv, box, np.asarray(suv.array[box] >= fraction * float(suv.array[top])), top, fraction)


def hottest_near(suv: SuvVolume, voxel: Voxel) -> Voxel:
    """The hottest voxel within 4 mm."""
    return _hottest(suv, box_around(voxel, _NEAR_MM, suv.geometry), voxel, _NEAR_MM)


def _own_top(suv: SuvVolume, click: Voxel, fraction: float) -> Voxel:
    """The top of the click's own hill where the click is well up on it, else that of the hottest voxel near."""
    top = _climbed(suv, click)
    if suv.array[click] >= fraction * suv.array[top]:
        return top
    return _climbed(suv, hottest_near(suv, click))


def _climbed(suv: SuvVolume, voxel: Voxel) -> Voxel:
    """Steepest ascent over the 26 neighbours."""
    for _ in range(_MOST_STEPS):
        sides = [slice(max(0, at - 1), at + 2) for at in voxel]
        higher = _hottest(suv, (sides[0], sides[1], sides[2]), voxel, np.inf)
        if higher == voxel:
            break
        voxel = higher
    return voxel


def _hottest(suv: SuvVolume, box: Box, centre: Voxel, radius_mm: float) -> Voxel:
    """The hottest voxel of a box within a distance of its centre; the centre where none is hotter."""
    values = np.nan_to_num(suv.array[box], nan=-np.inf)
    sides = zip(box, centre, suv.geometry.spacing_mm, strict=True)
    z, y, x = ((np.arange(side.start, min(side.stop, side.start + n)) - at) * step
               for (side, at, step), n in zip(sides, values.shape, strict=True))  # fmt: skip
    apart = z[:, None, None] ** 2 + y[:, None] ** 2 + x**2
    values = np.where(apart <= radius_mm**2, values, -np.inf)
    best = np.unravel_index(int(values.argmax()), values.shape)
    if values[best] <= suv.array[centre]:
        return centre
    return int(best[0]) + box[0].start, int(best[1]) + box[1].start, int(best[2]) + box[2].start


def _hot_spot(suv: SuvVolume, box: Box, reached: Mask, top: Voxel, fraction: float) -> Mask:
    """The hot spot of ``top`` among the voxels ``reached`` of a box."""
    level = fraction * float(suv.array[top])
    values = np.where(reached, suv.array[box], np.float32(-np.inf))
    owners = incremental_components(values, floor_suv=level, fraction=fraction)
    return np.asarray(owners == owners[within(top, box)])


def _bounded(part: Part | None, grid: ImageGeometry, what: str) -> Part:
    """Refuse a region that leaks."""
    volume_ml = np.inf if part is None else float(np.count_nonzero(part.mask)) * grid.voxel_volume_ml
    if part is None or volume_ml > MOST_ML:
        size = f"reaches further than {FARTHEST_MM:.0f} mm" if part is None else f"takes {volume_ml:.0f} ml"
        raise RegionLeaks(
            f"The region at {what} {size}: nothing parts it from the tissue around the click.", remedy=_INSTEAD
        )
    return part

"""A region between foreground and background clicks, by random walks over the SUV."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from apps.monai_label.infers.clicks import Voxel
from apps.monai_label.infers.growing import box_around, hot_core, hottest_near, touches, within
from apps.monai_label.infers.infer_errors import ClickRefused, RegionLeaks
from apps.monai_label.infers.placed_labels import Box, Mask, Part
from uptake.geometry import ImageGeometry
from uptake.regions.connectivity import components
from uptake.volume import SuvVolume

_REACHES_MM = (30.0, 60.0, 100.0)
_MOST_VOXELS = 400_000
_BETA = 100.0
_CORE = 0.65  # of a hot spot's maximum: inside a lesion's edge whatever lies around it
_COLD = 0.25  # of the coldest foreground click's hottest voxel: outside any lesion's edge
_FOREGROUND, _BACKGROUND = 1, 2


def interactive_region(suv: SuvVolume, foreground: Sequence[Voxel], background: Sequence[Voxel]) -> Part:
    """The voxels from which a random walker is likelier to come to a foreground click first than to the background.

    It walks within 30, 60 or 100 mm of the foreground clicks, as far as the region reaches, unwillingly across steps of
    SUV. Foreground is also the core of each foreground click's hot spot (65 % of its maximum), unless a background
    click lies in it. Background are the clicks given as such, the inner faces of the box, and what has less than a
    quarter of the SUV of the coldest of the foreground clicks (each taken as the hottest voxel within 4 mm). Only what
    connects to a foreground click is kept. A foreground click is always in the region, a background click never. The
    shares are the project's own choice.

    Raises
    ------
    ClickRefused
        If there is no foreground click, one is a background click too, or they span more than 400 000 voxels.
    RegionLeaks
        If the region reaches the box's faces.

    References
    ----------
    Grady, IEEE Trans Pattern Anal Mach Intell 2006, 28:1768-1783. Onoma et al., Comput Med Imaging Graph 2014,
    38:753-763 (random walks on PET).
    """
    if not foreground:
        raise ClickRefused("There is no foreground click.", remedy="Click into the lesion first.")
    if set(foreground) & set(background):
        raise ClickRefused("A click is foreground and background at once.", remedy="Clear the clicks and start again.")
    walked_mm = 0.0
    for reach_mm in _REACHES_MM:
        box = _span(foreground, suv.geometry, reach_mm)
        if np.prod([side.stop - side.start for side in box]) > _MOST_VOXELS:
            break
        walked_mm = reach_mm
        marks = _marks(suv, box, foreground, _inside(background, box))
        if _reaches_out(marks == _FOREGROUND, box, suv.geometry):
            continue
        part = _region(suv, foreground, marks, box)
        if not _reaches_out(part.mask, box, suv.geometry):
            return part
    if not walked_mm:
        raise ClickRefused(
            "The foreground clicks lie too far apart for one region.", remedy="Take one lesion after the other."
        )
    raise RegionLeaks(
        f"The region reaches {walked_mm:.0f} mm from its clicks without an end.",
        remedy="Add background clicks around the lesion, or foreground clicks across it.",
    )


def _region(suv: SuvVolume, foreground: Sequence[Voxel], marks: NDArray[np.int32], box: Box) -> Part:
    """What a walker within a box gives."""
    values = np.nan_to_num(suv.array[box].astype(np.float64))
    mask = _walked(values, marks, suv.geometry) == _FOREGROUND
    numbered = components(mask, 26)
    wanted = {int(numbered[within(each, box)]) for each in foreground}
    return Part(np.isin(numbered, sorted(wanted)) & mask, box)


def _reaches_out(mask: Mask, box: Box, grid: ImageGeometry) -> bool:
    """Whether it comes next to an inner face of the box, all of which is background."""
    return touches(ndimage.binary_dilation(mask), box, grid.shape)


def _span(foreground: Sequence[Voxel], grid: ImageGeometry, reach_mm: float) -> Box:
    """The box around all foreground clicks."""
    boxes = [box_around(each, reach_mm, grid) for each in foreground]
    z, y, x = (slice(min(s.start for s in sides), max(s.stop for s in sides)) for sides in zip(*boxes, strict=True))
    return z, y, x


def _inside(clicks: Sequence[Voxel], box: Box) -> list[Voxel]:
    """The clicks that a box holds, as indices into it."""
    kept = [each for each in clicks if all(s.start <= at < s.stop for at, s in zip(each, box, strict=True))]
    return [within(each, box) for each in kept]


def _marks(suv: SuvVolume, box: Box, foreground: Sequence[Voxel], background: Sequence[Voxel]) -> NDArray[np.int32]:
    """What is known beforehand: 1 foreground, 2 background, 0 to be found; ``background`` as indices into the box."""
    level = _COLD * min(float(suv.array[hottest_near(suv, each)]) for each in foreground)
    marks = np.where(suv.array[box] >= level, np.int32(0), np.int32(_BACKGROUND))
    for click in foreground:
        core = hot_core(suv, click, _CORE, box)
        if not any(core[each] for each in background):
            marks[core] = _FOREGROUND
    for axis, (side, size) in enumerate(zip(box, suv.geometry.shape, strict=True)):
        for face, inner in ((0, side.start > 0), (-1, side.stop < size)):
            if inner:
                marks[(slice(None),) * axis + (face,)] = _BACKGROUND
    for each in background:
        marks[each] = _BACKGROUND
    for click in foreground:
        marks[within(click, box)] = _FOREGROUND
    return marks


def _walked(values: NDArray[np.float64], marks: NDArray[np.int32], grid: ImageGeometry) -> NDArray[np.int32]:
    """Marks of every voxel."""
    if not (marks == 0).any():
        return marks
    # Background that borders on background alone tells the walker nothing: it is left out of his equations.
    marks = np.where(ndimage.binary_erosion(marks == _BACKGROUND, border_value=1), np.int32(-1), marks)
    # Imported here: scikit-image takes half a second.
    from skimage.segmentation import random_walker

    spacing = np.asarray(grid.spacing_mm) / min(grid.spacing_mm)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that pyamg, which is not needed at this size, is not installed
        found = random_walker(values, marks, beta=_BETA, mode="cg_j", tol=1e-3, spacing=tuple(spacing))
    return np.asarray(found, dtype=np.int32)

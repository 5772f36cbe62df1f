"""Regions of the PET on the CT's grid, for radiation treatment planning."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

Slices = tuple[slice, slice, slice]


def nearest_regions(regions: LabelMap, onto: ImageGeometry) -> LabelMap:
    """Each voxel's region is that of the PET voxel in which its centre lies; cropped to the regions.

    Parameters
    ----------
    regions
        On the PET's grid.
    onto
        The CT's.

    Returns
    -------
    LabelMap
        On a box of ``onto``: the smallest that holds them, one voxel where there is none.
    """
    box = _reach(regions, onto)
    return _cropped(_looked_up(regions, onto, box), onto, box)


def class_regions_on(
    regions: LabelMap, class_of: Sequence[int], classes: NDArray[np.uint8], onto: ImageGeometry
) -> LabelMap:
    """Voxels of a class that was chosen on the CT's grid, each in the nearest region of its class.

    A voxel further from every region of its class than a PET voxel's diagonal is in none: it belongs to a region that
    was too small to be kept.

    Parameters
    ----------
    regions
        On the PET's grid, numbered 1, 2, ...
    class_of
        Class value of region 1, 2, ...
    classes
        Class of every voxel ``(z, y, x)`` of ``onto``, chosen after resampling (Nikulin 2023).
    onto
        The CT's grid.

    Returns
    -------
    LabelMap
        As ``nearest_regions``; a region may have no voxel left.
    """
    if classes.shape != onto.shape:
        raise ValueError(f"classes have shape {classes.shape}, the grid {onto.shape}")
    box = _reach(regions, onto)
    seeds = _looked_up(regions, onto, box)
    lookup = np.asarray([0, *class_of])
    farthest = hypot(*regions.geometry.spacing_mm)
    found = np.zeros(seeds.shape, dtype=np.uint16)
    for value in sorted(set(class_of)):
        own = classes[box] == value
        seeded = (lookup[seeds] == value) & (seeds > 0)
        if not own.any() or not seeded.any():
            continue
        apart, nearest = ndimage.distance_transform_edt(~seeded, sampling=onto.spacing_mm, return_indices=True)
        kept = own & (apart <= farthest)
        found[kept] = seeds[tuple(axis[kept] for axis in nearest)]
    return _cropped(found, onto, box)


def planning_volumes_ml(regions: LabelMap, planning: LabelMap) -> dict[int, float]:
    """Volume of every region on the CT's grid, by its number; 0 where none of its voxels is left."""
    count = int(regions.array.max(initial=0)) + 1
    voxels = np.bincount(planning.array.ravel(), minlength=count)
    return {label: float(voxels[label]) * planning.geometry.voxel_volume_ml for label in range(1, count)}


def planning_caveats(regions: LabelMap, planning: LabelMap, onto: ImageGeometry) -> tuple[str, ...]:
    """What a planner must know: the volume on both grids, regions without a voxel on the CT's, and those cut off by it.

    Parameters
    ----------
    regions, planning
        On the PET's grid, and on a box of the CT's.
    onto
        The CT's grid.
    """
    if not regions.array.any():
        return ()
    measured_ml = np.count_nonzero(regions.array) * regions.geometry.voxel_volume_ml
    planned_ml = sum(planning_volumes_ml(regions, planning).values())
    volume = f"RT Structure Set: {planned_ml:.2f} ml on the CT's grid, {measured_ml:.2f} ml measured on the PET's."
    every = set(np.unique(regions.array[regions.array > 0]).tolist())
    missing = sorted(every - set(np.unique(planning.array).tolist()))
    voxels = np.argwhere(regions.array > 0)
    index = onto.index(regions.geometry.position_mm(voxels))
    beyond = ((index < -0.5) | (index > np.asarray(onto.shape) - 0.5)).any(axis=1)
    cut = sorted(set(regions.array[tuple(voxels[beyond].T)].tolist()) - set(missing))
    told = ((missing, "have no voxel on the CT's grid and are not in the RT Structure Set"),
            (cut, "reach beyond the CT and are cut off in the RT Structure Set"))  # fmt: skip
    return volume, *(f"Lesions {', '.join(map(str, which))} {what}." for which, what in told if which)


def _reach(regions: LabelMap, onto: ImageGeometry) -> Slices:
    """The box of ``onto`` within one PET voxel of the regions' boxes."""
    boxes = ndimage.find_objects((regions.array > 0).view(np.uint8))
    if not boxes:
        return slice(0, 1), slice(0, 1), slice(0, 1)
    ends = np.array([[side.start - 1.5, side.stop + 0.5] for side in boxes[0]])
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
    index = onto.index(regions.geometry.position_mm(corners))
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, np.asarray(onto.shape) - 1)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, low + 1, onto.shape)
    z, y, x = (slice(int(first), int(last)) for first, last in zip(low, high, strict=True))
    return z, y, x


def _looked_up(regions: LabelMap, onto: ImageGeometry, box: Slices) -> NDArray[np.uint16]:
    """The region at each voxel centre of a box of ``onto``, slice by slice."""
    found = np.zeros(tuple(side.stop - side.start for side in box), dtype=np.uint16)
    z, y, x = (np.arange(side.start, side.stop) for side in box)
    shape = np.asarray(regions.array.shape)
    for number, plane in enumerate(z):
        index = np.stack(np.broadcast_arrays(plane, y[:, None], x[None, :]), axis=-1)
        at = np.floor(np.round(regions.geometry.index(onto.position_mm(index)), 6) + 0.5).astype(int)
        inside = np.all((at >= 0) & (at < shape), axis=-1)
        found[number][inside] = regions.array[tuple(at[inside].T)]
    return found


def _cropped(found: NDArray[np.uint16], onto: ImageGeometry, box: Slices) -> LabelMap:
    """The smallest box of what was found, with its place in the patient."""
    inner = ndimage.find_objects((found > 0).view(np.uint8))
    part: Slices = inner[0] if inner else (slice(0, 1), slice(0, 1), slice(0, 1))
    corner = onto.position_mm([side.start + own.start for side, own in zip(box, part, strict=True)])
    array = np.ascontiguousarray(found[part])
    z, y, x = array.shape
    origin = (float(corner[0]), float(corner[1]), float(corner[2]))
    return LabelMap(array, ImageGeometry((z, y, x), onto.spacing_mm, origin, onto.axes))

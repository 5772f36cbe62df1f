"""A volume on a parallel grid, one axis after the other: exact for splines, and far cheaper than voxel by voxel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.registration.axis_operators import Array, AxisOperator, Spline, axis_operator

# Off by less than 0.1 mm across a metre.
_PARALLEL_TOLERANCE = 1e-4
_EDGE_TOLERANCE_VOXELS = 1e-6
# Slices made at once: few enough for little memory, and not so few that a spline's reach is read again too often.
_SLICES_AT_ONCE = 32

Coordinates = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def matching_axes(source: ImageGeometry, target: ImageGeometry) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Which axis of the source each axis of the target runs along, and whether the other way.

    Raises
    ------
    ValueError
        If the grids are not parallel; see ``parallel``.
    """
    cosines = np.asarray(target.axes) @ np.asarray(source.axes).T
    along = np.abs(cosines).argmax(axis=1)
    rest = cosines.copy()
    rest[np.arange(3), along] = 0.0
    if np.abs(rest).max() > _PARALLEL_TOLERANCE:
        raise ValueError("the two grids are not parallel")
    against = [bool(cosines[i, axis] < 0) for i, axis in enumerate(along)]
    return (int(along[0]), int(along[1]), int(along[2])), (against[0], against[1], against[2])


def parallel(source: ImageGeometry, target: ImageGeometry) -> bool:
    """Whether each axis of one grid runs along an axis of the other, within 0.1 mm over a metre."""
    try:
        matching_axes(source, target)
    except ValueError:
        return False
    return True


def turned(array: NDArray[Any], source: ImageGeometry, target: ImageGeometry) -> NDArray[Any]:
    """View of an array (..., z, y, x) of ``source`` with its axes in the order and direction of ``target``'s."""
    along, against = matching_axes(source, target)
    lead = array.ndim - 3
    view = array.transpose(*range(lead), *(lead + axis for axis in along))
    return view[(..., *(slice(None, None, -1 if flip else None) for flip in against))]


def coordinates(source: ImageGeometry, target: ImageGeometry) -> Coordinates:
    """Where the target's voxels lie along each of its axes, in voxels of the source turned to it; ascending."""
    along, against = matching_axes(source, target)
    by_axis = []
    for axis, (own, flip) in enumerate(zip(along, against, strict=True)):
        indices = np.zeros((target.shape[axis], 3))
        indices[:, axis] = np.arange(target.shape[axis])
        at = source.index(target.position_mm(indices))[:, own]
        by_axis.append(source.shape[own] - 1 - at if flip else at)
    return by_axis[0], by_axis[1], by_axis[2]


def resample_axes(
    array: Array,
    source: ImageGeometry,
    target: ImageGeometry,
    *,
    orders: tuple[int, int, int],
    outside: float | None,
) -> Array:
    """Values at the voxel centres of a parallel grid, by splines along one axis after the other.

    The result of ``scipy.ndimage.zoom(grid_mode=True, mode="nearest")`` within float32's rounding where both grids
    have the same extent. Splines of order 2 and 3 overshoot at edges: like scikit-image's ``resize``, which nnU-Net
    uses, the result is kept within the range of the source; of each slice by itself where slices are resampled on
    their own. Memory beyond the result: some tens of slices.

    Parameters
    ----------
    array
        float32 (..., z, y, x) on ``source``, every value finite; each volume by itself.
    source, target
        Grids, parallel up to the order and direction of their axes.
    orders
        Spline order, 0 to 3, along each axis of the target. One axis may differ from the others, whose planes are then
        resampled on their own first.
    outside
        None: beyond the source's outermost voxels, their values. Otherwise the value of voxels whose centre lies
        outside the source's extent.

    Returns
    -------
    Array
        float32 (..., z, y, x) on ``target``; its own memory.

    Raises
    ------
    ValueError
        If the grids are not parallel, the array does not fit, or three different orders are wanted.
    """
    if array.dtype != np.float32 or array.shape[-3:] != source.shape:
        raise ValueError(f"the array must be float32 of {source.shape}, not {array.dtype} of {array.shape}")
    across = _slice_axis(orders)
    at = coordinates(source, target)
    view = turned(array, source, target)
    axes = [axis_operator(c, view.shape[axis - 3], orders[axis]) for axis, c in enumerate(at)]
    order = (across, *(axis for axis in range(3) if axis != across))
    result = np.empty((*array.shape[:-3], *target.shape), dtype=np.float32)
    for volume in np.ndindex(array.shape[:-3]):
        _resample(view[volume].transpose(order), result[volume].transpose(order), [axes[axis] for axis in order])
    if outside is not None:
        for axis, c in enumerate(at):
            edge = 0.5 + _EDGE_TOLERANCE_VOXELS
            beyond = (c < -edge) | (c > view.shape[axis - 3] - 1 + edge)
            result[(..., beyond, *(slice(None),) * (2 - axis))] = outside
    return result


def _slice_axis(orders: tuple[int, int, int]) -> int:
    """The axis whose order differs from that of the other two; 0 where none does."""
    if len(orders) != 3 or len(set(orders)) == 3:
        raise ValueError(f"orders must be three, of which two are the same, not {orders}")
    return next((axis for axis in range(3) if orders.count(orders[axis]) == 1), 0)


def _resample(source: Array, result: Array, axes: Sequence[AxisOperator]) -> None:
    """One volume, some slices across its first axis at a time."""
    across, down, along = axes
    splines = [isinstance(axis, Spline) for axis in axes]
    slices_first = not splines[0] and any(splines)
    limits = (source.min(), source.max()) if any(splines) and not slices_first else None
    for first in range(0, len(across), _SLICES_AT_ONCE):
        part = slice(first, min(first + _SLICES_AT_ONCE, len(across)))
        piece = np.ascontiguousarray(source[across.reach(part)])
        if slices_first:
            low, high = (f(axis=(1, 2), keepdims=True) for f in (piece.min, piece.max))
            piece = along.apply(down.apply(piece, 1), 2).clip(low, high)
            result[part] = across.apply(piece, 0, part)
            continue
        piece = along.apply(down.apply(across.apply(piece, 0, part), 1), 2)
        result[part] = piece if limits is None else piece.clip(*limits)

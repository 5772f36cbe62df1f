"""The grid that a network works on, and the spline orders on the way to it and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import Axes, ImageGeometry, Vector
from uptake.inference.model_store.sampling import Preprocessing, Resampling

_ANISOTROPIC = 3.0


@dataclass(frozen=True, slots=True)
class Turning:
    """How an array's axes are put in order: transposed by ``order``, then reversed where ``flipped``."""

    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]

    def turn(self, array: NDArray[Any]) -> NDArray[Any]:
        """View of an array (..., z, y, x) with turned axes."""
        lead = array.ndim - 3
        view = array.transpose(*range(lead), *(lead + axis for axis in self.order))
        turned: NDArray[Any] = view[self._steps]
        return turned

    def back(self, array: NDArray[Any]) -> NDArray[Any]:
        """The inverse of ``turn``, a view as well."""
        lead = array.ndim - 3
        axes = (lead + int(axis) for axis in np.argsort(self.order))
        plain: NDArray[Any] = array[self._steps].transpose(*range(lead), *axes)
        return plain

    def slices_back(self, where: tuple[slice, slice, slice], shape: tuple[int, int, int]) -> tuple[slice, slice, slice]:
        """The box of an array of ``shape`` that became the box ``where`` (start, stop, no step) by turning it."""
        before = [slice(0, 0)] * 3
        for axis, flip, each in zip(self.order, self.flipped, where, strict=True):
            before[axis] = slice(shape[axis] - each.stop, shape[axis] - each.start) if flip else each
        return before[0], before[1], before[2]

    @property
    def _steps(self) -> tuple[Any, ...]:
        return ..., *(slice(None, None, -1 if flip else None) for flip in self.flipped)


def turning(geometry: ImageGeometry, orientation: str) -> Turning:
    """How to turn a grid so that its axes run to the head, back and left (``LPS``) or head, front and right (``RAS``).

    Oblique grids get the nearest axes.
    """
    order, flipped = geometry.to_canonical()
    if orientation == "RAS":
        flipped = (flipped[0], not flipped[1], not flipped[2])
    return Turning(order, flipped)


def turned_geometry(geometry: ImageGeometry, turning: Turning) -> ImageGeometry:
    """The grid of an array that was turned."""
    corner = [0, 0, 0]
    axes: list[Vector] = []
    for axis, flip in zip(turning.order, turning.flipped, strict=True):
        corner[axis] = geometry.shape[axis] - 1 if flip else 0
        x, y, z = geometry.axes[axis]
        axes.append((-x, -y, -z) if flip else (x, y, z))
    shape = tuple(geometry.shape[axis] for axis in turning.order)
    spacing = tuple(geometry.spacing_mm[axis] for axis in turning.order)
    return _grid(shape, spacing, geometry.position_mm(corner), (axes[0], axes[1], axes[2]))


def network_geometry(pet: ImageGeometry, preprocessing: Preprocessing) -> ImageGeometry:
    """The network's grid over the extent of a PET, in the bundle's orientation.

    Parameters
    ----------
    pet
        The PET's grid, cropped where the bundle wants it cropped.
    preprocessing
        Spacing, orientation, and whether voxels are stretched to the extent.

    References
    ----------
    nnU-Net v2, ``compute_new_shape``: the number of voxels.
    """
    turned = turned_geometry(pet, turning(pet, preprocessing.orientation))
    sides = list(zip(turned.spacing_mm, preprocessing.spacing_mm, turned.shape, strict=True))
    shape = tuple(max(round(old / new * voxels), 1) for old, new, voxels in sides)
    spacing: tuple[float, ...] = preprocessing.spacing_mm
    if preprocessing.grid == "extent":
        extents = [old * voxels for old, _, voxels in sides]
        spacing = tuple(extent / voxels for extent, voxels in zip(extents, shape, strict=True))
    centre = turned.position_mm([(voxels - 1) / 2 for voxels in turned.shape])
    to_centre = np.asarray([side * (voxels - 1) / 2 for side, voxels in zip(spacing, shape, strict=True)])
    return _grid(shape, spacing, centre - to_centre @ np.asarray(turned.axes), turned.axes)


def cropped_geometry(geometry: ImageGeometry, where: tuple[slice, slice, slice]) -> ImageGeometry:
    """The grid of a box of an array; the slices have a start, a stop and no step."""
    shape = tuple(each.stop - each.start for each in where)
    corner = geometry.position_mm([each.start for each in where])
    return _grid(shape, geometry.spacing_mm, corner, geometry.axes)


def orders_for(resampling: Resampling, current_mm: Vector, wanted_mm: Vector) -> tuple[int, int, int]:
    """Spline orders along each axis.

    Parameters
    ----------
    resampling
        The orders, and whether slices are resampled on their own.
    current_mm, wanted_mm
        Spacing (z, y, x) before and after, as the bundle gives the network's (not stretched to the extent).

    References
    ----------
    nnU-Net v2, ``determine_do_sep_z_and_axis``: of two spacings of which the one before is looked at first, that whose
    longest side is more than three times the shortest; only where a single axis is the longest.
    """
    order = resampling.order
    orders = [order, order, order]
    spacing: Vector | None = current_mm if resampling.separate_slices else None
    if resampling.separate_slices is None:
        spacing = next((each for each in (current_mm, wanted_mm) if max(each) / min(each) > _ANISOTROPIC), None)
    if spacing is not None and spacing.count(max(spacing)) == 1:
        orders[spacing.index(max(spacing))] = resampling.order_between_slices
    return orders[0], orders[1], orders[2]


def _grid(shape: tuple[int, ...], spacing: tuple[float, ...], origin: NDArray[np.float64], axes: Axes) -> ImageGeometry:
    return ImageGeometry(
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=(spacing[0], spacing[1], spacing[2]),
        origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
        axes=axes,
    )

"""Interpolation along one axis as a linear operator: two neighbours and a weight, or a spline's matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float32]

# Coordinates come from positions in mm; without rounding, a voxel midway between two would fall to either.
_DECIMALS = 9
# A spline's reach is endless, but falls to a quarter per voxel: what is left out is far below float32's rounding.
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Nearest or linear interpolation: every output from ``low`` and ``high`` of the input.

    Parameters
    ----------
    low, high
        Input indices of each output, ascending.
    weight
        Share of ``high``, float32; None where ``low`` alone counts.
    """

    low: NDArray[np.intp]
    high: NDArray[np.intp]
    weight: Array | None

    def __len__(self) -> int:
        return len(self.low)

    def reach(self, part: slice) -> slice:
        """The inputs that the outputs ``part`` need."""
        return slice(int(self.low[part.start]), int(self.high[part.stop - 1]) + 1)

    def within(self, outputs: slice, inputs: slice) -> Neighbours:
        """The same for some outputs of an input cropped to ``inputs``, which holds all that they need."""
        low, high = (index[outputs] - inputs.start for index in (self.low, self.high))
        last = inputs.stop - inputs.start - 1  # a neighbour with no weight may lie beyond
        return Neighbours(low, np.minimum(high, last), None if self.weight is None else self.weight[outputs])

    def apply(self, array: Array, axis: int, part: slice | None = None) -> Array:
        """Outputs along ``axis``: all of the whole input, or ``part`` of an array that holds just its ``reach``."""
        first = 0 if part is None else self.reach(part).start
        part = part or slice(0, len(self))
        low, high = self.low[part] - first, self.high[part] - first
        if self.weight is None:
            kept = len(low) == array.shape[axis] and np.array_equal(low, np.arange(len(low)))
            return array if kept else array.take(low, axis=axis)
        shape = [1] * array.ndim
        shape[axis] = -1
        value: Array = array.take(low, axis=axis)
        step = array.take(high, axis=axis)
        # In this form a constant stays exactly what it is.
        step -= value
        step *= self.weight[part].reshape(shape)
        value += step
        return value


@dataclass(frozen=True, eq=False)
class Spline:
    """Spline interpolation of order 2 or 3: ``matrix`` (outputs, inputs), float32."""

    matrix: Array = field(repr=False)

    def __len__(self) -> int:
        return len(self.matrix)

    @cached_property
    def _ranges(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        used = self.matrix != 0
        return used.argmax(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1)

    def reach(self, part: slice) -> slice:
        """As for ``Neighbours``."""
        first, stop = self._ranges
        return slice(int(first[part].min()), int(stop[part].max()))

    def apply(self, array: Array, axis: int, part: slice | None = None) -> Array:
        """As for ``Neighbours``, along axis 0, 1 or 2 of three."""
        matrix = self.matrix if part is None else self.matrix[part, self.reach(part)]
        if axis == 0:
            flat: Array = matrix @ array.reshape(len(array), -1)
            return flat.reshape(-1, *array.shape[1:])
        if axis == 1:
            return np.asarray(np.matmul(matrix, array))
        flat = array.reshape(-1, array.shape[2]) @ np.ascontiguousarray(matrix.T)
        return flat.reshape(*array.shape[:2], -1)


AxisOperator = Neighbours | Spline


def axis_operator(coordinates: NDArray[np.float64], length: int, order: int) -> AxisOperator:
    """Values at ``coordinates`` of an axis of ``length`` voxels; beyond the ends, the end voxels' values.

    Parameters
    ----------
    coordinates
        Voxel indices, with fractions, ascending.
    length
        Voxels of the input.
    order
        0 nearest (a tie goes up), 1 linear, 2 or 3 B-spline, as ``scipy.ndimage.map_coordinates(mode="nearest")``.

    Raises
    ------
    ValueError
        If the order is unknown.
    """
    if order not in (0, 1, 2, 3):
        raise ValueError(f"a spline's order must be 0, 1, 2 or 3, not {order}")
    at = np.round(coordinates, _DECIMALS)
    if np.array_equal(at, np.round(at)):
        order = 0  # every order gives back the voxels themselves
    if order > 1:
        columns = [ndimage.map_coordinates(unit, [at], order=order, mode="nearest") for unit in np.eye(length)]
        matrix = np.stack(columns, axis=1)
        return Spline(np.where(np.abs(matrix) < _NEGLIGIBLE, 0.0, matrix).astype(np.float32))
    at = np.clip(at, 0, length - 1)
    if order == 0:
        nearest = np.floor(at + 0.5).astype(np.intp)
        return Neighbours(nearest, nearest, None)
    low = np.floor(at).astype(np.intp)
    return Neighbours(low, np.minimum(low + 1, length - 1), (at - low).astype(np.float32))

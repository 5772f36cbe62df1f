"""A network's answer on another grid, slab by slab: each slice as soon as the slices that it needs are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.inference.body_box import Box
from uptake.inference.predictor import Slab
from uptake.registration.axis_operators import Neighbours, axis_operator
from uptake.registration.axis_resampling import coordinates

_PIECE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Part:
    """A box of a grid."""

    geometry: ImageGeometry
    box: Box


def resampled_slabs(
    slabs: Iterable[Slab], source: Part, target: Part, orders: tuple[int, int, int]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Slices of a box of a target grid, interpolated from slabs of a box of the network's grid.

    The same bits as ``resample_axes`` of the whole volume. Memory: a slab, the slices that the next one is
    interpolated with, and some tens of MB; the target's size along z does not matter.

    Parameters
    ----------
    slabs
        Of ``source.box``, in order and without gaps, as ``predict_slabs`` hands them on.
    source, target
        Parallel grids whose axes run the same way. The source's box must hold every voxel that the target's box is
        interpolated from.
    orders
        0 or 1 along each axis.

    Yields
    ------
    tuple
        First slice along z, counted in the target's grid, and float32 (classes, slices, y, x) of its box.

    Raises
    ------
    ValueError
        If an order is neither 0 nor 1: a spline of a higher order needs all slices for each.
    """
    if not set(orders) <= {0, 1}:
        raise ValueError(f"an answer is resampled slab by slab with order 0 or 1, not {orders}")
    axes: list[Neighbours] = []
    for axis, at in enumerate(coordinates(source.geometry, target.geometry)):
        operator = axis_operator(at, source.geometry.shape[axis], orders[axis])
        if isinstance(operator, Neighbours):  # as it is for these orders
            axes.append(operator.within(target.box.slices[axis], source.box.slices[axis]))
    return _resampled(slabs, axes, source.box.start[0], target.box.start[0])


def _resampled(
    slabs: Iterable[Slab], axes: list[Neighbours], source_start: int, target_start: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The generator behind ``resampled_slabs``."""
    across, down, along = axes
    held: NDArray[np.float32] | None = None
    first, done = 0, 0  # the first slice held, counted in the box; slices handed on
    for slab in slabs:
        if held is None:
            held, first = slab.probabilities, slab.start - source_start
        else:
            held = np.concatenate([held, slab.probabilities], axis=1)
        ready = int(np.searchsorted(across.high, first + held.shape[1]))
        at_once = max(_PIECE_BYTES // (4 * len(held) * len(down) * len(along)), 1)
        while done < ready:
            part = slice(done, min(done + at_once, ready))
            reach = across.reach(part)
            piece = across.apply(held[:, reach.start - first : reach.stop - first], 1, part)
            yield target_start + done, along.apply(down.apply(piece, 2), 3)
            done = part.stop
        needed = int(across.low[done]) if done < len(across) else first + held.shape[1]
        spent = min(max(needed - first, 0), held.shape[1])
        held, first = held[:, spent:], first + spent

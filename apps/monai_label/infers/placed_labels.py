"""Labels that are kept as the box that holds them: a click must not touch a whole body's voxels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.inference.body_box import body_box
from uptake.regions.planning_regions import nearest_regions
from uptake.volume import LabelMap

Box = tuple[slice, slice, slice]
Mask = NDArray[np.bool_]
Values = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Voxels of a grid: those of ``mask`` (z, y, x) in ``box``."""

    mask: Mask
    box: Box

    def __post_init__(self) -> None:
        if self.mask.shape != tuple(side.stop - side.start for side in self.box):
            raise ValueError(f"a mask of {self.mask.shape} does not fit the box {self.box}")


@dataclass(frozen=True, slots=True, eq=False)
class PlacedLabels:
    """Label values uint8 (z, y, x) of one box of a grid; background outside it.

    Parameters
    ----------
    values
        In the box; become read-only.
    start
        The box's first voxel (z, y, x).
    grid
        The whole grid.
    """

    values: Values
    start: tuple[int, int, int]
    grid: ImageGeometry

    def __post_init__(self) -> None:
        stops = [first + size for first, size in zip(self.start, self.values.shape, strict=True)]
        if self.values.dtype != np.uint8 or min(self.start) < 0 or any(np.greater(stops, self.grid.shape)):
            raise ValueError(f"labels of {self.values.shape} at {self.start} do not fit {self.grid.shape}")
        self.values.setflags(write=False)

    @classmethod
    def cropped(cls, whole: NDArray[np.integer], grid: ImageGeometry) -> PlacedLabels:
        """From values 0 to 255 on the whole grid."""
        if whole.shape != grid.shape:
            raise ValueError(f"labels of {whole.shape} do not fit the grid of {grid.shape}")
        box = body_box(whole != 0)
        if box.empty:
            return cls.empty(grid)
        return cls(np.ascontiguousarray(whole[box.slices], dtype=np.uint8), box.start, grid)

    @classmethod
    def empty(cls, grid: ImageGeometry) -> PlacedLabels:
        """No label at all."""
        return cls(np.zeros((1, 1, 1), np.uint8), (0, 0, 0), grid)

    @property
    def box(self) -> Box:
        """Where the values lie."""
        z, y, x = (slice(first, first + size) for first, size in zip(self.start, self.values.shape, strict=True))
        return z, y, x

    def whole(self) -> Values:
        """Values on the whole grid."""
        array = np.zeros(self.grid.shape, dtype=np.uint8)
        array[self.box] = self.values
        return array

    def label_map(self) -> LabelMap:
        """The same as the noun that the rest of Uptake takes."""
        array = np.zeros(self.grid.shape, dtype=np.uint16)
        array[self.box] = self.values
        return LabelMap(array, self.grid)

    def at(self, box: Box) -> Values:
        """Values in any box of the grid."""
        found = np.zeros(tuple(side.stop - side.start for side in box), dtype=np.uint8)
        inner = [(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(box, self.box, strict=True)]
        if all(first < stop for first, stop in inner):
            into = tuple(slice(f - side.start, s - side.start) for (f, s), side in zip(inner, box, strict=True))
            source = tuple(slice(f - side.start, s - side.start) for (f, s), side in zip(inner, self.box, strict=True))
            found[into] = self.values[source]
        return found

    def changed(self, change: Callable[[Values], Values]) -> PlacedLabels:
        """The same place with other values."""
        return PlacedLabels(change(self.values.copy()), self.start, self.grid)

    def onto(self, grid: ImageGeometry) -> PlacedLabels:
        """On another grid, each voxel with the label of the voxel in which its centre lies."""
        if grid is self.grid or grid.same_grid(self.grid):
            return self
        x, y, z = self.grid.position_mm(self.start)
        shape = (self.values.shape[0], self.values.shape[1], self.values.shape[2])
        place = ImageGeometry(shape, self.grid.spacing_mm, (float(x), float(y), float(z)), self.grid.axes)
        found = nearest_regions(LabelMap(self.values.astype(np.uint16), place), grid)
        first = np.rint(grid.index(found.geometry.origin_mm)).astype(int)
        return PlacedLabels(found.array.astype(np.uint8), (int(first[0]), int(first[1]), int(first[2])), grid)


def placed(parts: Sequence[tuple[Part, int]], grid: ImageGeometry) -> PlacedLabels:
    """Put parts of a grid together, each with its value; where they overlap, the later one's."""
    if not parts:
        return PlacedLabels.empty(grid)
    starts = np.min([[side.start for side in part.box] for part, _ in parts], axis=0)
    stops = np.max([[side.stop for side in part.box] for part, _ in parts], axis=0)
    values = np.zeros(stops - starts, dtype=np.uint8)
    for part, value in parts:
        own = tuple(slice(side.start - first, side.stop - first) for side, first in zip(part.box, starts, strict=True))
        values[own][part.mask] = value
    return PlacedLabels(values, (int(starts[0]), int(starts[1]), int(starts[2])), grid)

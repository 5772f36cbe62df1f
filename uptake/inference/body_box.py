"""Tiles where the patient is: the box around the body, and tiles placed over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from uptake.inference.tiling import Index, Overlap, Placing, overlap_by_axis, spread

Crop = Literal["none", "box", "rows"]


@dataclass(frozen=True, slots=True)
class Box:
    """Voxels ``start`` to before ``stop`` along z, y, x of a grid."""

    start: Index
    stop: Index

    @property
    def shape(self) -> Index:
        """Voxels along z, y, x."""
        sizes = [max(stop - start, 0) for start, stop in zip(self.start, self.stop, strict=True)]
        return sizes[0], sizes[1], sizes[2]

    @property
    def empty(self) -> bool:
        """Whether it holds no voxel."""
        return min(self.shape) == 0

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The box as an index into a (z, y, x) array."""
        slices = [slice(start, stop) for start, stop in zip(self.start, self.stop, strict=True)]
        return slices[0], slices[1], slices[2]


def body_box(body: NDArray[np.bool_]) -> Box:
    """The smallest box that holds every voxel of the body; an empty box where there is none.

    Parameters
    ----------
    body
        Mask (z, y, x).
    """
    ranges = []
    for axis in range(3):
        found = np.flatnonzero(body.any(axis=tuple(other for other in range(3) if other != axis)))
        if not found.size:
            return Box((0, 0, 0), (0, 0, 0))
        ranges.append((int(found[0]), int(found[-1]) + 1))
    (z0, z1), (y0, y1), (x0, x1) = ranges
    return Box((z0, y0, x0), (z1, y1, x1))


@dataclass(frozen=True, slots=True)
class Layout:
    """How tiles are laid over a volume.

    Parameters
    ----------
    patch
        Voxels of a tile along z, y, x.
    overlap, placing
        As in ``tiling.tile_starts``.
    crop
        "none": over the whole grid. "box": over the box around the body. "rows": each layer of tiles along z over
        the box around the body of that layer, and each row along y over that of the row: fewest tiles, since a
        neck is narrower than shoulders. The body is covered with the same overlap in each case.
    skip_empty
        Leave out tiles that hold no voxel of the body.
    """

    patch: Index
    overlap: Overlap
    placing: Placing = "regular"
    crop: Crop = "box"
    skip_empty: bool = True


def body_tiles(body: NDArray[np.bool_], layout: Layout) -> list[Index]:
    """First voxel of every tile to compute, in the order z, y, x; none where there is no body.

    Every voxel of the body lies in a tile. On an uncropped grid, leaving out empty tiles changes no voxel of the
    body, as a tile that reaches it is not empty.

    Parameters
    ----------
    body
        Mask (z, y, x); all True for the whole grid.
    layout
        How tiles are laid.
    """
    if layout.crop not in ("none", "box", "rows"):
        raise ValueError(f"crop must be none, box or rows, not {layout.crop!r}")
    box = body_box(body)
    if box.empty:
        return []
    if layout.crop == "none":
        box = Box((0, 0, 0), (body.shape[0], body.shape[1], body.shape[2]))
    tiles: list[Index] = []
    for z in _starts(box, body.shape, layout, 0):
        layer = _held(body, (z,), layout.patch)
        if layout.crop == "rows":
            box = body_box(layer)
            if box.empty:
                continue
        for y in _starts(box, body.shape, layout, 1):
            row_box = box if layout.crop != "rows" else body_box(_held(layer, (0, y), layout.patch))
            if not row_box.empty:
                tiles.extend((z, y, x) for x in _starts(row_box, body.shape, layout, 2))
    if layout.skip_empty:
        tiles = [tile for tile in tiles if _held(body, tile, layout.patch).any()]
    return tiles


def _starts(box: Box, shape: tuple[int, ...], layout: Layout, axis: int) -> tuple[int, ...]:
    """Tile starts along one axis over the box."""
    overlap = overlap_by_axis(layout.overlap)[axis]
    covered = (box.start[axis], box.stop[axis])
    return spread(covered, shape[axis], layout.patch[axis], overlap, layout.placing)


def _held(body: NDArray[np.bool_], start: tuple[int, ...], patch: Index) -> NDArray[np.bool_]:
    """The part of ``body`` within a tile, along as many axes as ``start`` has."""
    return body[tuple(slice(max(s, 0), s + p) for s, p in zip(start, patch, strict=False))]

"""The blending of tiles: weighted sums that move along z with the tiles."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from uptake.inference.body_box import Box
from uptake.inference.tiling import Index


class RunningSums:
    """Weighted sums of tiles over as many slices of the box as one tile has, moving along z.

    Parameters
    ----------
    box
        The part of the volume that results are for.
    classes
        Of the networks.
    weights
        float32 of the patch's shape; says on which device the sums are.
    """

    def __init__(self, box: Box, classes: int, weights: torch.Tensor) -> None:
        depth = min(weights.shape[0], box.shape[0])
        self._box = box
        self._first = box.start[0]
        self._tile_weights = weights
        self._sums = torch.zeros((classes, depth, *box.shape[1:]), device=weights.device)
        self._weights = torch.zeros((depth, *box.shape[1:]), device=weights.device)

    def add(self, tile: Index, mean: torch.Tensor) -> None:
        """Add a tile's means (classes, z, y, x), which are overwritten; its slices before the first are final."""
        origin = (self._first, *self._box.start[1:])
        held = self._weights.shape
        inside: list[slice] = []
        own: list[slice] = []
        for start, side, zero, length in zip(tile, self._tile_weights.shape, origin, held, strict=True):
            low, high = max(start - zero, 0), min(start + side - zero, length)
            if low >= high:
                return
            inside.append(slice(low, high))
            own.append(slice(low + zero - start, high + zero - start))
        # Two roundings and no fused multiply-add, so that a sum does not depend on where in memory a voxel lies.
        weighted = mean.mul_(self._tile_weights)
        self._sums[(slice(None), *inside)] += weighted[(slice(None), *own)]
        self._weights[tuple(inside)] += self._tile_weights[tuple(own)]

    def finished_before(self, z: int) -> Iterator[tuple[int, torch.Tensor]]:
        """First slice and weighted means (classes, slices, y, x) of the slices before ``z``; they leave the sums."""
        while self._first < min(z, self._box.stop[0]):
            count = min(z - self._first, self._weights.shape[0], self._box.stop[0] - self._first)
            total = self._weights[:count]
            yield self._first, self._sums[:, :count] / torch.where(total > 0, total, 1.0)
            self._drop(count)

    def _drop(self, count: int) -> None:
        """Move on by ``count`` slices, piece by piece: source and target of one copy must not share memory."""
        depth = self._weights.shape[0]
        for array in (self._sums, self._weights[None]):
            for low in range(0, depth - count, count):
                piece = min(count, depth - count - low)
                array[:, low : low + piece] = array[:, low + count : low + count + piece]
            array[:, depth - count :] = 0.0
        self._first += count

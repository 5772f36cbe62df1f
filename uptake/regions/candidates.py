"""Growing one region per candidate, hottest first, without overlaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from uptake.regions.connectivity import components, flat_offsets
from uptake.regions.labelling import region_peaks


class CandidateGrowth:
    """Candidates of one volume, and the voxels that regions have taken so far.

    Candidates are the connected components at or above a floor. A region starts at its candidate's maximum and takes
    connected voxels down to a limit of its own, over voxels that no hotter candidate took. It may go below the floor as
    long as it stays alone: where it would touch another candidate down there, nothing parts the two at that limit, and
    the region ends at the floor instead. Without a reader's box around each lesion this keeps a weak candidate from
    flowing into the whole organ around it.

    Parameters
    ----------
    suv
        SUV ``(z, y, x)``, g/ml; ``-inf`` where nothing may grow.
    floor_suv
        Lowest SUV of a candidate's voxels, g/ml.
    connectivity
        6, 18 or 26 neighbours.
    """

    def __init__(self, suv: NDArray[np.float32], *, floor_suv: float, connectivity: int) -> None:
        self.suv = np.pad(suv, 1, constant_values=-np.inf)
        self._floor_suv = floor_suv
        self._free = self.suv.ravel().copy()  # -inf once taken
        self._offsets = flat_offsets(connectivity, self.suv.shape)
        candidates = components(self.suv >= floor_suv, connectivity)
        _, self._seeds = region_peaks(candidates, self.suv)
        self._candidates = candidates.ravel()
        self._queue = np.empty(self._free.size, dtype=np.int64)

    def regions(self, find: Callable[[int], NDArray[np.int64]]) -> NDArray[np.int32]:
        """Region numbers ``(z, y, x)`` after ``find`` gave the voxels for each candidate's maximum, hottest first."""
        numbered = np.zeros(self.suv.size, dtype=np.int32)
        for number, seed in enumerate(self._seeds, start=1):
            numbered[find(int(seed))] = number
        return numbered.reshape(self.suv.shape)[1:-1, 1:-1, 1:-1]

    def take(self, seed: int, limit_suv: float) -> NDArray[np.int64]:
        """Take the region of ``seed`` down to ``limit_suv``; returns its raveled indices in the padded volume."""
        from uptake.regions.compiled import flood

        count = flood(self._free, self._candidates, self._offsets, seed, limit_suv, self._queue)
        if count < 0:
            self.give_back(self._queue[:-count])
            count = flood(self._free, self._candidates, self._offsets, seed, self._floor_suv, self._queue)
        return self._queue[:count].copy()

    def give_back(self, voxels: NDArray[np.int64]) -> None:
        """Free voxels that were taken."""
        self._free[voxels] = self.suv.ravel()[voxels]

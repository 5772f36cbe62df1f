"""Loops over voxels that numba compiles; import this module only where they run, since numba is slow to import."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.numba_loops import compiled

_TOUCHED_AT_ONCE = 32


@compiled("int64(float32[::1], int32[::1], int64[::1], int64, float64, int64[::1])")
def flood(
    free: NDArray[np.float32],
    candidates: NDArray[np.int32],
    offsets: NDArray[np.int64],
    seed: int,
    limit: float,
    queue: NDArray[np.int64],
) -> int:
    """Take the free voxels of SUV >= ``limit`` that connect to ``seed``: they become -inf; return their count.

    Arrays are raveled, and ``free`` has a border of -inf, so that no neighbour lies outside. The voxels taken are left
    in ``queue``, which must hold them all. Where another candidate's voxel is met, taken or not, growth stops and the
    count is returned with a minus sign.
    """
    if not free[seed] >= limit:
        return 0
    free[seed] = -np.inf
    queue[0] = seed
    count = 1
    done = 0
    while done < count:
        voxel = queue[done]
        done += 1
        for offset in offsets:
            neighbour = voxel + offset
            if candidates[neighbour] != 0 and candidates[neighbour] != candidates[seed]:
                return -count
            if free[neighbour] >= limit:
                free[neighbour] = -np.inf
                queue[count] = neighbour
                count += 1
    return count


@compiled("int32(int32[::1], int32)")
def _root(parent: NDArray[np.int32], region: np.int32) -> np.int32:
    """Region that ``region`` was merged into in the end; halves the path on the way."""
    while parent[region] != region:
        parent[region] = parent[parent[region]]
        region = parent[region]
    return region


@compiled("int32(int32[::1], int32[::1], float64[::1], int64[::1], int64, float64)")
def _meet(
    owners: NDArray[np.int32],
    parent: NDArray[np.int32],
    limits: NDArray[np.float64],
    offsets: NDArray[np.int64],
    voxel: int,
    value: float,
) -> np.int32:
    """Unite the regions around ``voxel`` that may still grow at ``value``; returns the one they became, or 0."""
    joined = np.int32(0)
    for offset in offsets:
        owner = owners[voxel + offset]
        if owner <= 0 or owner == joined:
            continue
        root = _root(parent, owner)
        owners[voxel + offset] = root  # saves later visitors the search
        if root == joined or value < limits[root]:
            continue
        if joined == 0:
            joined = root
        elif root < joined:  # the earlier number has the higher peak
            parent[joined] = root
            joined = root
        else:
            parent[root] = joined
    return joined


@compiled("int32(int32[::1], int64[::1], int64[::1])")
def _touch(owners: NDArray[np.int32], voxels: NDArray[np.int64], offsets: NDArray[np.int64]) -> np.int32:
    """Read owners around ``voxels``, so that the rows of their neighbours wait in the cache; a third suffices."""
    read = np.int32(0)
    for voxel in voxels:
        for offset in offsets[::3]:
            read |= owners[voxel + offset]
    return read


@compiled("int64(float32[::1], int64[::1], int64[::1], float64, float64, int32[::1])")
def grow_by_falling_suv(
    values: NDArray[np.float32],
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
    floor_suv: float,
    fraction: float,
    owners: NDArray[np.int32],
) -> int:
    """Union-find of ``incremental_components``: visits ``order``, whose SUVs are ``values``, and fills ``owners``.

    ``owners`` comes in as zeros, raveled, with a border that is not in ``order``. It leaves with every voxel's region,
    numbered in the order in which the maxima were visited; the count of maxima is returned.
    """
    nobody = np.int32(np.iinfo(np.int32).max)
    parent = np.zeros(order.size + 1, dtype=np.int32)
    limits = np.zeros(order.size + 1, dtype=np.float64)
    regions = 0
    for step in range(order.size):
        if step % _TOUCHED_AT_ONCE == 0:  # neighbours in falling order lie far apart: fetch many in one go
            limits[0] = _touch(owners, order[step : step + _TOUCHED_AT_ONCE], offsets)  # kept, or it would not be read
        voxel = order[step]
        value = np.float64(values[step])
        # One pass without branches tells the common cases: nobody near (0), nobody but voxels left out (-1), one owner.
        seen = np.int32(0)
        highest = np.int32(0)
        lowest = nobody
        for offset in offsets:
            owner = owners[voxel + offset]
            seen |= owner
            highest = max(highest, owner)
            lowest = min(lowest, owner if owner > 0 else nobody)
        joined = np.int32(0)
        if highest > 0 and highest == lowest:
            root = _root(parent, highest)
            joined = root if value >= limits[root] else joined
        elif highest > 0:
            joined = _meet(owners, parent, limits, offsets, voxel, value)
        elif seen == 0 and value >= floor_suv:
            regions += 1
            parent[regions] = regions
            limits[regions] = fraction * value
            joined = np.int32(regions)
        owners[voxel] = joined if joined > 0 else -1
    for region in range(1, regions + 1):
        parent[region] = parent[parent[region]]  # parents have lower numbers, so theirs are final
    for index in range(owners.size):
        owners[index] = parent[max(owners[index], 0)]
    return regions

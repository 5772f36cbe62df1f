"""Incremental components on whole bodies, against the same rule in plain Python, and their growth with size."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks._whole_body import whole_body
from uptake.regions.connectivity import flat_offsets
from uptake.regions.incremental_components import FRACTION_OF_MAXIMUM, incremental_components

SHAPES = ((100, 200, 200), (200, 200, 200), (400, 200, 200))
FLOOR_SUV = 1.0
REPEATS = 3


def main() -> None:
    """Print the ratio to plain Python (aim: at least 20) on the largest size, and the times of three sizes."""
    incremental_components(np.ones((3, 3, 3), np.float32), floor_suv=FLOOR_SUV)  # compiles, or loads the cache
    seconds = []
    for shape in SHAPES:
        suv, _ = whole_body(shape)
        runs = []
        for _ in range(REPEATS):
            start = perf_counter()
            ours = incremental_components(suv, floor_suv=FLOOR_SUV)
            runs.append(perf_counter() - start)
        seconds.append(min(runs))
        visited = int(np.count_nonzero(suv >= FRACTION_OF_MAXIMUM * FLOOR_SUV))
        rate = seconds[-1] / visited * 1e9
        print(f"incremental components, {_name(shape)}: {seconds[-1]:.2f} s, {visited} voxels, {rate:.0f} ns a voxel")
        if shape == SHAPES[-1]:
            start = perf_counter()
            plain = plain_python(suv)
            plain_s = perf_counter() - start
            if not np.array_equal(ours, plain):
                raise SystemExit("incremental components differ from the plain Python version")
            print(f"  plain Python on the same volume: {plain_s:.1f} s: {plain_s / seconds[-1]:.0f}x (aim 20x)")
    print(f"  growth for four times the voxels: {seconds[-1] / seconds[0]:.1f}x (linear is 4x)")


def plain_python(suv: NDArray[np.float32]) -> NDArray[np.int32]:
    """The rule with numpy's sort and Python's lists: what one writes without a compiler."""
    padded = np.pad(suv, 1, constant_values=-np.inf)
    flat = padded.ravel()
    candidates = np.flatnonzero(flat >= FRACTION_OF_MAXIMUM * FLOOR_SUV)
    order = candidates[np.argsort(-flat[candidates], kind="stable")].tolist()
    values = flat.tolist()
    offsets = flat_offsets(26, padded.shape).tolist()
    owners = [0] * len(values)
    parent, limits = [0], [0.0]
    for voxel in order:
        value = values[voxel]
        near = {owners[voxel + offset] for offset in offsets}
        near.discard(0)
        open_regions = {root for root in (_root(parent, owner) for owner in near if owner > 0) if value >= limits[root]}
        if open_regions:
            winner = min(open_regions)
            for root in open_regions:
                parent[root] = winner
            owners[voxel] = winner
        elif not near and value >= FLOOR_SUV:
            owners[voxel] = len(parent)
            parent.append(len(parent))
            limits.append(FRACTION_OF_MAXIMUM * value)
        else:
            owners[voxel] = -1
    roots = np.array([_root(parent, region) for region in range(len(parent))], dtype=np.int32)
    result = roots[np.maximum(np.array(owners), 0)].reshape(padded.shape)
    return np.asarray(result[1:-1, 1:-1, 1:-1])


def _root(parent: list[int], region: int) -> int:
    while parent[region] != region:
        parent[region] = parent[parent[region]]
        region = parent[region]
    return region


def _name(shape: tuple[int, int, int]) -> str:
    return "x".join(map(str, shape))


if __name__ == "__main__":
    main()

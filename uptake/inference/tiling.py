"""Where tiles lie on a grid, and how much each voxel of a tile counts where tiles overlap."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Index = tuple[int, int, int]
Overlap = float | tuple[float, float, float]
Placing = Literal["regular", "even"]
WeightKind = Literal["gaussian", "constant"]
Centre = Literal["middle", "voxel"]

NIKULIN_FWHM = 1.0
"""Full width at half maximum over the patch's side in Nikulin et al., EJNMMI 2023."""
NNUNET_FWHM = 2.0 * math.sqrt(2.0 * math.log(2.0)) / 8.0
"""The same for nnU-Net, whose Gaussian has sigma = side / 8 (Isensee et al., Nature Methods 2021)."""

# Decimal overlaps are not exact: without it, 20 * (1 - 0.8) would step by 3 voxels.
_ROUNDING = 1e-6


def tile_starts(shape: Index, patch: Index, overlap: Overlap, placing: Placing = "regular") -> list[Index]:
    """First voxel (z, y, x) of every tile that covers the grid, in the order z, y, x.

    Parameters
    ----------
    shape, patch
        Voxels of the grid and of a tile along z, y, x.
    overlap
        Share of a tile's side that neighbours have in common at least, 0 to below 1; one for all axes or one each.
    placing
        "regular": equal steps from the first voxel, the last tile flush with the end (as MONAI).
        "even": the same number of tiles spread evenly from end to end (as nnU-Net).

    Returns
    -------
    list[Index]
        An axis shorter than the patch has one tile around its centre, whose start is zero or negative: what lies
        outside the grid is padding.

    Raises
    ------
    ValueError
        If a size is not positive or the overlap is out of its range.
    """
    overlaps = overlap_by_axis(overlap)
    axes = [spread((0, n), n, p, o, placing) for n, p, o in zip(shape, patch, overlaps, strict=True)]
    return list(itertools.product(*axes))  # type: ignore[arg-type]  # three axes, but typeshed sees any number


def overlap_by_axis(overlap: Overlap) -> tuple[float, float, float]:
    """The overlap along z, y and x."""
    by_axis = overlap if isinstance(overlap, tuple) else (overlap, overlap, overlap)
    if len(by_axis) != 3 or not all(0.0 <= share < 1.0 for share in by_axis):
        raise ValueError(f"overlap must be one or three shares from 0 to below 1, not {overlap}")
    return by_axis


def spread(covered: tuple[int, int], length: int, patch: int, overlap: float, placing: Placing) -> tuple[int, ...]:
    """Starts of the tiles of ``patch`` voxels that cover the range ``covered`` of an axis of ``length`` voxels.

    A range shorter than the patch has one tile around it, moved into the axis as far as the axis has room.

    Raises
    ------
    ValueError
        If the range is empty or leaves the axis, the patch is not positive, or the placing is unknown.
    """
    low, high = covered
    if patch < 1 or not 0 <= low < high <= length:
        raise ValueError(f"tiles of {patch} voxels cannot cover voxels {low} to {high} of {length}")
    if placing not in ("regular", "even"):
        raise ValueError(f"placing must be regular or even, not {placing!r}")
    if length <= patch:
        return (-((patch - length) // 2),)
    room = high - low - patch
    if room <= 0:
        return (min(max(low - (-room) // 2, 0), length - patch),)
    step = patch * (1.0 - overlap)
    if placing == "regular":
        whole_step = max(int(step + _ROUNDING), 1)
        return (*range(low, low + room, whole_step), low + room)
    gaps = min(math.ceil(room / step - _ROUNDING), room)
    return tuple(low + round(room * i / gaps) for i in range(gaps + 1))


def weights(
    patch: Sequence[int],
    kind: WeightKind = "gaussian",
    *,
    fwhm: float = NIKULIN_FWHM,
    floor: float = 1e-3,
    centre: Centre = "middle",
) -> NDArray[np.float32]:
    """How much each voxel of a tile counts: 1 at the centre, never 0.

    Parameters
    ----------
    patch
        Voxels of a tile along z, y, x.
    kind
        "gaussian", or "constant" for 1 everywhere.
    fwhm
        The Gaussian's full width at half maximum as a share of the patch's side, the same along every axis.
    floor
        The least weight, above 0, so that a voxel covered by a tile's corner alone still has a mean.
    centre
        Where the peak is: the "middle" of the patch, or the "voxel" after it where the side is even (nnU-Net).

    Returns
    -------
    NDArray[np.float32]
        Weights of the patch's shape.

    Raises
    ------
    ValueError
        If the kind is unknown, or a size, the width or the floor is not positive.

    References
    ----------
    Nikulin et al., EJNMMI 2023 (width = side); Isensee et al., Nature Methods 2021 (sigma = side / 8).
    """
    if min(patch) < 1 or not fwhm > 0.0 or not np.finfo(np.float32).tiny <= floor <= 1.0:
        raise ValueError(f"patch {tuple(patch)}, fwhm {fwhm} and floor {floor} must be positive, the floor at most 1")
    if kind == "constant":
        return np.ones(tuple(patch), dtype=np.float32)
    if kind != "gaussian":
        raise ValueError(f"weights must be gaussian or constant, not {kind!r}")
    product = np.ones((1,) * len(patch))
    for axis, side in enumerate(patch):
        peak = side // 2 if centre == "voxel" else (side - 1) / 2.0
        distance = (np.arange(side) - peak) / (side * fwhm)
        profile = np.exp(-4.0 * math.log(2.0) * distance**2)
        product = product * profile.reshape([-1 if i == axis else 1 for i in range(len(patch))])
    return np.maximum(product, floor).astype(np.float32)

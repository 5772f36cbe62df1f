"""Incremental connected components: every hot spot its own region, without choosing a threshold for the whole body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.regions.connectivity import flat_offsets

FRACTION_OF_MAXIMUM = 0.45


def incremental_components(
    suv: NDArray[np.float32], *, floor_suv: float, connectivity: int = 26, fraction: float = FRACTION_OF_MAXIMUM
) -> NDArray[np.int32]:
    """Regions that grow from every local maximum down to a fraction of it, and merge where the valley is shallow.

    The reference that Capobianco et al. give for this algorithm was not available. This is the project's reading of it:

    - Voxels are visited by falling SUV, equal ones by raveled index. "Visited neighbour" below means one that comes
      earlier in that order.
    - A voxel without a visited neighbour is a local maximum; at ``floor_suv`` or above it seeds a region. Growth may go
      below the floor, down to ``fraction`` of the region's own maximum.
    - Any other voxel looks at the regions of its visited neighbours and at those among them that may still grow, which
      is where its SUV is at least ``fraction`` of their maximum. If there is one, it joins it. If there are several,
      this voxel is their contact, it lies at or above ``fraction`` of the highest of their maxima, and so all of them
      and the voxel become one region under that maximum. If there is none, it is left out, and so it never seeds.
    - Hence a contact below ``fraction`` of the higher maximum leaves both regions standing, and goes to the lower one,
      which alone may still grow. Later merges only raise maxima, so a refused contact stays refused, and all voxels of
      a merged region lie above the limit of its final maximum: the result does not depend on when regions merge.

    Parameters
    ----------
    suv
        SUV ``(z, y, x)``, g/ml; ``-inf`` where nothing may grow (outside the body).
    floor_suv
        Lowest maximum that makes a region, positive: 1 in general, the liver's mean where the tumour burden is high.
    connectivity
        6, 18 or 26 neighbours.
    fraction
        How far a region reaches down from its maximum, and how shallow a valley joins two.

    Returns
    -------
    NDArray[np.int32]
        Region numbers ``(z, y, x)``, 0 is background. Numbers rise with falling maximum but leave gaps.

    Raises
    ------
    ValueError
        If the floor is not positive or the fraction is not between 0 and 1.

    References
    ----------
    Capobianco et al., Eur J Nucl Med Mol Imaging 2022, 49:517-526, "Image analysis".
    """
    if not floor_suv > 0 or not 0 < fraction <= 1:
        raise ValueError(f"the floor must be positive and the fraction in (0, 1], not {floor_suv} and {fraction}")
    from uptake.regions.compiled import grow_by_falling_suv

    padded = np.pad(suv, 1, constant_values=-np.inf)
    values, order = _falling(padded, lowest=fraction * floor_suv)
    owners = np.zeros(padded.shape, dtype=np.int32)
    offsets = flat_offsets(connectivity, padded.shape)
    grow_by_falling_suv(values, order, offsets, floor_suv, fraction, owners.ravel())
    return owners[1:-1, 1:-1, 1:-1]


def _falling(suv: NDArray[np.float32], lowest: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """SUVs of at least ``lowest`` (positive) by falling value, equal ones by raveled index; and those indices.

    The bits of positive floats sort like the floats. Bits and index share one 64-bit key, so that one plain sort,
    which numpy vectorises, does it; an argsort takes several times longer.
    """
    index = np.flatnonzero(suv.ravel() >= lowest)
    falling = ~suv.ravel()[index].view(np.uint32)
    keys = (falling.astype(np.uint64) << np.uint64(32)) | index.astype(np.uint64)
    keys.sort()
    values = (~(keys >> np.uint64(32)).astype(np.uint32)).view(np.float32)
    return values, (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)

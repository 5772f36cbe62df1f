"""Which voxels touch: faces (6), also edges (18), also corners (26)."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_RANK = {6: 1, 18: 2, 26: 3}


def neighbourhood(connectivity: int) -> NDArray[np.bool_]:
    """Structuring element ``(3, 3, 3)`` of 6, 18 or 26 neighbours, the centre included.

    Raises
    ------
    ValueError
        If ``connectivity`` is none of these.
    """
    if connectivity not in _RANK:
        raise ValueError(f"connectivity is 6, 18 or 26, not {connectivity}")
    return np.asarray(ndimage.generate_binary_structure(3, _RANK[connectivity]))


def flat_offsets(connectivity: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Steps from a voxel to its neighbours in the raveled C-ordered array of ``shape``, int64 ``(connectivity,)``."""
    element = neighbourhood(connectivity)
    steps = [s for s in product((-1, 0, 1), repeat=3) if s != (0, 0, 0) and element[s[0] + 1, s[1] + 1, s[2] + 1]]
    return np.array([(z * shape[1] + y) * shape[2] + x for z, y, x in steps], dtype=np.int64)


def components(mask: NDArray[np.bool_], connectivity: int) -> NDArray[np.int32]:
    """Connected components of a ``(z, y, x)`` mask, numbered from 1; 0 is background."""
    numbered, _ = ndimage.label(mask, structure=neighbourhood(connectivity))
    return np.asarray(numbered, dtype=np.int32)

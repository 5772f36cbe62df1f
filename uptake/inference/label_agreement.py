"""How far two sets of label maps agree, class by class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def class_dice(
    first: Iterable[NDArray[np.uint8]], second: Iterable[NDArray[np.uint8]], names: Sequence[str]
) -> dict[str, float]:
    """Dice of each class over the voxels of all exams together.

    Parameters
    ----------
    first, second
        Label maps (z, y, x) of the same exams in the same order.
    names
        Of the classes by their value, background first.

    Returns
    -------
    dict
        By name; without the background and without classes that neither set holds.

    Raises
    ------
    ValueError
        If the sets differ in number or shape.
    """
    both = np.zeros(len(names), dtype=np.int64)
    sizes = np.zeros(len(names), dtype=np.int64)
    for one, other in zip(first, second, strict=True):
        if one.shape != other.shape:
            raise ValueError(f"label maps of {one.shape} and {other.shape} cannot be compared")
        both += np.bincount(one[one == other], minlength=len(names))
        sizes += np.bincount(one.ravel(), minlength=len(names)) + np.bincount(other.ravel(), minlength=len(names))
    return {name: float(2 * both[i] / sizes[i]) for i, name in enumerate(names) if i and sizes[i]}

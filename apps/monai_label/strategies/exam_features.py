"""Numbers by which exams are compared for diversity: uptake in the body, the body's extent, the lesions found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
COUNT = len(_QUANTILES) + 3 + 4


def exam_features(
    suv: NDArray[np.float32], body: Mask, lesions: Mask, spacing_mm: tuple[float, float, float]
) -> tuple[float, ...]:
    """Features of one exam; logarithms of what varies by factors.

    Parameters
    ----------
    suv
        float32 (z, y, x), g/ml.
    body, lesions
        Masks on the same grid; there may be no lesion.
    spacing_mm
        Of the voxels (z, y, x).

    Returns
    -------
    tuple
        Quantiles of SUV in the body, its extent along z, y, x, and of the lesions volume, greatest and mean SUV and
        extent.
    """
    inside = suv[body]
    quantiles = np.quantile(inside, _QUANTILES) if inside.size else np.zeros(len(_QUANTILES))
    voxel_ml = float(np.prod(spacing_mm)) / 1000.0
    hot = suv[lesions]
    found = [
        hot.size * voxel_ml,
        float(hot.max(initial=0.0)),
        float(hot.mean()) if hot.size else 0.0,
        float(np.linalg.norm(_extent_mm(lesions, spacing_mm))),
    ]
    values = np.log1p(np.maximum([*quantiles, *_extent_mm(body, spacing_mm), *found], 0.0))
    return tuple(float(each) for each in values)


def _extent_mm(mask: Mask, spacing_mm: tuple[float, float, float]) -> list[float]:
    sides = []
    for axis, step in enumerate(spacing_mm):
        held = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        sides.append(float(held[-1] - held[0] + 1) * step if held.size else 0.0)
    return sides

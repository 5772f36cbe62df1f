"""Who is chosen, given scores and features; nothing here knows servers or networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def highest(scores: Mapping[str, float], candidates: Sequence[str], count: int = 1) -> list[str]:
    """The candidates of the highest scores, highest first; of equal ones the earlier name; those without are left out.

    Raises
    ------
    ValueError
        If a score is not a number.
    """
    known = [each for each in candidates if each in scores]
    if not all(np.isfinite(scores[each]) for each in known):
        raise ValueError("a score is no finite number")
    return sorted(known, key=lambda each: (-scores[each], each))[:count]


def farthest_first(
    features: Mapping[str, Sequence[float]], chosen: Sequence[str], candidates: Sequence[str], count: int = 1
) -> list[str]:
    """The candidates that are farthest from all that are chosen already, one after the other (k-centre, greedy).

    Features are brought to mean 0 and standard deviation 1 over all exams that have them. Where nothing is chosen yet,
    the first is the exam nearest to the mean of all. Of equally far ones, the earlier name; exams without features
    are left out.

    References
    ----------
    Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5; Sener and Savarese 2018, arXiv:1708.00489.

    Raises
    ------
    ValueError
        If exams have different numbers of features, or one is not a number.
    """
    names = sorted(features)
    left = [each for each in sorted(set(candidates)) if each in features]
    if not left:
        return []
    table = np.asarray([features[name] for name in names], dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError("features must be finite numbers, as many of each exam")
    spread = table.std(axis=0)
    points: dict[str, NDArray[np.float64]] = dict(
        zip(names, (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0), strict=True)
    )
    near = [points[each] for each in chosen if each in points]
    found: list[str] = []
    while left and len(found) < count:
        if near:
            best = max(left, key=lambda each: min(float(np.linalg.norm(points[each] - other)) for other in near))
        else:
            best = min(left, key=lambda each: float(np.linalg.norm(points[each])))
        found.append(best)
        left.remove(best)
        near.append(points[best])
    return found

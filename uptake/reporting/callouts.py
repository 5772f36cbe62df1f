"""Lesion numbers beside a projection: two columns, no number over another, a thin line to each lesion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.reporting.annotation import OUTLINE
from uptake.reporting.projections import Projection, Shadow

MOST_NUMBERED = 60


def draw_numbers(axes: Any, projection: Projection, *, gap_mm: float, margin_mm: float) -> int:
    """Number the hottest lesions in the margins; the axes' data are the projection's millimetres.

    Parameters
    ----------
    gap_mm
        Least distance between two numbers of a column.
    margin_mm
        Width kept free on either side of the image.

    Returns
    -------
    int
        How many lesions were numbered; the others are outlined only.
    """
    width_mm, height_mm = projection.size_mm
    room = max(1, int(height_mm // gap_mm))
    shown = projection.shadows[: min(MOST_NUMBERED, 2 * room)]
    left, right = _sides(shown, width_mm / 2, room)
    for side, x_text, x_line, align in (
        (left, -0.45 * margin_mm, -0.2 * margin_mm, "right"),
        (right, width_mm + 0.45 * margin_mm, width_mm + 0.2 * margin_mm, "left"),
    ):
        heights = spread(
            np.array([shadow.hottest_mm[1] for shadow in side]), gap_mm, (gap_mm / 2, height_mm - gap_mm / 2)
        )
        for shadow, y in zip(side, heights, strict=True):
            x_lesion, y_lesion = shadow.hottest_mm
            axes.plot([x_line, x_lesion], [y, y_lesion], color=OUTLINE, linewidth=0.5, alpha=0.55)
            axes.text(x_text, y, str(shadow.label), color=OUTLINE, fontsize=8, weight="bold", ha=align, va="center")
    return len(shown)


def spread(wanted: NDArray[np.float64], gap: float, limits: tuple[float, float]) -> NDArray[np.float64]:
    """Rising heights nearest the wanted (rising) ones with at least ``gap`` between neighbours, inside the limits.

    Least squares under an order constraint: subtract the gaps and pool neighbours that would cross (isotonic
    regression). Where the limits hold fewer than are wanted, the gap shrinks to fit.
    """
    if not len(wanted):
        return wanted
    low, high = limits
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    steps = gap * np.arange(len(wanted))
    pools: list[tuple[float, int]] = []
    for value in wanted - steps:
        total, count = float(value), 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    level = np.concatenate([np.full(count, total / count) for total, count in pools])
    return np.asarray(np.clip(level, low, max(low, high - steps[-1])) + steps)


def _sides(shadows: Sequence[Shadow], middle_mm: float, room: int) -> tuple[list[Shadow], list[Shadow]]:
    """Lesions for the left and the right column, from the feet up; a full column hands its innermost to the other."""
    by_place = sorted(shadows, key=lambda shadow: shadow.hottest_mm[0])
    on_left = sum(shadow.hottest_mm[0] < middle_mm for shadow in by_place)
    on_left = min(max(on_left, len(by_place) - room), room)

    def height(shadow: Shadow) -> float:
        return shadow.hottest_mm[1]

    return sorted(by_place[:on_left], key=height), sorted(by_place[on_left:], key=height)

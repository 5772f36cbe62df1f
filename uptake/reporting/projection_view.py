"""A projection on paper: inverted grey, lesions outlined and numbered, directions, scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from uptake.reporting.annotation import OUTLINE, orientation_letters, scale_bar
from uptake.reporting.callouts import draw_numbers
from uptake.reporting.projections import Projection

GREY = colormaps["gray_r"]
MARGIN_INCH = 0.4
_GAP_INCH = 0.14
_LETTERS = {"coronal": ("R", "L", "H", "F"), "sagittal": ("A", "P", "H", "F")}
_BAR_MM = 100.0
_SMALL_MM = 250.0


def paint(
    figure: Figure, projection: Projection, corner_inch: tuple[float, float], inch_per_mm: float, top_suv: float
) -> int:
    """Draw a projection true to scale with its lower left corner at a place of the figure, margins included.

    Returns
    -------
    int
        How many lesions carry their number.
    """
    width_mm, height_mm = projection.size_mm
    margin_mm = MARGIN_INCH / inch_per_mm
    width_inch, height_inch = figure.get_size_inches()
    axes = figure.add_axes(
        (
            corner_inch[0] / width_inch,
            corner_inch[1] / height_inch,
            (width_mm + 2 * margin_mm) * inch_per_mm / width_inch,
            height_mm * inch_per_mm / height_inch,
        )
    )
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    axes.set_xlim(-margin_mm, width_mm + margin_mm)
    axes.set_ylim(0, height_mm)
    extent = (0, width_mm, 0, height_mm)
    axes.imshow(
        projection.image, cmap=GREY, vmin=0, vmax=top_suv, origin="lower", extent=extent, interpolation="bilinear"
    )
    axes.set_aspect("auto")
    _outline(axes, projection)
    numbered = draw_numbers(axes, projection, gap_mm=_GAP_INCH / inch_per_mm, margin_mm=margin_mm)
    orientation_letters(axes, _LETTERS[projection.view], extent, "black")
    scale_bar(axes, _BAR_MM if height_mm > _SMALL_MM else _BAR_MM / 5, extent, "black")
    return numbered


def _outline(axes: Any, projection: Projection) -> None:
    up_mm, across_mm = projection.pixel_mm
    for shadow in projection.shadows:
        rows, columns = shadow.mask.shape
        x = (shadow.corner[1] + 0.5 + np.arange(columns)) * across_mm
        y = (shadow.corner[0] + 0.5 + np.arange(rows)) * up_mm
        axes.contour(x, y, shadow.mask.astype(np.float32), levels=[0.5], colors=[OUTLINE], linewidths=1.0)

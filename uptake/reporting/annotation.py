"""What every picture carries: orientation letters, scale bar, colour bar, research-use line."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from uptake import __version__
from uptake.notice import RESEARCH_USE

OUTLINE = "#d4002a"
DPI = 150
Extent = tuple[float, float, float, float]
"""Left, right, bottom, top in the axes' millimetres."""

# Upper end of the grey scale, SUV: what readers are used to for a tracer.
_USUAL_TOP = ((re.compile(r"psma|dota", re.IGNORECASE), 15.0), (re.compile(r"fdg|deoxyglucose", re.IGNORECASE), 7.0))
_OTHER_TOP = 10.0


def usual_top_suv(tracer: str) -> float:
    """The SUV at which the grey scale of a projection ends: 7 for FDG, 15 for PSMA and DOTA ligands, else 10."""
    return next((top for pattern, top in _USUAL_TOP if pattern.search(tracer)), _OTHER_TOP)


def new_figure(width_inch: float, height_inch: float, background: str = "white") -> Figure:
    """An empty figure on its own Agg canvas: no window system, no global state."""
    figure = Figure(figsize=(width_inch, height_inch), dpi=DPI, facecolor=background)
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the picture and the software version alone."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": f"Uptake {__version__}"})
    path.write_bytes(buffer.getvalue())


def to_rgb(figure: Figure) -> NDArray[np.uint8]:
    """The drawn figure as uint8 ``(rows, columns, 3)``."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def orientation_letters(axes: Any, letters: tuple[str, str, str, str], extent: Extent, colour: str) -> None:
    """Write the patient directions ``(left, right, top, bottom)`` of a picture just inside its edges."""
    left, right, bottom, top = extent
    middle = (left + right) / 2, (bottom + top) / 2
    places = (
        ((left, middle[1]), (4, 0), "left", "center"),
        ((right, middle[1]), (-4, 0), "right", "center"),
        ((middle[0], top), (0, -4), "center", "top"),
        ((middle[0], bottom), (0, 4), "center", "bottom"),
    )
    for letter, (place, shift, horizontal, vertical) in zip(letters, places, strict=True):
        style = {"ha": horizontal, "va": vertical, "color": colour, "fontsize": 9, "weight": "bold"}
        axes.annotate(letter, place, shift, textcoords="offset points", path_effects=_halo(colour), **style)


def scale_bar(axes: Any, length_mm: float, extent: Extent, colour: str) -> None:
    """Draw a bar of known length in the lower left corner of a picture in millimetres."""
    left, right, bottom, top = extent
    x, y = left + 0.03 * (right - left), bottom + 0.03 * (top - bottom)
    halo = _halo(colour)
    axes.plot([x, x + length_mm], [y, y], color=colour, linewidth=2, solid_capstyle="butt", path_effects=halo)
    style = {"color": colour, "fontsize": 8, "ha": "left", "va": "bottom", "path_effects": halo}
    axes.annotate(f"{length_mm / 10:g} cm", (x, y), (0, 3), textcoords="offset points", **style)


def colour_bar(figure: Figure, place: tuple[float, float, float, float], colours: Colormap, top_suv: float) -> None:
    """Draw an upright SUV scale from 0 to ``top_suv`` at ``place`` (left, bottom, width, height of the figure)."""
    ink = _ink(figure, "black", "white")
    bar = figure.colorbar(ScalarMappable(Normalize(0, top_suv), colours), cax=figure.add_axes(place), extend="max")
    bar.set_ticks(list(MaxNLocator(nbins=7, integer=True).tick_values(0, top_suv)))
    bar.ax.set_ylim(0, top_suv)
    bar.ax.tick_params(labelsize=8, length=2, color=ink, labelcolor=ink)
    bar.set_label("SUVbw (g/ml)", fontsize=8, color=ink)
    bar.outline.set_edgecolor(ink)


def footer(figure: Figure, words: str = "") -> None:
    """Write the research-use line and the software version along the lower edge."""
    ink = _ink(figure, "#444444", "#bbbbbb")
    y = 0.06 / figure.get_size_inches()[1]
    figure.text(0.012, y, RESEARCH_USE, fontsize=7, color=ink, ha="left", va="bottom", weight="bold")
    right = f"{words}  ·  Uptake {__version__}" if words else f"Uptake {__version__}"
    figure.text(0.988, y, right, fontsize=7, color=ink, ha="right", va="bottom")


def _halo(colour: str) -> list[Any]:
    return [withStroke(linewidth=2, foreground="white" if colour == "black" else "black")]


def _ink(figure: Figure, on_light: str, on_dark: str) -> str:
    return on_light if np.mean(figure.get_facecolor()[:3]) > 0.5 else on_dark

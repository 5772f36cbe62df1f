"""A lesion in three planes through its SUVmax: PET over CT, outlined, with a cross-hair."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from uptake.exam_result import ExamResult
from uptake.geometry import ImageGeometry
from uptake.measurement import LesionMeasurement
from uptake.registration.resampling import resample_ct, resample_labels, resample_suv
from uptake.reporting.annotation import Extent, colour_bar, footer, new_figure, orientation_letters, scale_bar
from uptake.reporting.number_format import amount_text, suv_text

_PLANES = ("axial", "coronal", "sagittal")
_LETTERS = {"axial": ("R", "L", "A", "P"), "coronal": ("R", "L", "H", "F"), "sagittal": ("A", "P", "H", "F")}
# The axis across a plane in (z, y, x), and the patient coordinate that the plane holds fast.
_ACROSS = {"axial": 0, "coronal": 1, "sagittal": 2}
_FIXED = {"axial": ("z", 2), "coronal": ("y", 1), "sagittal": ("x", 0)}
_PIXEL_MM = 1.0
_HALF_FIELD_MM = (70.0, 150.0)
_RIM_MM = 40.0
# Soft-tissue window, Hounsfield units.
_WINDOW_HU = (-160.0, 240.0)
_HOT = colormaps["hot"]
_THIS, _OTHERS = "#00e5ff", "#7fb8c4"
_ROUND_SUV = (5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500)


def lesion_caption(result: ExamResult, lesion: LesionMeasurement) -> str:
    """What a lesion's picture shows, in one sentence."""
    under = "over CT" if result.prepared.ct is not None else "PET alone, no CT"
    return f"Lesion {lesion.label} in three planes through its SUVmax ({under})."


def draw_lesion(result: ExamResult, lesion: LesionMeasurement) -> Figure:
    """Axial, coronal and sagittal plane through the lesion's hottest voxel, in the patient's own directions."""
    figure = new_figure(10.0, 3.8, "black")
    half_mm = min(max(max(lesion.extent_mm) / 2 + _RIM_MM, _HALF_FIELD_MM[0]), _HALF_FIELD_MM[1])
    top_suv = _scale_top(lesion.suv_max)
    for column, plane in enumerate(_PLANES):
        axes = figure.add_axes((0.005 + column * 0.302, 0.07, 0.298, 0.784))
        _draw_plane(axes, result, lesion, plane, half_mm, top_suv)
    colour_bar(figure, (0.918, 0.14, 0.014, 0.62), _HOT, top_suv)
    known = result.findings.class_of(lesion)
    site = "".join(f", {word}" for word in (known.title.lower() if known else "", lesion.site) if word)
    title = f"Lesion {lesion.label}{site}:  SUVmax {suv_text(lesion.suv_max)}  ·  SUVmean {suv_text(lesion.suv_mean)}"
    title += f"  ·  SUVpeak {suv_text(lesion.suv_peak)}  ·  MTV {amount_text(lesion.mtv_ml)} ml"
    title += f"  ·  TLG {amount_text(lesion.tlg_g)} g"
    size = 9.5 if known else 11  # room for the class
    figure.text(0.008, 0.975, title, color="white", fontsize=size, weight="bold", va="top", parse_math=False)
    under = "PET over CT, window -160 to 240 HU" if result.prepared.ct is not None else "no CT: PET alone"
    footer(figure, f"Exam {result.number}  ·  {under}")
    return figure


def _scale_top(suv_max: float) -> float:
    return float(next((top for top in _ROUND_SUV if top >= suv_max), math.ceil(suv_max / 100) * 100))


def _draw_plane(
    axes: Any, result: ExamResult, lesion: LesionMeasurement, plane: str, half_mm: float, top_suv: float
) -> None:
    grid = _plane_grid(lesion, plane, half_mm)
    shape = tuple(n for axis, n in enumerate(grid.shape) if axis != _ACROSS[plane])
    suv = resample_suv(result.prepared.suv, grid).array.reshape(shape)
    ct = result.prepared.ct
    hu = None if ct is None else resample_ct(ct, grid).array.reshape(shape)
    labels = resample_labels(result.findings.labels, grid).array.reshape(shape)
    edge = half_mm + _PIXEL_MM / 2
    extent: Extent = (-edge, edge, -edge, edge)
    # Rows run to the back in the axial plane (front on top), to the head in the others.
    origin, up = ("upper", -1) if plane == "axial" else ("lower", 1)
    axes.imshow(_fused(suv, hu, top_suv), origin=origin, extent=extent, interpolation="bilinear", aspect="auto")
    axes.set_autoscale_on(False)
    axes.set_axis_off()
    place = np.linspace(-half_mm, half_mm, shape[0])
    this, others = labels == lesion.label, (labels > 0) & (labels != lesion.label)
    for mask, colour, width in ((others, _OTHERS, 0.7), (this, _THIS, 1.2)):
        if mask.any() and not mask.all():
            axes.contour(place, up * place, mask.astype(np.float32), levels=[0.5], colors=[colour], linewidths=width)
    _cross_hair(axes, half_mm)
    orientation_letters(axes, _LETTERS[plane], extent, "white")
    scale_bar(axes, 50.0 if half_mm > 90 else 20.0, extent, "white")
    name, coordinate = _FIXED[plane]
    words = f"{plane}, {name} = {lesion.max_position_mm[coordinate]:.0f} mm"
    axes.set_title(words, color="white", fontsize=9, pad=3)


def _plane_grid(lesion: LesionMeasurement, plane: str, half_mm: float) -> ImageGeometry:
    """One sheet of square pixels along the patient's axes, centred on the hottest voxel, whatever the PET's grid."""
    pixels = 2 * round(half_mm / _PIXEL_MM) + 1
    spacing_mm = 2 * half_mm / (pixels - 1)
    x, y, z = lesion.max_position_mm
    corner = [z - half_mm, y - half_mm, x - half_mm]
    shape = [pixels] * 3
    shape[_ACROSS[plane]] = 1
    corner[_ACROSS[plane]] += half_mm
    return ImageGeometry((shape[0], shape[1], shape[2]), (spacing_mm,) * 3, (corner[2], corner[1], corner[0]))


def _fused(suv: NDArray[np.float32], hu: NDArray[np.float32] | None, top_suv: float) -> NDArray[np.float64]:
    """RGB ``(rows, columns, 3)``: the PET's hot colours cover the CT's grey the more, the hotter they are."""
    heat = np.clip(suv / top_suv, 0, 1)
    colours = np.asarray(_HOT(heat), dtype=np.float64)[..., :3]
    if hu is None:
        return colours
    low, high = _WINDOW_HU
    grey = np.clip((hu.astype(np.float64) - low) / (high - low), 0, 1)[..., None]
    cover = np.clip((heat - 0.1) / 0.4, 0, 1)[..., None] * 0.75
    return np.asarray(grey * (1 - cover) + colours * cover)


def _cross_hair(axes: Any, half_mm: float) -> None:
    """Lines through the hottest voxel that leave its surroundings and the orientation letters free."""
    free = 0.25 * half_mm
    for near, far in ((free, 0.88 * half_mm), (-0.88 * half_mm, -free)):
        axes.plot([near, far], [0, 0], color="white", linewidth=0.6, alpha=0.6)
        axes.plot([0, 0], [near, far], color="white", linewidth=0.6, alpha=0.6)

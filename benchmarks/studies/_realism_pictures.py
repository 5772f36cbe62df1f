"""Pictures of digital exams beside real ones, on the same grey scales, and curves of their noise and CT numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from benchmarks.studies._realism_exams import RealismExam
from benchmarks.studies._realism_measures import FREQUENCIES_PER_MM, HU_EDGES, Measures
from uptake.volume import CtVolume, SuvVolume

matplotlib.use("Agg")
from matplotlib import pyplot as plt

TISSUES = ("liver", "blood pool", "muscle", "lung", "marrow", "fat")
_COLOURS = {"acrin_042": "#b2182b", "STS_001": "#ef8a62"}
_STEP_MM = 2.0
_CHEST_MM = (-80.0, 340.0)  # of the liver's sphere: from the kidneys to the neck, as acrin_042 shows


def draw_mips(exams: Sequence[RealismExam], top_suv: float, path: Path) -> None:
    """Coronal maximum intensity projections, one millimetre the same in all, the same grey from 0 to the top SUV."""
    widths = [exam.suv.geometry.shape[2] * exam.suv.geometry.spacing_mm[2] for exam in exams]
    tallest = max(exam.suv.geometry.shape[0] * exam.suv.geometry.spacing_mm[0] for exam in exams)
    figure, axes = plt.subplots(1, len(exams), figsize=(14, 14 * tallest / sum(widths) + 0.5), width_ratios=widths)
    for axis, exam in zip(axes, exams, strict=True):
        z, _, x = exam.suv.geometry.spacing_mm
        picture = exam.suv.array.max(axis=1)
        high, wide = picture.shape[0] * z, picture.shape[1] * x
        axis.imshow(picture[::-1], cmap="gray_r", vmin=0, vmax=top_suv, extent=(0, wide, 0, high))
        axis.set_ylim(high / 2 - tallest / 2, high / 2 + tallest / 2)
        axis.set_title(f"{exam.name}\n{exam.scanner}\nSUV 0..{top_suv:g}", fontsize=8)
        axis.axis("off")
    _save(figure, path)


def draw_planes(real: RealismExam, digital: RealismExam, path: Path) -> None:
    """Coronal and sagittal through the spine, axial through liver and lungs: PET (SUV 0..5) over CT (-160..240 HU)."""
    figure, axes = plt.subplots(4, 4, figsize=(12, 13))
    for first, exam in ((0, real), (2, digital)):
        for row, volume in ((first, exam.suv), (first + 1, exam.ct)):
            if volume is None:
                raise ValueError(f"{exam.name} has no CT")
            grey = ("gray_r", 0.0, 5.0) if volume is exam.suv else ("gray", -160.0, 240.0)
            for axis, picture in zip(axes[row], _planes(exam, volume), strict=True):
                axis.imshow(picture, cmap=grey[0], vmin=grey[1], vmax=grey[2])
                axis.axis("off")
        axes[first][0].set_title(f"{exam.name} ({exam.scanner})", fontsize=9)
    _save(figure, path)


def _planes(exam: RealismExam, volume: SuvVolume | CtVolume) -> tuple[NDArray[np.float32], ...]:
    spine, liver, lung = (exam.places[tissue][0] for tissue in ("marrow", "liver", "lung"))
    x = np.arange(spine[0] - 200, spine[0] + 200, _STEP_MM)
    y = np.arange(spine[1] - 190, spine[1] + 130, _STEP_MM)
    z = np.arange(liver[2] + _CHEST_MM[1], liver[2] + _CHEST_MM[0], -_STEP_MM)
    return (
        _cut(volume, z, np.array([spine[1]]), x),
        _cut(volume, z, y, np.array([spine[0]])),
        _cut(volume, np.array([liver[2]]), y, x),
        _cut(volume, np.array([lung[2]]), y, x),
    )


def _cut(
    volume: SuvVolume | CtVolume, z: NDArray[np.float64], y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Values on a plane of points in millimetres."""
    grid = np.meshgrid(z, y, x, indexing="ij")
    points = np.stack([grid[2].ravel(), grid[1].ravel(), grid[0].ravel()], axis=1)
    outside = -1000.0 if isinstance(volume, CtVolume) else 0.0
    values = map_coordinates(volume.array, volume.geometry.index(points).T, order=1, cval=outside)
    plane: NDArray[np.float32] = np.squeeze(values.reshape(grid[0].shape))
    return plane


def draw_noise(exams: Sequence[Measures], path: Path) -> None:
    """Normalised noise power spectra of the liver: real ones in colour, the digital cohort's in grey and its span."""
    figure, axis = plt.subplots(figsize=(6, 4))
    digital = np.array([exam.noise.spectrum for exam in exams if exam.noise and exam.scanner != "real"])
    axis.plot(FREQUENCIES_PER_MM, digital.T, color="0.75", lw=0.7)
    span = FREQUENCIES_PER_MM, np.nanmin(digital, axis=0), np.nanmax(digital, axis=0)
    axis.fill_between(*span, color="0.9", label=f"{len(digital)} digital exams")
    for exam in exams:
        if exam.noise and exam.scanner == "real":
            axis.plot(FREQUENCIES_PER_MM, exam.noise.spectrum, "o-", ms=3, color=_COLOURS[exam.name], label=exam.name)
    axis.set(xlabel="spatial frequency in the plane (1/mm)", ylabel="power / variance (mm$^2$)")
    axis.legend(frameon=False)
    _save(figure, path)


def draw_ct(exams: Sequence[Measures], path: Path) -> None:
    """Histograms of CT numbers by tissue."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 5.5))
    middles = (HU_EDGES[1:] + HU_EDGES[:-1]) / 2
    for axis, tissue in zip(axes.ravel(), TISSUES, strict=True):
        found = [exam for exam in exams if tissue in exam.histogram]
        for exam in found:
            real = exam.scanner == "real"
            style = {"color": _COLOURS[exam.name], "lw": 1.8, "zorder": 3} if real else {"color": "0.6", "lw": 0.6}
            axis.plot(middles, exam.histogram[tissue], label=exam.name if real else None, **style)
        centre = float(np.median([exam.hu[tissue] for exam in found]))
        axis.set(title=tissue, xlim=(centre - 250, centre + 250), yticks=[])
    axes[0][0].legend(frameon=False)
    figure.supxlabel("HU")
    _save(figure, path)


def _save(figure: matplotlib.figure.Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=90, metadata={"Software": None})
    plt.close(figure)

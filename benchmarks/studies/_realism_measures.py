"""What is measured in an exam: tissue means and spreads, the liver's noise, and the histogram of CT numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.studies._realism_exams import PATCH_MM, Place, RealismExam
from uptake.volume import CtVolume, SuvVolume

Floats = NDArray[np.float64]

FREQUENCIES_PER_MM: Floats = np.arange(1.0, 9.0) / PATCH_MM
HU_EDGES: Floats = np.arange(-1024.0, 1500.0, 8.0)


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Of the liver: normalised power by radial frequency (mm^2), its mean frequency (1/mm), widths of correlation."""

    spectrum: Floats
    mean_frequency_per_mm: float
    width_mm: float
    axial_width_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Of one exam, by tissue: SUV mean, its coefficient of variation, HU mean and SD, HU histogram; and the noise."""

    name: str
    scanner: str
    spacing_mm: tuple[float, float, float]
    suv: dict[str, float]
    variation: dict[str, float]
    hu: dict[str, float]
    hu_sd: dict[str, float]
    histogram: dict[str, Floats]
    noise: Noise | None


def measured(exam: RealismExam) -> Measures:
    """All measures of one exam."""
    result = Measures(exam.name, exam.scanner, exam.suv.geometry.spacing_mm, {}, {}, {}, {}, {}, _noise(exam))
    for tissue, places in exam.places.items():
        spheres = [_sphere(exam.suv, place) for place in places]
        result.suv[tissue] = float(np.mean([values.mean() for values in spheres]))
        result.variation[tissue] = float(np.mean([values.std() / values.mean() for values in spheres]))
        if exam.ct is not None:
            in_ct = [_sphere(exam.ct, place) for place in places]
            result.hu[tissue] = float(np.mean([values.mean() for values in in_ct]))
            result.hu_sd[tissue] = float(np.mean([values.std() for values in in_ct]))
            counts = np.histogram(np.concatenate(in_ct), HU_EDGES)[0]
            result.histogram[tissue] = counts / max(counts.sum(), 1)
    return result


def _sphere(volume: SuvVolume | CtVolume, place: Place) -> Floats:
    """Values of the voxels whose centres lie in a sphere."""
    geometry = volume.geometry
    centre = np.asarray(geometry.index(np.asarray(place[:3]))).reshape(3)
    spacing = np.asarray(geometry.spacing_mm)
    reach = place[3] / 2 / spacing
    low = np.maximum(np.ceil(centre - reach), 0).astype(int)
    high = np.minimum(np.floor(centre + reach) + 1, geometry.shape).astype(int)
    box = volume.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    away = np.indices(box.shape) + (low - centre)[:, None, None, None]
    inside = ((away * spacing[:, None, None, None]) ** 2).sum(axis=0) <= (place[3] / 2) ** 2
    values: Floats = box[inside].astype(np.float64)
    return values


def _noise(exam: RealismExam) -> Noise | None:
    if len(exam.patches) < 4:
        return None
    side = exam.patch_voxels
    stack = np.stack([exam.suv.array[z, y : y + side, x : x + side].astype(np.float64) for z, y, x in exam.patches])
    flat = np.stack([_without_plane(patch) for patch in stack])
    spacing = exam.suv.geometry.spacing_mm
    power = (np.abs(np.fft.fft2(flat)) ** 2).mean(axis=0)
    f = np.fft.fftfreq(side, spacing[2])
    radial = np.hypot(f[:, None], f[None, :])
    # Radially averaged, and divided by its integral over the plane: only the shape is left.
    bins = np.rint(radial * PATCH_MM - 1.0).astype(int)
    spectrum = np.full(len(FREQUENCIES_PER_MM), np.nan)
    for number in range(len(spectrum)):
        ring = (bins == number) & (radial > 0)
        if ring.any():
            spectrum[number] = power[ring].mean()
    spectrum /= power.sum() * (f[1] - f[0]) ** 2
    mean_frequency = float((power * radial).sum() / power.sum())
    in_plane = (_correlation(flat, 2) + _correlation(flat, 1)) / 2
    return Noise(spectrum, mean_frequency, _width(in_plane, spacing[2]), _width(_correlation(flat, 0), spacing[0]))


def _without_plane(patch: Floats) -> Floats:
    """A patch less the plane through it: slow changes of uptake are no noise."""
    y, x = np.indices(patch.shape).reshape(2, -1)
    terms = np.stack([np.ones_like(x), x, y], axis=1).astype(np.float64)
    fitted = terms @ np.linalg.lstsq(terms, patch.ravel(), rcond=None)[0]
    return patch - fitted.reshape(patch.shape)


def _correlation(stack: Floats, axis: int) -> Floats:
    """Of values with those 0, 1, 2 ... voxels further along an axis."""
    moved = np.moveaxis(stack, axis, 0)
    lags = range(min(len(moved) - 1, 6))
    return np.array([(moved[: len(moved) - lag] * moved[lag:]).mean() / (moved**2).mean() for lag in lags])


def _width(correlation: Sequence[float] | Floats, step_mm: float) -> float:
    """Full width at half maximum; between two lags the logarithm is taken to fall with the distance squared."""
    for lag in range(1, len(correlation)):
        if correlation[lag] < 0.5:
            before, after = np.log(correlation[lag - 1]), np.log(max(correlation[lag], 1e-3))
            share = (before - np.log(0.5)) / (before - after)
            return float(2 * step_mm * np.sqrt((lag - 1) ** 2 + share * (lag**2 - (lag - 1) ** 2)))
    return float("nan")

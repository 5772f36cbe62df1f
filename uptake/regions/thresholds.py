"""The published threshold methods, each under its name.

All take SUV ``(z, y, x)`` in g/ml with ``-inf`` outside the body, and return region numbers int32 on the same grid,
0 for background.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.errors import InputRefused
from uptake.geometry import Vector
from uptake.regions.candidates import CandidateGrowth
from uptake.regions.connectivity import components

_START_FRACTION = 0.70
_ADAPTIVE_FRACTION = 0.41
_BACKGROUND_FROM_MM = 6.0
_BACKGROUND_TO_MM = 15.0
_MOST_ROUNDS = 20


def fixed_threshold(suv: NDArray[np.float32], *, threshold_suv: float, connectivity: int = 26) -> NDArray[np.int32]:
    """Connected voxels of SUV at or above one threshold (2.5, 3.0 for PSMA, 4.0, or the liver's).

    References
    ----------
    Barrington and Meignan, J Nucl Med 2019, 60:1096-1102 (4.0). Gafita et al., J Nucl Med 2019, 60:1277-1283 (3.0).
    """
    return components(suv >= threshold_suv, connectivity)


def percist_liver_threshold(*, liver_mean_sul: float, liver_sd_sul: float, sul_factor: float | None) -> float:
    """SUV that corresponds to SUL = 1.5 x liver mean + 2 SD, PERCIST's level of a measurable lesion.

    Parameters
    ----------
    liver_mean_sul, liver_sd_sul
        Mean and standard deviation of SUL in a 3 cm sphere in the right lobe, g/ml.
    sul_factor
        SUL = SUV x this.

    Raises
    ------
    InputRefused
        If there is no SUL.

    References
    ----------
    Wahl et al., J Nucl Med 2009, 50 Suppl 1:122S-150S.
    """
    if sul_factor is None:
        raise InputRefused(
            "The percist-liver threshold is a SUL, and this exam has none (height, weight or sex is missing).",
            remedy="Choose a method that works on SUV, or complete the header.",
        )
    return (1.5 * liver_mean_sul + 2.0 * liver_sd_sul) / sul_factor


def percent_of_maximum(
    suv: NDArray[np.float32], *, fraction: float, floor_suv: float, connectivity: int = 26
) -> NDArray[np.int32]:
    """Each candidate's connected voxels of at least ``fraction`` (0.41, 0.45, 0.50) of its SUVmax.

    Candidates, and what keeps regions apart, are those of ``CandidateGrowth``. Two hot spots joined at or above the
    floor are one candidate, and the region is the hotter one's: ``incremental_components`` keeps both.

    References
    ----------
    Boellaard et al., Eur J Nucl Med Mol Imaging 2015, 42:328-354 (41 % and 50 %).
    """
    growth = CandidateGrowth(suv, floor_suv=floor_suv, connectivity=connectivity)
    return growth.regions(lambda seed: growth.take(seed, fraction * float(growth.suv.ravel()[seed])))


def adaptive_threshold(
    suv: NDArray[np.float32], *, spacing_mm: Vector, floor_suv: float, connectivity: int = 26
) -> NDArray[np.int32]:
    """Each candidate's connected voxels of at least ``B + 0.41 (SUVmax - B)``, B the background around it.

    Candidates, and what keeps regions apart, are those of ``CandidateGrowth``. B is the median SUV of the body between
    6 and 15 mm from the region (beyond the blur of its own edge; the median, so that a hot neighbour does not count as
    background). B starts around the 70 % isocontour, and threshold and B are found in turn until the region stands
    still. Without any background voxel B is 0, and without convergence in 20 rounds the last region counts. A candidate
    no hotter than what lies around it has no region.

    Notes
    -----
    The formula is the background-adapted 41 % threshold (A41 %) that Cheebsumon et al. compare. Its idea, a threshold
    relative to the local background found iteratively, is also that of Hofheinz et al., whose software made the ground
    truth of Nikulin et al. The shell in which the background is taken is the project's own choice.

    References
    ----------
    Cheebsumon et al., EJNMMI Res 2011, 1:35. Hofheinz et al., Nuklearmedizin 2012, 51:9-16.
    """
    growth = CandidateGrowth(suv, floor_suv=floor_suv, connectivity=connectivity)

    def stable_region(seed: int) -> NDArray[np.int64]:
        peak = float(growth.suv.ravel()[seed])
        region = growth.take(seed, _START_FRACTION * peak)
        for _ in range(_MOST_ROUNDS):
            background = _background_suv(growth.suv, region, spacing_mm)
            before = region
            growth.give_back(before)
            region = growth.take(seed, background + _ADAPTIVE_FRACTION * (peak - background))
            if not region.size or np.array_equal(before, region):
                break
        return region

    return growth.regions(stable_region)


def _background_suv(padded: NDArray[np.float32], region: NDArray[np.int64], spacing_mm: Vector) -> float:
    """Median SUV of the body in the shell around the voxels ``region`` (raveled indices); 0 if there is none."""
    index = np.array(np.unravel_index(region, padded.shape))
    margin = np.ceil(_BACKGROUND_TO_MM / np.asarray(spacing_mm)).astype(int)
    low = np.maximum(index.min(axis=1) - margin, 0)
    high = np.minimum(index.max(axis=1) + margin + 1, padded.shape)
    outside = np.ones(high - low, dtype=bool)
    outside[tuple(index - low[:, None])] = False
    distance_mm = ndimage.distance_transform_edt(outside, sampling=spacing_mm)
    box = padded[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    shell = (distance_mm >= _BACKGROUND_FROM_MM) & (distance_mm <= _BACKGROUND_TO_MM) & np.isfinite(box)
    return float(np.median(box[shell])) if shell.any() else 0.0

"""SUVpeak of 50 lesions on their boxes, against one scipy convolution of the whole volume."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from scipy import signal

from benchmarks._whole_body import SPACING_MM, whole_body
from uptake.biomarkers.suv_peak import ONE_ML_DIAMETER_MM, sphere_weights, suv_peak
from uptake.regions.thresholds import fixed_threshold

REPEATS = 3


def main() -> None:
    """Print both times, their ratio (aim: at least 5) and the largest disagreement."""
    suv, centres = whole_body()
    regions = fixed_threshold(suv, threshold_suv=4.0)
    lesions = [np.argwhere(regions[_box(c)] > 0) + np.maximum(c - 8, 0) for c in centres]
    weights = sphere_weights(SPACING_MM, ONE_ML_DIAMETER_MM)

    ours_s, ours = [], np.empty(0)
    peer_s, peer = [], np.empty(0)
    for _ in range(REPEATS):
        start = perf_counter()
        ours = np.array([suv_peak(suv, lesion, spacing_mm=SPACING_MM) for lesion in lesions])
        ours_s.append(perf_counter() - start)
        start = perf_counter()
        means = signal.fftconvolve(suv, weights / weights.sum(), mode="same")
        peer = np.array([means[tuple(lesion.T)].max() for lesion in lesions])
        peer_s.append(perf_counter() - start)

    difference = float(np.max(np.abs(ours - peer) / peer))
    if difference > 1e-5:
        raise SystemExit(f"SUVpeak differs by {difference:.1e} from the whole-volume convolution")
    print(
        f"SUVpeak, {len(lesions)} lesions in {'x'.join(map(str, suv.shape))}: {min(ours_s) * 1000:.1f} ms, "
        f"whole-volume scipy convolution {min(peer_s):.2f} s: {min(peer_s) / min(ours_s):.0f}x (aim 5x), "
        f"values agree within {difference:.0e}"
    )


def _box(centre: np.ndarray) -> tuple[slice, ...]:
    return tuple(slice(max(0, int(c) - 8), int(c) + 9) for c in centre)


if __name__ == "__main__":
    main()

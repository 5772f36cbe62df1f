"""A whole-body SUV volume made for the benchmarks: smooth tissue with noise, organs, and hot lesions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.dicom.exam_writer.ct_series import write_ct_series
from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.exam import Patient
from uptake.volume import CtVolume, SuvVolume

SPACING_MM = (3.0, 4.0, 4.0)


def write_benchmark_exam(pet: SuvVolume, ct: CtVolume, identity: str, folder: Path) -> None:
    """Write ``folder/PT`` and ``folder/CT``: 300 MBq of FDG for 70 kg, an hour before the scan."""
    injection = Injection(activity_bq=3e8, injected=datetime(2024, 1, 15, 9, 0, 0))
    protocol = Protocol(scanned=datetime(2024, 1, 15, 10, 0, 0))
    header = ExamHeader(
        patient=Patient("BENCHMARK", "Digital^Benchmark", "19600101", "F"),
        identity=identity,
        weight_kg=70.0,
        height_m=1.7,
        study_start=injection.injected,
    )
    write_pet_series(pet, header, injection, protocol, folder / "PT", description="BENCHMARK PET AC")
    write_ct_series(ct, header, protocol, folder / "CT", description="BENCHMARK CT")


def whole_body(
    shape: tuple[int, int, int] = (400, 200, 200), lesions: int = 50
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """SUV ``(z, y, x)`` with air at 0, and the lesions' centres ``(lesions, 3)``; the same on every call."""
    rng = np.random.default_rng(20220101)
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 1.0)
    suv = 1.0 + 0.3 * noise / noise.std()
    z, y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    radius = (y[:, None] / 0.55) ** 2 + (x[None, :] / 0.8) ** 2
    for centre, size, level in ((-0.6, 0.10, 8.0), (0.1, 0.25, 1.5), (0.4, 0.15, 3.0), (0.9, 0.20, 7.0)):
        ball = ((z[:, None, None] - centre) / size) ** 2 + (radius / 0.3)[None]
        suv += level * np.exp(-(ball**2))
    inner = np.array(shape) // 2 - np.array(shape) * np.array([0.45, 0.2, 0.3])
    centres = rng.uniform(inner, np.array(shape) - inner, (lesions, 3)).astype(np.int64)
    for centre in centres:
        box = tuple(slice(max(0, c - 8), min(n, c + 9)) for c, n in zip(centre, shape, strict=True))
        grid = np.ogrid[box]
        distance = sum(((g - c) / rng.uniform(1.5, 3.5)) ** 2 for g, c in zip(grid, centre, strict=True))
        suv[box] += rng.uniform(4, 15) * np.exp(-distance / 2)
    suv *= radius[None] < 1
    return np.ascontiguousarray(np.maximum(suv, 0), dtype=np.float32), centres

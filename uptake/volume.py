"""Volumes: an array with its grid. The type says what the numbers are and how they may be interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry

AIR_HU = -1024.0
"""What lies outside a CT."""


def _check(name: str, array: NDArray[Any], dtype: type, geometry: ImageGeometry) -> None:
    if array.dtype != dtype:
        raise ValueError(f"{name} wants {np.dtype(dtype).name} voxels, not {array.dtype}")
    if array.shape != geometry.shape:
        raise ValueError(f"{name} has shape {array.shape}, its geometry {geometry.shape}")
    array.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class SuvVolume:
    """Body-weight SUV in g/ml, float32 ``(z, y, x)``; interpolated linearly. The array becomes read-only."""

    array: NDArray[np.float32]
    geometry: ImageGeometry

    def __post_init__(self) -> None:
        _check("SuvVolume", self.array, np.float32, self.geometry)


@dataclass(frozen=True, slots=True, eq=False)
class CtVolume:
    """Hounsfield units, float32 ``(z, y, x)``; interpolated linearly. The array becomes read-only."""

    array: NDArray[np.float32]
    geometry: ImageGeometry

    def __post_init__(self) -> None:
        _check("CtVolume", self.array, np.float32, self.geometry)


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """Region numbers, uint16 ``(z, y, x)``, 0 is background; never interpolated. The array becomes read-only."""

    array: NDArray[np.uint16]
    geometry: ImageGeometry

    def __post_init__(self) -> None:
        _check("LabelMap", self.array, np.uint16, self.geometry)

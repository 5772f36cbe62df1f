"""The patches that a quantised network's ranges of values are taken from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from uptake.errors import InferenceRefused
from uptake.inference.body_box import Layout, body_tiles
from uptake.inference.model_store import Bundle
from uptake.inference.tiling import Index


class NetworkCase(Protocol):
    """One exam as a network reads it."""

    @property
    def array(self) -> NDArray[np.float32]:
        """Network input (channels, z, y, x)."""

    @property
    def body(self) -> NDArray[np.bool_]:
        """Mask (z, y, x) of the patient."""


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    """How many patches are drawn over all exams, and the seed of the draw.

    Raises
    ------
    ValueError
        If there is to be no patch.
    """

    patches: int = 48
    seed: int = 0

    def __post_init__(self) -> None:
        if self.patches < 1:
            raise ValueError("quantisation needs at least one calibration patch")


def calibration_patches(
    bundle: Bundle, cases: Iterable[NetworkCase], settings: CalibrationSettings
) -> list[NDArray[np.float32]]:
    """Draw patches (1, channels, z, y, x) from tiles that hold body, evenly from the exams, read one by one.

    Every other one is among its exam's tiles with the highest PET values, the rest are drawn: lesions fill few tiles,
    and their values must be in the ranges.

    Raises
    ------
    InferenceRefused
        If no tile holds body.
    """
    pet = next(number for number, each in enumerate(bundle.inputs) if each.kind == "PT")
    random = np.random.default_rng(settings.seed)
    exams = [_drawn(case, bundle.tiling.patch, pet, settings.patches, random) for case in cases]
    patches = [exam[rank] for rank in range(settings.patches) for exam in exams if rank < len(exam)]
    if not patches:
        raise InferenceRefused("No calibration exam holds a body.", remedy="Give exams of patients.")
    return patches[: settings.patches]


def _drawn(
    case: NetworkCase, patch: Index, pet: int, most: int, random: np.random.Generator
) -> list[NDArray[np.float32]]:
    """One exam's patches: its hottest tiles in turn with others, drawn; so any first few are a fair sample."""
    tiles = body_tiles(case.body, Layout(patch, 0.5))
    tiles.sort(key=lambda tile: -float(_cut(case.array[pet : pet + 1], tile, patch).max()))
    hot = min((most + 1) // 2, (len(tiles) + 1) // 2)
    others = [tiles[hot + int(each)] for each in random.permutation(len(tiles) - hot)]
    taken = []
    for rank in range(hot):
        taken += [tiles[rank], *others[rank : rank + 1]]
    return [_cut(case.array, tile, patch)[None] for tile in taken[:most]]


def _cut(array: NDArray[np.float32], tile: Index, patch: Index) -> NDArray[np.float32]:
    """A tile's voxels (channels, z, y, x), zeros where it leaves the volume."""
    sides = list(zip(tile, patch, array.shape[1:], strict=True))
    inside = tuple(slice(max(start, 0), min(start + side, length)) for start, side, length in sides)
    pads = [(max(-start, 0), max(start + side - length, 0)) for start, side, length in sides]
    return np.pad(array[(slice(None), *inside)], [(0, 0), *pads])

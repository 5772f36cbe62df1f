"""The materials of a digital patient: their numbers in painted volumes and what CT shows of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zlib import crc32

import numpy as np


@dataclass(frozen=True, slots=True)
class Material:
    """A row of ``materials.csv``.

    Parameters
    ----------
    number
        In painted volumes.
    hu, hu_spread, hu_texture
        CT number of the typical person, its standard deviation from person to person, and that within one.
    """

    number: int
    hu: float
    hu_spread: float
    hu_texture: float


@cache
def materials() -> dict[str, Material]:
    """All materials by name; 0 is no material's number."""
    text = (files("uptake.phantom.body") / "materials.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["name"]: Material(number, float(row["hu"]), float(row["hu_spread"]), float(row["hu_texture"]))
        for number, row in enumerate(rows, start=1)
    }


def material_hu(seed: int) -> dict[str, float]:
    """CT numbers of one person's materials: fatty or firm muscle, dense or thin bone, a liver with or without fat."""
    return {name: each.hu + each.hu_spread * _deviation(seed, name) for name, each in materials().items()}


def _deviation(seed: int, material: str) -> float:
    """Standard normal within two standard deviations, of its own for each name."""
    drawn = float(np.random.default_rng((seed, crc32(f"hu {material}".encode()))).standard_normal())
    return min(max(drawn, -2.0), 2.0)

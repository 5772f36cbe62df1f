"""The materials of a digital patient: their numbers in painted volumes and what CT shows of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Material:
    """A row of ``materials.csv``: its number in painted volumes, CT number, and the CT number's spread within it."""

    number: int
    hu: float
    hu_texture: float


@cache
def materials() -> dict[str, Material]:
    """All materials by name; 0 is no material's number."""
    text = (files("uptake.phantom.body") / "materials.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["name"]: Material(number, float(row["hu"]), float(row["hu_texture"])) for number, row in enumerate(rows, 1)
    }

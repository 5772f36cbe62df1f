"""What a reference object must measure, as a row of expected.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Expectation:
    """A known value.

    Parameters
    ----------
    exam
        The exam's folder, from that of expected.csv.
    region
        What is measured: a sphere, the background, the lung insert, the cylinder.
    x_mm, y_mm, z_mm, diameter_mm
        Where it lies in the patient, and how large it is.
    quantity
        ``suv_at_centre``: of the voxel there; ``suv_mean``: of the voxels whose centres lie in the ball of that
        diameter.
    value, tolerance
        What it is, and how far voxels and noise may move it.
    """

    exam: str
    region: str
    x_mm: float
    y_mm: float
    z_mm: float
    diameter_mm: float
    quantity: str
    value: float
    tolerance: float


def write_expected(rows: Iterable[Expectation], path: Path) -> None:
    """Write expected.csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [each.name for each in fields(Expectation)], lineterminator="\n")
        table.writeheader()
        for row in rows:
            values = asdict(row)
            table.writerow(
                {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in values.items()}
            )

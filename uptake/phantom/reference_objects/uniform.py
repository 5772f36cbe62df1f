"""A cylinder of SUV 1.00 in every manner of writing PET: decay corrections, units, vendors, transfer syntaxes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources

import numpy as np

from uptake.dicom.exam_writer.exam import Injection, Protocol
from uptake.geometry import ImageGeometry
from uptake.phantom.dicom_terms import injection_of
from uptake.phantom.reference_objects.expectation import Expectation
from uptake.phantom.reference_objects.solids import prism
from uptake.volume import CtVolume, SuvVolume

_GEOMETRY = ImageGeometry((30, 46, 46), (8.0, 5.0, 5.0), (-112.5, -112.5, -116.0))
_RADIUS_MM, _HALF_LENGTH_MM = 100.0, 100.0
_ACTIVITY_BQ = 3.0e8
_UPTAKE = timedelta(minutes=61, seconds=30)
_INJECTED = {"day": datetime(2024, 3, 5, 9, 0, 0), "night": datetime(2024, 3, 5, 23, 30, 0)}


@dataclass(frozen=True, slots=True)
class Variant:
    """One manner of writing, and what was injected; the exam's folder has its name."""

    name: str
    injection: Injection
    protocol: Protocol


def variants() -> tuple[Variant, ...]:
    """The rows of ``variants.csv``."""
    text = (resources.files(__package__) / "variants.csv").read_text(encoding="utf-8")
    return tuple(_variant(row) for row in csv.DictReader(text.splitlines()))


def uniform_cylinder() -> tuple[SuvVolume, CtVolume]:
    """PET and CT on one grid: 200 mm across and long, of SUV 1 and water, in air."""
    share = prism(_GEOMETRY, lambda x, y: x**2 + y**2 <= _RADIUS_MM**2, -_HALF_LENGTH_MM, _HALF_LENGTH_MM)
    hu = np.ascontiguousarray(1000.0 * (share - 1.0), dtype=np.float32)
    return SuvVolume(share, _GEOMETRY), CtVolume(hu, _GEOMETRY)


def uniform_expected(exam: str) -> list[Expectation]:
    """SUV 1 within the cylinder, to what 15 bits and 16 digits leave."""
    diameter_mm = 1.8 * _RADIUS_MM
    return [Expectation(exam, "cylinder", 0.0, 0.0, 0.0, diameter_mm, "suv_mean", 1.0, 0.0001)]


def _variant(row: dict[str, str]) -> Variant:
    injected = _INJECTED[row["injected"]]
    protocol = Protocol(
        scanned=injected + _UPTAKE,
        vendor=row["vendor"],
        units=row["units"],
        decay_correction=row["decay_correction"],
        enhanced=row["enhanced"] == "yes",
        transfer_syntax=row["transfer_syntax"],
        bed_mm=80.0,  # three bed positions, so that slices differ in time
        series_later_s=float(row["series_later_s"]) if row["series_later_s"] else None,
    )
    return Variant(row["name"], injection_of(row["tracer"], _ACTIVITY_BQ, injected), protocol)

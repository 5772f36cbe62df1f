"""How vendors' PET/CT headers differ where it matters for SUV: times, private attributes, order of the slices.

The habits are those of the anonymised headers that the SUV tests hold (Siemens, GE, Philips, CPS) and of the vendors'
conformance statements; QIBA's SUV pseudo-code branches on the same attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from pydicom import Dataset

from uptake.dicom.exam_writer.exam import Protocol
from uptake.dicom.exam_writer.values import date_time, decimal

PHILIPS_SUV_PER_COUNT = 0.000728


@dataclass(frozen=True, slots=True)
class VendorHabits:
    """One vendor's way.

    Parameters
    ----------
    manufacturer
        Manufacturer, which readers branch on; the model's name says that it is no scanner.
    mean_time
        Whether Frame Reference Time points at the frame's mean activity (as DICOM says) or at its start.
    bed_mm
        Length that a bed position adds; None where one position is all.
    series_later_s
        How much later than the scan Series Time lies.
    injection_date
        Whether the injection has its date, or its time of day alone.
    head_first
        Whether instance 1 is the uppermost slice.
    ct_bits
        Bits of a CT voxel: 16 signed, or 12 unsigned.
    corrections
        Corrected Image beside ``DECY``.
    """

    manufacturer: str
    mean_time: bool
    bed_mm: float | None
    series_later_s: float
    injection_date: bool
    head_first: bool
    ct_bits: int
    corrections: tuple[str, ...]


HABITS = MappingProxyType(
    {
        "neutral": VendorHabits("Uptake", True, None, 0.0, True, False, 16, ("ATTN", "SCAT", "RAN", "NORM", "DTIM")),
        "ge": VendorHabits(
            "GE MEDICAL SYSTEMS", False, 155.0, 0.0, True, True, 16,
            ("ATTN", "SCAT", "DTIM", "RANSNG", "DCAL", "SLSENS", "NORM"),
        ),
        "siemens": VendorHabits(
            "SIEMENS", True, 125.0, 0.0, True, True, 12, ("NORM", "DTIM", "ATTN", "SCAT", "RADL", "RAN")
        ),
        "philips": VendorHabits(
            "Philips Medical Systems", True, 92.0, 0.0, False, False, 12,
            ("RADL", "ATTN", "SCAT", "DTIM", "RAN", "NORM"),
        ),
        "cps": VendorHabits("CPS", False, 120.0, 2700.0, False, True, 12, ("SCAT", "ATTN", "NORM", "DTIM", "RAN")),
    }
)  # fmt: skip
"""By vendor. CPS series are written at reconstruction, well after the scan, and count frame times from their start."""


def series_start(protocol: Protocol) -> datetime:
    """Series Date and Time of the PET: the scan's, or later where the series was processed again."""
    later_s = protocol.series_later_s
    return protocol.scanned + timedelta(seconds=HABITS[protocol.vendor].series_later_s if later_s is None else later_s)


def set_private(header: Dataset, protocol: Protocol, bq_per_suv: float) -> None:
    """Add the vendor's private attributes, each block with its creator.

    GE keeps the scan's start, which stays when Series Time moves on; Philips the factors that turn counts into SUV
    and into Bq/ml.

    Parameters
    ----------
    header
        Changed in place.
    bq_per_suv
        Bq/ml at the instant of decay correction in a voxel of SUV 1.
    """
    if protocol.vendor == "ge":
        block = header.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x0D, "DT", date_time(protocol.scanned))
    if protocol.units.startswith("CNTS"):
        block = header.private_block(0x7053, "Philips PET Private Group", create=True)
        if protocol.units == "CNTS-SUV":
            block.add_new(0x00, "DS", decimal(PHILIPS_SUV_PER_COUNT))
        block.add_new(0x09, "DS", decimal(PHILIPS_SUV_PER_COUNT * bq_per_suv))

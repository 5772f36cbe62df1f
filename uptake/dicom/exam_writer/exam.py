"""What a written exam says of itself: who, what was injected, and how the scanner writes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from uptake.exam import Patient

DIGITAL = "DIGITAL PATIENT"
VENDORS = ("neutral", "ge", "siemens", "philips", "cps")
UNITS = ("BQML", "CNTS-SUV", "CNTS-BQML", "GML")
DECAY_CORRECTIONS = ("START", "ADMIN", "NONE")
TRANSFER_SYNTAXES = ("explicit", "implicit", "deflated", "rle", "jpeg-ls", "jpeg-lossless", "jpeg-2000")
_LONG_STRING = 64  # characters of VR LO

CodeText = tuple[str, str, str]
"""Code value, coding scheme, meaning."""


@dataclass(frozen=True, slots=True)
class ExamHeader:
    """The study and its patient.

    Parameters
    ----------
    patient
        Name, ID, birth date (``YYYYMMDD``) and sex.
    identity
        Text that every UID of the exam is derived from: the same text gives the same UIDs.
    weight_kg, height_m
        Body size.
    study_start
        Study Date and Time.
    description
        Study Description; begins with ``DIGITAL PATIENT``, which is put in front where it is not there.
    body_part
        Body Part Examined (CID 4, defined terms).
    """

    patient: Patient
    identity: str
    weight_kg: float
    height_m: float
    study_start: datetime
    description: str = DIGITAL
    body_part: str = "WHOLEBODY"

    def uid(self, role: str) -> str:
        """The exam's UID for ``role`` (for example ``"study"``), under the UUID root 2.25 (PS3.5 B.2)."""
        return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'{self.identity}/{role}').int}"


@dataclass(frozen=True, slots=True)
class Injection:
    """What was injected; the fields after the time are those of F-18 FDG unless given.

    Parameters
    ----------
    activity_bq
        At ``injected``.
    half_life_s, positron_fraction
        Of the radionuclide.
    radiopharmaceutical
        In words; ``code`` (CID 4021) and ``nuclide_code`` (CID 4020) say it and its radionuclide as value, scheme
        and meaning.

    Raises
    ------
    ValueError
        If activity or half-life is not positive.

    References
    ----------
    M.-M. Bé et al., Table of Radionuclides, BIPM Monographie 5: F-18.
    """

    activity_bq: float
    injected: datetime
    half_life_s: float = 6586.2
    positron_fraction: float = 0.967
    radiopharmaceutical: str = "Fluorodeoxyglucose F^18^"
    code: CodeText = ("35321007", "SCT", "Fluorodeoxyglucose F^18^")
    nuclide_code: CodeText = ("77004003", "SCT", "^18^Fluorine")

    def __post_init__(self) -> None:
        if self.activity_bq <= 0 or self.half_life_s <= 0:
            raise ValueError("activity and half-life must be positive")

    def remaining(self, when: datetime) -> float:
        """Part of the injected activity that is left at ``when``."""
        return float(2.0 ** (-(when - self.injected).total_seconds() / self.half_life_s))


@dataclass(frozen=True, slots=True)
class Protocol:
    """When and how the scan was acquired, and how its scanner writes DICOM.

    Parameters
    ----------
    scanned
        Start of the PET acquisition.
    vendor
        Whose habits the headers have: one of ``VENDORS``.
    units
        ``BQML``; ``CNTS-SUV``: counts with Philips' SUV factor (7053,1000) and activity factor (7053,1009);
        ``CNTS-BQML``: counts with the latter alone; ``GML``: body-weight SUV.
    decay_correction
        ``START`` of the scan, ``ADMIN``: to the injection, ``NONE``: the mean activity of each frame.
    frame_duration_s
        Per bed position.
    enhanced
        One multi-frame object per series, instead of one file per slice.
    transfer_syntax
        One of ``TRANSFER_SYNTAXES``.
    bed_mm
        Length that a bed position adds; None: the vendor's habit (for ``neutral`` one position for all).
    series_later_s
        How much later than the scan Series Time lies, as after processing; None: the vendor's habit.
    model
        Manufacturer's Model Name: says that no scanner made this.
    pet_number, ct_number
        Series Numbers.

    Raises
    ------
    ValueError
        If a value is none of those named, or two do not go together.
    """

    scanned: datetime
    vendor: str = "neutral"
    units: str = "BQML"
    decay_correction: str = "START"
    frame_duration_s: float = 120.0
    enhanced: bool = False
    transfer_syntax: str = "explicit"
    bed_mm: float | None = None
    series_later_s: float | None = None
    model: str = "Uptake digital patient"
    pet_number: int = 3
    ct_number: int = 2

    def __post_init__(self) -> None:
        for value, known in (
            (self.vendor, VENDORS),
            (self.units, UNITS),
            (self.decay_correction, DECAY_CORRECTIONS),
            (self.transfer_syntax, TRANSFER_SYNTAXES),
        ):
            if value not in known:
                raise ValueError(f"{value!r} is none of {', '.join(known)}")
        if self.frame_duration_s <= 0:
            raise ValueError("a frame lasts longer than nothing")
        if self.decay_correction == "NONE" and self.units in ("CNTS-SUV", "GML"):
            raise ValueError("SUV without decay correction is a contradiction")
        if self.units.startswith("CNTS") and (self.vendor != "philips" or self.enhanced):
            raise ValueError("counts with scale factors are Philips' single-frame series alone")


def digital(text: str) -> str:
    """A description that begins with ``DIGITAL PATIENT``, at most 64 characters long."""
    return (text if text.startswith(DIGITAL) else f"{DIGITAL} {text}".rstrip())[:_LONG_STRING]

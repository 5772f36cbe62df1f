"""Reads the numbers of a TID 1500 measurement report, whoever wrote it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread

from uptake.dicom.annotations.coded_value import CodedValue, plain_text, read_code
from uptake.errors import UnreadableFile

_TRACKING_ID, _TRACKING_UID = "112039", "112040"
_FINDING, _REFERENCED_SEGMENT, _DERIVATION = "121071", "121191", "121401"
# Numbers that describe the image or the observer are no measurements.
_CONTEXT = frozenset({"HAS ACQ CONTEXT", "HAS OBS CONTEXT"})
# SNOMED CT and its retired SNOMED RT code, which older reports carry.
_FINDING_SITES = frozenset({"363698007", "G-C0E3"})


@dataclass(frozen=True, slots=True)
class ReportedMeasurement:
    """One number: what it is, its value and unit, how it was derived, and every other modifier as (name, value)."""

    name: CodedValue
    value: float
    unit: CodedValue | None
    derivation: CodedValue | None
    modifiers: tuple[tuple[CodedValue, CodedValue], ...]


@dataclass(frozen=True, slots=True)
class MeasurementGroup:
    """The measurements of one lesion or region; what the report does not say is empty.

    ``segment`` is the SOP Instance UID of the segmentation and the segment's number.
    """

    tracking_id: str
    tracking_uid: str
    finding: CodedValue | None
    finding_sites: tuple[CodedValue, ...]
    segment: tuple[str, int] | None
    measurements: tuple[ReportedMeasurement, ...]


def read_measurement_report(path: Path) -> tuple[MeasurementGroup, ...]:
    """Every container of a structured report that holds numbers directly, in document order.

    Numbers without a finite value are left out: a report may say why a value is missing.

    Raises
    ------
    UnreadableFile
        If the file is no DICOM structured report.

    References
    ----------
    DICOM PS3.16 TID 1500, 1410, 1411, 1501 and 300; PS3.3 C.17.3 (SR Document Content Module).
    """
    try:
        with warnings.catch_warnings():
            # Faults in another writer's values are none of our caller's business.
            warnings.simplefilter("ignore")
            report = dcmread(path)
            if report.get("ValueType") != "CONTAINER":
                raise ValueError("no structured report")
            groups = [_group(container) for container in _containers(report)]
    except Exception as error:
        raise UnreadableFile(
            f"a file could not be read as a structured report ({type(error).__name__}).",
            remedy="Give a DICOM SR measurement report.",
            series="SR",
        ) from error
    return tuple(group for group in groups if group.measurements)


def _containers(report: Dataset) -> Iterator[Dataset]:
    """Containers in document order; a stack instead of recursion, as the depth is the writer's choice."""
    waiting = [report]
    while waiting:
        item = waiting.pop()
        if item.get("ValueType") == "CONTAINER":
            yield item
        waiting.extend(reversed(item.get("ContentSequence") or []))


def _group(container: Dataset) -> MeasurementGroup:
    tracking_id = tracking_uid = ""
    finding: CodedValue | None = None
    segment: tuple[str, int] | None = None
    sites: list[CodedValue] = []
    measurements: list[ReportedMeasurement] = []
    for item in container.get("ContentSequence") or []:
        name = read_code(item, "ConceptNameCodeSequence")
        concept = name.value if name else ""
        kind = item.get("ValueType")
        if kind == "NUM" and name is not None and item.get("RelationshipType") not in _CONTEXT:
            measurements.extend(_measurement(item, name))
        elif kind == "TEXT" and concept == _TRACKING_ID:
            tracking_id = plain_text(item.get("TextValue"))
        elif kind == "UIDREF" and concept == _TRACKING_UID:
            tracking_uid = plain_text(item.get("UID"))
        elif kind == "CODE" and concept == _FINDING:
            finding = read_code(item, "ConceptCodeSequence")
        elif kind == "CODE" and concept in _FINDING_SITES:
            sites.extend(site for site in [read_code(item, "ConceptCodeSequence")] if site)
        elif kind == "IMAGE" and concept == _REFERENCED_SEGMENT:
            segment = _segment(item)
    return MeasurementGroup(tracking_id, tracking_uid, finding, tuple(sites), segment, tuple(measurements))


def _measurement(item: Dataset, name: CodedValue) -> Iterator[ReportedMeasurement]:
    derivation: CodedValue | None = None
    modifiers: list[tuple[CodedValue, CodedValue]] = []
    for child in item.get("ContentSequence") or []:
        modifier, value = read_code(child, "ConceptNameCodeSequence"), read_code(child, "ConceptCodeSequence")
        if child.get("RelationshipType") != "HAS CONCEPT MOD" or modifier is None or value is None:
            continue
        if modifier.value == _DERIVATION:
            derivation = value
        else:
            modifiers.append((modifier, value))
    for measured in item.get("MeasuredValueSequence") or []:
        value_as_number = measured.get("FloatingPointValue", measured.get("NumericValue"))
        number = float(value_as_number) if value_as_number is not None else math.nan
        if math.isfinite(number):
            unit = read_code(measured, "MeasurementUnitsCodeSequence")
            yield ReportedMeasurement(name, number, unit, derivation, tuple(modifiers))


def _segment(item: Dataset) -> tuple[str, int] | None:
    for reference in item.get("ReferencedSOPSequence") or []:
        number = reference.get("ReferencedSegmentNumber")
        first = number if isinstance(number, int) or number is None else number[0]
        if first is not None:
            return plain_text(reference.get("ReferencedSOPInstanceUID")), int(first)
    return None

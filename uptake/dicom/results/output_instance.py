"""What every object we write has in common: its maker, its series, its patient, and how it reaches the disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.valuerep import DA, TM

from uptake import __version__
from uptake.dicom.results.source_headers import SourceHeaders, identity_keywords
from uptake.dicom.results.uids import new_uid

MANUFACTURER = "Uptake project"
MODEL_NAME = "Uptake"
SERIAL_NUMBER = "software"
_FIRST_SERIES_NUMBER = 9000
# Our own placing in a study's list of series: after the scanner's, in this order.
_KINDS = {
    "segmentation": (1, "Uptake regions"),
    "measurement report": (2, "Uptake measurements"),
    "real world value map": (3, "Uptake SUV map"),
    "report": (4, "Uptake report"),
    "key image": (5, "Uptake key image"),
    "structure set": (6, "Uptake structures"),
}


@dataclass(frozen=True, slots=True)
class DicomInstanceContext:
    """When a run writes its objects, and for which exam of the run (counted from 1, for the series numbers)."""

    created: datetime
    exam_number: int = 1


def instance_keywords(kind: str, context: DicomInstanceContext) -> dict[str, Any]:
    """Arguments that every highdicom constructor takes: a series of its own, its maker, its time and UTF-8.

    Parameters
    ----------
    kind
        A key of the series table: ``segmentation``, ``measurement report``, ``real world value map``, ``report``,
        ``key image`` or ``structure set``.
    """
    place, description = _KINDS[kind]
    return {
        "series_instance_uid": new_uid(),
        "series_number": _FIRST_SERIES_NUMBER + 10 * (context.exam_number - 1) + place,
        "series_description": description,
        "sop_instance_uid": new_uid(),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "software_versions": __version__,
        "device_serial_number": SERIAL_NUMBER,
        "specific_character_set": "ISO_IR 192",
        "content_date": DA(context.created.date()),
        "content_time": TM(context.created.time()),
    }


def nameless(source: SourceHeaders) -> list[Dataset]:
    """The source's headers with empty person names, to be handed to highdicom.

    highdicom puts a name without a caret into the text of a warning; ``complete_instance`` adds the names afterwards.
    """
    first = Dataset()
    for element in source.datasets[0]:
        if element.VR != "PN":
            first[element.tag] = element
    first.PatientName = first.ReferringPhysicianName = ""
    return [first, *source.datasets[1:]]


def complete_instance(instance: Dataset, source: SourceHeaders, context: DicomInstanceContext) -> Dataset:
    """Give a new object the source's patient and study as they are, and the run's time; returns it."""
    header = source.datasets[0]
    for keyword in identity_keywords():
        if keyword in header:
            instance[keyword] = header[keyword]
    instance.InstanceCreationDate = DA(context.created.date())
    instance.InstanceCreationTime = TM(context.created.time())
    instance.SeriesDate, instance.SeriesTime = instance.InstanceCreationDate, instance.InstanceCreationTime
    return instance


def source_references(source: SourceHeaders) -> list[Dataset]:
    """Items of a sequence that references the source's images, in plane order."""
    references = []
    for dataset in source.datasets:
        reference = Dataset()
        reference.ReferencedSOPClassUID = dataset.SOPClassUID
        reference.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
        references.append(reference)
    return references


def save_dataset(dataset: Dataset, path: Path) -> None:
    """Write an object as a DICOM Part 10 file with all its file meta information.

    References
    ----------
    DICOM PS3.10, 7.1.
    """
    dataset.save_as(path, enforce_file_format=True)

"""Whose segmentation it is: what its header says of its author, its algorithm and the images it was drawn on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset, dcmread

from uptake.dicom.annotations.coded_value import plain_text
from uptake.errors import UnreadableFile

_STORAGE = {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"}


@dataclass(frozen=True, slots=True)
class SegmentationAuthorship:
    """The header of a segmentation, as found: nothing of it is proven.

    Parameters
    ----------
    author
        Content Creator's Name (0070,0084), its alphabetic group; empty where there is none. Hidden from ``repr``.
    algorithm_types
        Segment Algorithm Type (0062,0008) of every segment; empty text where a segment has none.
    source_series_uids
        Series that it was drawn on: Referenced Series Sequence, else those of its frames' source images' study.
    source_instance_uids
        SOP instances that it names as sources.
    """

    sop_instance_uid: str
    series_uid: str
    study_uid: str
    frame_of_reference_uid: str
    author: str = field(repr=False)
    algorithm_types: frozenset[str]
    source_series_uids: tuple[str, ...]
    source_instance_uids: frozenset[str]
    created: str


def read_authorship(path: Path) -> SegmentationAuthorship:
    """Read the header of a segmentation; no pixel is decoded.

    Raises
    ------
    UnreadableFile
        If the file is no DICOM Segmentation.

    References
    ----------
    DICOM PS3.3 C.8.20.2 (Segmentation Image), C.7.6.16.2.6 (Derivation Image), 10.9 (Content Identification).
    """
    try:
        with warnings.catch_warnings():
            # Faults in another writer's values are none of our caller's business.
            warnings.simplefilter("ignore")
            return _read(dcmread(path, stop_before_pixels=True))
    except Exception as error:
        raise UnreadableFile(
            f"a file could not be read as a segmentation ({type(error).__name__}).",
            remedy="Give a DICOM Segmentation object.",
            series="SEG",
        ) from error


def _read(dataset: Dataset) -> SegmentationAuthorship:
    if dataset.SOPClassUID not in _STORAGE:
        raise ValueError("no segmentation")
    series, instances = list[str](), set[str]()
    for item in dataset.get("ReferencedSeriesSequence") or []:
        series.append(plain_text(item.get("SeriesInstanceUID")))
        instances |= _instances(item.get("ReferencedInstanceSequence"))
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for frame in (*shared, *(dataset.get("PerFrameFunctionalGroupsSequence") or [])):
        for derivation in frame.get("DerivationImageSequence") or []:
            instances |= _instances(derivation.get("SourceImageSequence"))
    return SegmentationAuthorship(
        sop_instance_uid=plain_text(dataset.SOPInstanceUID),
        series_uid=plain_text(dataset.get("SeriesInstanceUID")),
        study_uid=plain_text(dataset.get("StudyInstanceUID")),
        frame_of_reference_uid=plain_text(dataset.get("FrameOfReferenceUID")),
        author=plain_text(dataset.get("ContentCreatorName")).partition("=")[0],
        algorithm_types=frozenset(plain_text(item.get("SegmentAlgorithmType")) for item in dataset.SegmentSequence),
        source_series_uids=tuple(uid for uid in series if uid),
        source_instance_uids=frozenset(instances - {""}),
        created=plain_text(dataset.get("ContentDate")) + plain_text(dataset.get("ContentTime")),
    )


def _instances(sequence: list[Dataset] | None) -> set[str]:
    return {plain_text(item.get("ReferencedSOPInstanceUID")) for item in sequence or []}

"""Writes a CT as one enhanced multi-frame object."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydicom import Dataset
from pydicom.uid import EnhancedCTImageStorage

from uptake.dicom.exam_writer.enhanced_groups import (
    frame_groups,
    frame_type,
    set_multiframe,
    shared_groups,
    transformation,
)
from uptake.dicom.exam_writer.exam import ExamHeader, Protocol
from uptake.dicom.exam_writer.file_writing import write_frames
from uptake.dicom.exam_writer.pixel_encoding import Stored
from uptake.dicom.exam_writer.values import date_time, decimal
from uptake.geometry import ImageGeometry

_IMAGE_TYPE = ("DERIVED", "PRIMARY", "VOLUME", "NONE")


def write_enhanced_ct(
    dataset: Dataset,
    frames: Sequence[Stored],
    geometry: ImageGeometry,
    exam: tuple[ExamHeader, Protocol, datetime],
    folder: Path,
) -> Path:
    """Write ``folder/0001.dcm``; frames are the slices in the array's order, stored as HU + 1024.

    Parameters
    ----------
    dataset
        What the headers of PET and CT share; becomes the object's header.
    exam
        Header, protocol, and when the CT was acquired.

    References
    ----------
    DICOM PS3.3 A.38 (Enhanced CT Image IOD), C.8.15 (its modules).
    """
    header, protocol, acquired = exam
    dataset.SOPClassUID = EnhancedCTImageStorage
    dataset.ImageType = list(_IMAGE_TYPE)
    dataset.AcquisitionDateTime = date_time(acquired)
    dataset.AcquisitionDuration = 0.0
    dataset.PatientPosition = "HFS"
    set_multiframe(dataset, header, protocol.ct_number, len(frames))
    shared = shared_groups(geometry, header)
    shared.CTImageFrameTypeSequence = [frame_type(_IMAGE_TYPE)]
    shared.PixelValueTransformationSequence = [transformation(decimal(1.0), -1024.0, "HU")]
    shared.IrradiationEventIdentificationSequence = [Dataset()]
    event = header.uid(f"series/{protocol.ct_number}/irradiation")
    shared.IrradiationEventIdentificationSequence[0].IrradiationEventUID = event
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [
        frame_groups(geometry, index, (acquired, acquired), 0.0) for index in range(len(frames))
    ]
    path = folder / "0001.dcm"
    write_frames(dataset, frames, protocol.transfer_syntax, path)
    return path

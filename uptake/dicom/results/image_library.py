"""The image library of a report: which PET images the measurements were made on."""

from __future__ import annotations

from highdicom import sr

from uptake.dicom.results.codes import code
from uptake.dicom.results.source_headers import SourceHeaders

_CONTAINS = sr.RelationshipTypeValues.CONTAINS
_ACQUISITION = sr.RelationshipTypeValues.HAS_ACQ_CONTEXT


def image_library(source: SourceHeaders) -> sr.ContainerContentItem:
    """One group that describes the series once and lists its images.

    highdicom's own library repeats the description for each image: ten times the size and the time.

    References
    ----------
    DICOM PS3.16 TID 1600, 1601 and 1602.
    """
    rows, columns = source.series.geometry.shape[1:]
    described = [
        sr.CodeContentItem(code("modality"), code("pet_modality"), relationship_type=_ACQUISITION),
        sr.UIDRefContentItem(
            code("frame_of_reference_uid"), source.datasets[0].FrameOfReferenceUID, relationship_type=_ACQUISITION
        ),
        sr.NumContentItem(code("pixel_rows"), rows, code("unit_pixels"), relationship_type=_ACQUISITION),
        sr.NumContentItem(code("pixel_columns"), columns, code("unit_pixels"), relationship_type=_ACQUISITION),
    ]
    images = [
        sr.ImageContentItem(
            name=code("source"),
            referenced_sop_class_uid=dataset.SOPClassUID,
            referenced_sop_instance_uid=dataset.SOPInstanceUID,
            relationship_type=_CONTAINS,
        )
        for dataset in source.datasets
    ]
    group = sr.ContainerContentItem(name=code("image_library_group"), relationship_type=_CONTAINS)
    group.ContentSequence = sr.ContentSequence([*described, *images])
    library = sr.ContainerContentItem(name=code("image_library"), relationship_type=_CONTAINS)
    library.ContentSequence = sr.ContentSequence([group])
    return library

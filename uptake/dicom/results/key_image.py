"""Writes a colour picture as a secondary capture image: what a reader sees first in the PACS."""

from __future__ import annotations

import numpy as np
from highdicom import PhotometricInterpretationValues
from highdicom.sc import ConversionTypeValues, SCImage
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.valuerep import DA, TM

from uptake.dicom.results.output_instance import (
    DicomInstanceContext,
    complete_instance,
    instance_keywords,
    source_references,
)
from uptake.dicom.results.source_headers import SourceHeaders


def build_key_image(
    source: SourceHeaders, rgb: NDArray[np.uint8], description: str, context: DicomInstanceContext
) -> Dataset:
    """Store an RGB picture in the study of its PET series.

    Parameters
    ----------
    source
        Headers of the PET series.
    rgb
        ``(rows, columns, 3)``; must not show who the patient is, since the object says that it does not.
    description
        What the picture shows, cut at 1024 characters.
    context
        Time and exam number of the run.

    Raises
    ------
    ValueError
        If the array is no 8-bit RGB picture.

    References
    ----------
    DICOM PS3.3 A.8.1 (Secondary Capture Image IOD) and C.7.6.1 (General Image Module).
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"a key image is uint8 (rows, columns, 3), not {rgb.dtype} {rgb.shape}")
    instance = SCImage(
        pixel_array=np.ascontiguousarray(rgb),
        photometric_interpretation=PhotometricInterpretationValues.RGB,
        bits_allocated=8,
        coordinate_system="PATIENT",
        # Projections and planes of several directions stand side by side: no one orientation holds.
        patient_orientation=("L", "F"),
        study_instance_uid=source.datasets[0].StudyInstanceUID,
        **instance_keywords("key image", context),
    )
    instance.PatientOrientation = ""
    instance.Laterality = ""
    instance.ConversionType = ConversionTypeValues.SYN.value
    instance.DateOfSecondaryCapture = DA(context.created.date())
    instance.TimeOfSecondaryCapture = TM(context.created.time())
    instance.ImageType = ["DERIVED", "SECONDARY"]
    instance.BurnedInAnnotation = "NO"
    instance.DerivationDescription = description[:1024]
    instance.SourceImageSequence = source_references(source)
    return complete_instance(instance, source, context)

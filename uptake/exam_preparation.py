"""From an exam's headers to its voxels: SUV and HU, with everything the headers made us doubt."""

from __future__ import annotations

from uptake.dicom.exams.pixel_reader import read_ct_volume, read_pet_pixels
from uptake.dicom.pet_header.existing_value_maps import compare_existing
from uptake.dicom.results.source_headers import load_source_headers
from uptake.exam import Exam, PreparedExam
from uptake.suv.conversion import convert, to_suv


def prepare(exam: Exam) -> PreparedExam:
    """Read the voxels of an exam: PET as SUV, CT as HU; the header's repairs and disagreements become warnings.

    Raises
    ------
    SuvRefused
        If the header does not allow an SUV.
    UnreadableFile, SeriesRefused
        If a slice cannot be decoded.
    """
    conversion = convert(exam.acquisition)
    warnings = (*load_source_headers(exam.pet).warnings, *compare_existing(exam, conversion))
    suv = to_suv(read_pet_pixels(exam.pet), exam.pet.geometry, conversion)
    ct = read_ct_volume(exam.ct) if exam.ct is not None else None
    return PreparedExam(exam=exam, suv=suv, ct=ct, conversion=conversion, warnings=warnings)

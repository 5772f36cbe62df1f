"""The injection as a header tells it."""

from __future__ import annotations

from pydicom import Dataset

from uptake.dicom.exam_writer.exam import Injection
from uptake.dicom.exam_writer.values import code_item, date_time, decimal, time


def radiopharmaceutical_item(injection: Injection, dated: bool) -> Dataset:
    """The item of the Radiopharmaceutical Information Sequence.

    Parameters
    ----------
    injection
        What was injected.
    dated
        Whether the injection has its date; older headers have its time of day alone.

    References
    ----------
    DICOM PS3.3 C.8.9.2 (PET Isotope), CID 4020 and 4021.
    """
    item = Dataset()
    item.Radiopharmaceutical = injection.radiopharmaceutical
    item.RadiopharmaceuticalCodeSequence = [code_item(injection.code)]
    item.RadionuclideCodeSequence = [code_item(injection.nuclide_code)]
    item.RadionuclideTotalDose = decimal(injection.activity_bq)
    item.RadionuclideHalfLife = decimal(injection.half_life_s)
    item.RadionuclidePositronFraction = decimal(injection.positron_fraction)
    item.RadiopharmaceuticalStartTime = time(injection.injected)
    if dated:
        item.RadiopharmaceuticalStartDateTime = date_time(injection.injected)
    return item

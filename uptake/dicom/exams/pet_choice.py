"""Which PET series of a study is measured, judged from one header of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from uptake.dicom.exams.series_ranking import PET_CLASSES, pet_refusal, rank_pet
from uptake.dicom.files.folder_scan import ScannedSeries, scan_folder


def choose_pet_series(folder: Path, instances: Mapping[str, int]) -> str | None:
    """The Series Instance UID that ``read_exams`` would choose, or None where no PET series can be measured.

    Parameters
    ----------
    folder
        One instance of each PET series of one study.
    instances
        How many instances each series has, by UID; series that it does not name are left.
    """
    measurable = []
    for series in scan_folder(folder).series:
        facts = series.first.facts
        if facts.sop_class_uid in PET_CLASSES and facts.series_uid in instances and pet_refusal(series) is None:
            count = max(len(series.instances), instances[facts.series_uid])
            measurable.append(replace(series, instances=(series.first,) * count))
    best: ScannedSeries | None = min(measurable, key=rank_pet, default=None)
    return None if best is None else best.first.facts.series_uid

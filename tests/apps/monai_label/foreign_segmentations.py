"""Segmentations as other software stores them beside an exam: any author, any algorithm type."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path

import numpy as np

from apps.monai_label.labels.class_names import coded_class
from uptake.dicom.results.annotation_segmentation import SegmentationMaker, build_annotation_segmentation
from uptake.dicom.results.output_instance import DicomInstanceContext
from uptake.dicom.results.source_headers import load_source_headers
from uptake.volume import LabelMap

_NUMBERS = count()


def write_segmentation(exams, image_id, array, path: Path, *, author="", algorithm="AUTOMATIC", **given) -> Path:
    """Write a SEG of the exam's PET; ``names`` by value, ``created``, ``types`` (one per segment) may be given."""
    names = given.get("names", {1: "lesion", 2: "physiological_uptake"})
    maker = SegmentationMaker(f"foreign {path} {next(_NUMBERS)}", algorithm)
    context = DicomInstanceContext(given.get("created", datetime(2024, 3, 10, 12)))
    with exams.source.opened(image_id) as exam:
        labels = LabelMap(np.asarray(array, np.uint16), exam.pet.geometry)
        classes = {value: coded_class(name) for value, name in names.items()}
        dataset = build_annotation_segmentation(load_source_headers(exam.pet), labels, classes, maker, context)
    dataset.ContentCreatorName = author
    for item, kind in zip(dataset.SegmentSequence, given.get("types", ()), strict=False):
        item.SegmentAlgorithmType = kind
    dataset.save_as(path, enforce_file_format=True)
    return path

"""A label as an annotator sends it, brought on to its exam's PET grid or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.monai_label.labels.class_names import checked_names, fold_name
from apps.monai_label.labels.label_errors import LabelRefused
from apps.monai_label.labels.label_types import require_tag
from apps.monai_label.labels.mask_prints import present_values
from uptake.dicom.annotations.segmentation_authorship import SegmentationAuthorship, read_authorship
from uptake.dicom.annotations.segmentation_reader import SegmentationObject, read_segmentation
from uptake.errors import InputRefused
from uptake.exam import Exam
from uptake.geometry import ImageGeometry
from uptake.registration.axis_resampling import parallel
from uptake.registration.resampling import resample_labels
from uptake.volume import LabelMap

FINAL = "final"
_AUTHOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_TYPES = ("SEMIAUTOMATIC", "MANUAL")
_OWN_GRID = "Send the label on the grid of the exam's PET or CT."


@dataclass(frozen=True, slots=True, eq=False)
class Submission:
    """A label to be saved as truth: an array with its grid, or a SEG file.

    Parameters
    ----------
    author
        The authenticated account.
    array, geometry
        Values 0 to 255 ``(z, y, x)``, 0 is background, and where they lie; None with ``seg``.
    names
        Class of each value in ``array``; empty for the datastore's own.
    seg
        A DICOM Segmentation of the exam's PET or CT; its segments' labels are the classes.
    expected_version
        The version of the exam's truth that the annotator started from, 0 for none; None where the client does not
        say, and then only a first version, or one after the author's own, is taken.
    algorithm_type
        Segment Algorithm Type: ``SEMIAUTOMATIC``, or ``MANUAL`` where no tool helped.
    """

    author: str
    array: NDArray[Any] | None = None
    geometry: ImageGeometry | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    seg: Path | None = None
    tag: str = FINAL
    expected_version: int | None = None
    algorithm_type: str = "SEMIAUTOMATIC"

    def __post_init__(self) -> None:
        if not _AUTHOR.fullmatch(self.author):
            raise ValueError("an author is 1 to 64 letters, digits, spaces and ._@-")
        if (self.seg is None) == (self.array is None) or (self.array is None) != (self.geometry is None):
            raise ValueError("a submission is an array with its geometry, or a SEG file")
        if self.algorithm_type not in _TYPES:
            raise ValueError(f"an annotator's label is {' or '.join(_TYPES)}")
        if require_tag(self.tag) != FINAL:
            raise LabelRefused("Only final labels are saved.", remedy=f"Submit with the tag {FINAL}.")
        if self.expected_version is not None and self.expected_version < 0:
            raise ValueError("versions count from 0")


def on_pet_grid(submission: Submission, exam: Exam, known: Mapping[int, str]) -> tuple[LabelMap, dict[int, str]]:
    """The submitted label on the PET's grid, with the class of each value.

    Parameters
    ----------
    known
        The datastore's classes by value.

    Raises
    ------
    LabelRefused
        If it is another exam's, its grid is not parallel to the PET's or reaches beyond it, it has unknown values, or
        a class has no voxel left on the PET's grid.
    """
    if submission.seg is not None:
        own, names = _of_segmentation(submission.seg, exam, known)
    elif submission.array is not None and submission.geometry is not None:
        own, names = _of_array(submission.array, submission.geometry), checked_names(submission.names or known)
    else:
        raise ValueError("a submission is an array with its geometry, or a SEG file")
    present = set(present_values(own.array))
    if unknown := sorted(present - names.keys()):
        raise LabelRefused(
            f"The label has the values {unknown}, which stand for nothing.",
            remedy=f"Use {', '.join(f'{value} for {name}' for value, name in sorted(names.items()))}.",
        )
    placed = place(own, exam.pet.geometry)
    if lost := sorted(names[value] for value in present - set(present_values(placed.array))):
        raise LabelRefused(
            f"On the PET's grid nothing is left of {', '.join(lost)}.", remedy="Draw it larger than half a PET voxel."
        )
    return placed, names


def place(labels: LabelMap, pet: ImageGeometry) -> LabelMap:
    """Labels of a parallel grid on the PET's; voxel by voxel where they coincide, else nearest neighbour.

    Raises
    ------
    LabelRefused
        If the grid is not parallel, or a labelled voxel lies outside the PET.
    """
    if labels.geometry.same_grid(pet):
        return LabelMap(labels.array, pet)
    if not parallel(labels.geometry, pet):
        raise LabelRefused("The label's grid is not parallel to the PET's.", remedy=_OWN_GRID)
    at = [np.flatnonzero(labels.array.any(axis=tuple(o for o in range(3) if o != axis))) for axis in range(3)]
    if len(at[0]):
        corners = np.array(np.meshgrid(*[(int(each[0]), int(each[-1])) for each in at], indexing="ij"))
        index = pet.index(labels.geometry.position_mm(corners.reshape(3, -1).T))
        # One voxel more: a CT's voxel may begin inside the PET's last one and end outside.
        if (index < -1).any() or (index > np.asarray(pet.shape)).any():
            raise LabelRefused("The label reaches beyond the exam's PET.", remedy=_OWN_GRID)
    return resample_labels(labels, pet)


def segmentation_labels(found: SegmentationObject, values: Mapping[str, int]) -> LabelMap:
    """A segmentation's segments as the values of their classes, on its own grid.

    Segments without a voxel are passed over: OHIF sends all that its panel lists, and some are no class.

    Raises
    ------
    LabelRefused
        If a segment has another class, or two classes share a voxel.
    """
    array = np.zeros(found.geometry.shape, dtype=np.uint16)
    for segment in found.segments:
        if not segment.frames.any():
            continue
        name = fold_name(segment.label)
        if name not in values:
            raise LabelRefused(
                "A segment is of no known class.", remedy=f"Name the segments {', '.join(sorted(values))}."
            )
        for plane, frame in zip(segment.planes, segment.frames, strict=True):
            if not np.isin(array[plane][frame], (0, values[name])).all():
                raise LabelRefused("Segments of two values share a voxel.", remedy="Give each voxel one class.")
            array[plane][frame] = values[name]
    return LabelMap(array, found.geometry)


def belongs(author: SegmentationAuthorship, exam: Exam) -> bool:
    """Whether a segmentation names the exam's PET or CT as what it was drawn on."""
    series = [exam.pet, *([exam.ct] if exam.ct is not None else [])]
    if set(author.source_series_uids) & {each.series_uid for each in series}:
        return True
    return bool(author.source_instance_uids & {plane.sop_instance_uid for each in series for plane in each.planes})


def _of_segmentation(path: Path, exam: Exam, known: Mapping[int, str]) -> tuple[LabelMap, dict[int, str]]:
    try:
        author = read_authorship(path)
        if not belongs(author, exam):
            raise LabelRefused("The segmentation is of another exam.", remedy="Submit it to the exam it was drawn on.")
        found = read_segmentation(path)
    except LabelRefused:
        raise
    except InputRefused as error:
        raise LabelRefused(f"The segmentation cannot be used: {error.reason}", remedy=error.remedy) from error
    if found.frame_of_reference_uid and found.frame_of_reference_uid != exam.pet.frame_of_reference_uid:
        raise LabelRefused("The segmentation has another frame of reference than the PET.", remedy=_OWN_GRID)
    names = checked_names(known)
    return segmentation_labels(found, {name: value for value, name in names.items()}), names


def _of_array(array: NDArray[Any], geometry: ImageGeometry) -> LabelMap:
    if array.shape != geometry.shape:
        raise LabelRefused("The label's size is not its grid's.", remedy=_OWN_GRID)
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 255:
        raise LabelRefused("The label holds other values than 0 to 255.", remedy="Send a label map.")
    labels = array.astype(np.uint16)
    if not np.array_equal(labels, array):
        raise LabelRefused("The label holds values that are not whole numbers.", remedy="Send a label map.")
    return LabelMap(labels, geometry)

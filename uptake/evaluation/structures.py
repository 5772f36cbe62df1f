"""Separate lesions of a delineation, and which of them the other delineation covers (Nikulin 2023, Table 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.evaluation.patient_scores import PatientScores, StructureMatches
from uptake.regions.connectivity import components

Numbered = tuple[NDArray[np.int32], ...]
"""Per class: lesion numbers of every voxel from 1, 0 elsewhere."""


@dataclass(frozen=True, slots=True)
class DetectionRow:
    """A row of Table 3.

    Parameters
    ----------
    target
        A class; ``union``, the sum of the classes as the paper adds them; or ``any class``, the same lesions but
        covered by lesion of whatever class.
    hit, missed
        Lesions of the truth: covered by the answer or not (TP_man, FN).
    right, wrong
        Lesions of the answer: on truth or not (TP_cnn, FP).
    missed_mean_ml
        Mean volume of the missed lesions, ml; None where none is missed.
    """

    target: str
    hit: int
    right: int
    missed: int
    wrong: int
    missed_mean_ml: float | None

    @property
    def sensitivity(self) -> float | None:
        """TPR_str; None without lesions in the truth."""
        return self.hit / (self.hit + self.missed) if self.hit + self.missed else None

    @property
    def precision(self) -> float | None:
        """PPV_str; None without lesions in the answer."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None


def lesions_of(
    classes: NDArray[np.uint8], count: int, connectivity: int, smallest: int
) -> tuple[NDArray[np.uint8], Numbered]:
    """Lesions of ``smallest`` voxels or more: connected components of each class by itself.

    Parameters
    ----------
    classes
        Class of every voxel, ``(z, y, x)``.
    count
        How many classes there are besides the background.

    Returns
    -------
    classes, numbered
        The classes without the lesions that were dropped, and the lesions of each class.
    """
    kept = np.zeros_like(classes)
    numbered = []
    for value in range(1, count + 1):
        own = components(classes == value, connectivity)
        large = np.bincount(own.ravel()) >= smallest
        large[0] = False
        renumbered = np.where(large, np.cumsum(large), 0).astype(np.int32)
        own = renumbered[own]
        kept[own > 0] = value
        numbered.append(own)
    return kept, tuple(numbered)


def smallest_lesion(minimum_ml: float, voxel_ml: float) -> int:
    """Least number of voxels of a lesion that counts; a hair of slack for rounding in the volume of a voxel."""
    return max(1, math.ceil(minimum_ml / voxel_ml * (1 - 1e-9)))


def match(
    numbered: Numbered, other: NDArray[np.uint8], coverage: float, voxel_ml: float
) -> tuple[StructureMatches, ...]:
    """Which lesions the other delineation covers by at least ``coverage`` of their volume, class by class."""
    matches = []
    for value, lesions in enumerate(numbered, start=1):
        sizes = np.bincount(lesions.ravel())[1:]
        least = coverage * sizes
        same, any_class = (
            np.bincount(lesions[cover], minlength=len(sizes) + 1)[1:] >= least for cover in (other == value, other > 0)
        )
        volumes_ml = tuple((sizes * voxel_ml).tolist())
        matches.append(StructureMatches(volumes_ml, tuple(same.tolist()), tuple(any_class.tolist())))
    return tuple(matches)


def detection_rows(patients: Sequence[PatientScores], classes: Sequence[str]) -> tuple[DetectionRow, ...]:
    """Table 3: a row per class, their sum, and the sum with lesion of any class as cover."""
    rows = [_row(name, patients, (index,), same=True) for index, name in enumerate(classes)]
    everything = tuple(range(len(classes)))
    if len(classes) > 1:
        rows.append(_row("union", patients, everything, same=True))
        rows.append(_row("any class", patients, everything, same=False))
    return tuple(rows)


def _row(target: str, patients: Sequence[PatientScores], classes: tuple[int, ...], *, same: bool) -> DetectionRow:
    truth = [lesion for patient in patients for index in classes for lesion in patient.truth_lesions[index].each(same)]
    found = [lesion for patient in patients for index in classes for lesion in patient.found_lesions[index].each(same)]
    missed = [volume for volume, covered in truth if not covered]
    right = sum(covered for _, covered in found)
    return DetectionRow(
        target,
        hit=len(truth) - len(missed),
        right=right,
        missed=len(missed),
        wrong=len(found) - right,
        missed_mean_ml=float(np.mean(missed)) if missed else None,
    )

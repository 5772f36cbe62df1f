"""What the place alone gives away: where lesions lie in other patients' images, no voxel of the patient's looked at.

Images that are cropped around the tumour have it in their middle. A network that does no better than this has learned
the crop, not the disease.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from uptake.evaluation.cohort_data import CohortExam
from uptake.evaluation.kept_labels import Labels
from uptake.inference.label_agreement import class_dice

_SIDE = 48
_SHARES = tuple(round(0.1 + 0.05 * step, 2) for step in range(15))
_FORMAT = 1

Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CentrePrior:
    """Labels where enough patients that are not tested together with the exam have lesions.

    Images are stretched on to each other, side to side. How many are enough is what gives those patients the best mean
    Dice.

    Parameters
    ----------
    exams
        Of the cohort.
    folds
        Which fold tests an exam, by the exam's name.
    """

    exams: Sequence[CohortExam]
    folds: Mapping[str, int]
    _maps: dict[int, tuple[Shares, float]] = field(default_factory=dict, init=False, repr=False)

    maker = "centre-prior"
    as_one = True
    classes = ("lesion",)

    @property
    def methods(self) -> Mapping[str, str]:
        """Title of its label map."""
        return {"centre-prior": "place alone"}

    def applies(self, exam: CohortExam) -> bool:
        """Whether the exam is labelled: all are."""
        return exam.name in self.folds

    def key(self, exam: CohortExam) -> str:
        """Hash of all that decides the labels."""
        others = [each.prepared.folder.name for each in self._others(self.folds[exam.name])]
        return hashlib.sha256(json.dumps([_FORMAT, exam.prepared.folder.name, others]).encode()).hexdigest()

    def make(self, exam: CohortExam, progress: Callable[[int, int], None]) -> dict[str, Labels]:
        """Label an exam; ``progress`` is called once, at the end."""
        fold = self.folds[exam.name]
        if fold not in self._maps:
            self._maps[fold] = mean_place([each.prepared.labels() for each in self._others(fold)])
        share, enough = self._maps[fold]
        found = stretched(share, exam.prepared.labels().shape) >= enough
        progress(1, 1)
        return {"centre-prior": found.astype(np.uint8)}

    def _others(self, fold: int) -> list[CohortExam]:
        return [each for each in self.exams if self.folds.get(each.name, fold) != fold]


def mean_place(labels: Sequence[Labels]) -> tuple[Shares, float]:
    """Share of patients with a lesion at each place of a cube, and the share that is enough.

    Parameters
    ----------
    labels
        Label maps (z, y, x) of any shapes, stretched on to the cube.
    """
    cubes = np.stack([stretched(np.asarray(each) > 0, (_SIDE,) * 3) >= 0.5 for each in labels]).astype(np.uint8)
    share: Shares = np.asarray(cubes.mean(axis=0), np.float32)
    enough = max(_SHARES, key=lambda level: np.mean([_dice((share >= level).astype(np.uint8), cube) for cube in cubes]))
    return share, enough


def stretched(array: NDArray[np.float32] | NDArray[np.bool_], shape: tuple[int, ...]) -> Shares:
    """An array on another number of voxels over the same extent, linearly."""
    factors = [new / old for new, old in zip(shape, array.shape, strict=True)]
    made: Shares = zoom(array.astype(np.float32), factors, order=1, mode="nearest", grid_mode=True)
    return made


def _dice(found: Labels, truth: Labels) -> float:
    """1 where neither has a lesion."""
    return class_dice([found], [truth], ("background", "lesion")).get("lesion", 1.0)

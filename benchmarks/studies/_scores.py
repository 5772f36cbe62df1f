"""Scores of the difficulty study: Dice from counts, average precision and areas under ROC curves from ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Overlap:
    """Voxels of one exam that were found, that are lesion, and that are both."""

    both: int
    found: int
    lesion: int

    @property
    def dice(self) -> float:
        """2 both / (found + lesion); nan where there is no lesion."""
        return 2 * self.both / (self.found + self.lesion) if self.lesion else float("nan")


def overlap(found: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> Overlap:
    """Count one exam."""
    return Overlap(int((found & lesion).sum()), int(found.sum()), int(lesion.sum()))


def global_dice(exams: Sequence[Overlap]) -> float:
    """Of all exams' voxels taken together, exams without a lesion included."""
    whole = Overlap(sum(e.both for e in exams), sum(e.found for e in exams), sum(e.lesion for e in exams))
    return whole.dice


def mean_dice(exams: Sequence[Overlap]) -> float:
    """Mean over the exams that have a lesion."""
    return float(np.mean([exam.dice for exam in exams if exam.lesion]))


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """Mean precision at each positive by falling score, equal scores counted as one step; nan without a positive."""
    score, truth = np.asarray(scores, np.float64), np.asarray(positive, np.bool_)
    if not truth.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    hits = np.cumsum(truth[order])[last]
    gained = np.diff(hits, prepend=0) / truth.sum()
    return float(np.sum(gained * hits / (last + 1)))


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """Share of positive-negative pairs in which the positive scores higher, ties by half; nan without a pair."""
    score, truth = np.asarray(scores, np.float64), np.asarray(positive, np.bool_)
    difference = score[truth][:, None] - score[~truth][None, :]
    if not difference.size:
        return float("nan")
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))

"""Whether a newly trained version is used: never where it is worse than the one in use on the judging exams."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.inference.label_agreement import class_dice


@dataclass(frozen=True, slots=True)
class Scores:
    """Dice of one version on the judging exams.

    Parameters
    ----------
    exams
        Of each exam, 0 to 1, in the exams' order.
    """

    exams: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.exams or not all(math.isfinite(each) and 0.0 <= each <= 1.0 for each in self.exams):
            raise ValueError("scores are Dice values, one at least")

    @property
    def mean(self) -> float:
        """Over the exams, each counting the same."""
        return sum(self.exams) / len(self.exams)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided, and why in words."""

    promoted: bool
    why: str
    before: Scores
    after: Scores


def exam_dice(truth: NDArray[np.uint8], answer: NDArray[np.uint8], classes: int) -> float:
    """Mean Dice of the lesion classes (1, 2, ...) that truth or answer has; 1 where neither has any: rightly nothing.

    Parameters
    ----------
    truth, answer
        Class values uint8 of one shape.
    classes
        With the background.
    """
    found = class_dice([truth], [answer], [str(value) for value in range(classes)])
    return float(np.mean(list(found.values()))) if found else 1.0


def verdict(before: Scores, after: Scores, names: Sequence[str] = ("the version in use", "the new one")) -> Verdict:
    """Promote the new version if it is not worse on average.

    Raises
    ------
    ValueError
        If the two were not scored on the same exams.
    """
    if len(before.exams) != len(after.exams):
        raise ValueError("versions are compared on the same exams")
    promoted = after.mean >= before.mean
    count = len(after.exams)
    why = (
        f"mean Dice on {count} exam(s) that no version learned from: {names[1]} {after.mean:.3f}, "
        f"{names[0]} {before.mean:.3f}; {'not worse, so it is used' if promoted else 'worse, so it is not used'}"
    )
    return Verdict(promoted, why, before, after)

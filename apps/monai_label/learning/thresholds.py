"""The opponents without a network: one threshold for all, the best there is on the very exams that are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.monai_label.trainers.verdict import exam_dice
from uptake.errors import InputRefused
from uptake.training.cache import PreparedTraining
from uptake.training.recipe import TrainingRecipe

SUV_LEVELS = tuple(float(level) for level in np.arange(0.5, 8.01, 0.25))
SHARES = tuple(float(share) for share in np.arange(0.2, 0.71, 0.05))


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """A threshold in words, and its Dice on each exam, in their order."""

    name: str
    dice: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the exams."""
        return sum(self.dice) / len(self.dice)


def best_thresholds(exams: Sequence[PreparedTraining], recipe: TrainingRecipe) -> Mapping[str, BestThreshold]:
    """The ``fixed`` SUV, and the ``relative`` share of each exam's SUVmax, of the greatest mean Dice on these exams.

    They are chosen by the exams that they are scored on, which favours them; and a crop's SUVmax is often the tumour's.
    """
    read = [(suv_of(exam, recipe), (np.asarray(exam.labels()) > 0).astype(np.uint8)) for exam in exams]
    fixed = [
        BestThreshold(f"SUV {level:g}", tuple(_dice(suv, truth, level) for suv, truth in read)) for level in SUV_LEVELS
    ]
    relative = [
        BestThreshold(
            f"{100 * part:.0f} % of SUVmax",
            tuple(_dice(suv, truth, part * float(suv.max(initial=0.0))) for suv, truth in read),
        )
        for part in SHARES
    ]
    return {kind: max(found, key=lambda each: each.mean) for kind, found in (("fixed", fixed), ("relative", relative))}


def suv_of(exam: PreparedTraining, recipe: TrainingRecipe) -> NDArray[np.float32]:
    """A prepared exam's PET back in g/ml, as far as the recipe's clipping left it; 0 outside the body.

    Raises
    ------
    InputRefused
        If the recipe scales the PET by something that the exam's own values decide.
    """
    index = next(number for number, each in enumerate(recipe.inputs) if each.kind == "PT")
    how = recipe.inputs[index].normalisation
    if how.kind not in ("fixed", "none"):
        raise InputRefused(
            f"the recipe normalises PET by {how.kind}, which does not lead back to SUV.",
            remedy="Use a recipe with fixed normalisation.",
        )
    image = np.asarray(exam.image()[index], dtype=np.float32)
    return np.where(exam.body(), image * np.float32(how.sd) + np.float32(how.mean), np.float32(0))


def _dice(suv: NDArray[np.float32], truth: NDArray[np.uint8], least: float) -> float:
    return exam_dice(truth, (suv >= max(least, 1e-6)).astype(np.uint8), 2)

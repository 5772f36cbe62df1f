"""How well a network does on whole exams that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from uptake.inference.exam_labels import window_of
from uptake.inference.model_store import Tiling
from uptake.inference.predictor import Probabilities
from uptake.inference.sliding_window import SlidingWindowSettings, predict
from uptake.inference.tiling import overlap_by_axis
from uptake.networks.catalogue import network, settings_of
from uptake.training.cache import PreparedTraining
from uptake.training.recipe import TrainingRecipe


@dataclass(frozen=True, slots=True)
class Validation:
    """Dice over all voxels of all exams together ("cohort Dice" of Nikulin 2023).

    Parameters
    ----------
    dice
        Of each class but the background, by the most probable class; NaN where neither truth nor answer has it.
    union
        Of all classes but the background as one.
    soft_dice
        As ``dice``, of probabilities.
    """

    dice: tuple[float, ...]
    union: float
    soft_dice: tuple[float, ...]

    def score(self, monitor: str) -> float:
        """Mean of the classes that occur; 0 where none does."""
        values = np.asarray(self.soft_dice if monitor == "soft_dice" else self.dice)
        return float(np.nanmean(values)) if np.isfinite(values).any() else 0.0


class TrainedPredictor:
    """A network as the sliding window wants it."""

    def __init__(self, network: nn.Module, classes: int, device: torch.device, *, bfloat16: bool) -> None:
        self._network, self._device, self._bfloat16 = network, device, bfloat16
        self.classes = classes

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits, float32."""
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits: torch.Tensor = self._network(batch.to(self._device))
        return logits.float().cpu()


def window(tiling: Tiling, overlap: float, batch: int) -> SlidingWindowSettings:
    """Tiles as inference lays them for the bundle, with another overlap along the axes that it overlaps."""
    plain = window_of(tiling)
    z, y, x = overlap_by_axis(plain.overlap)
    shares = min(z, overlap), min(y, overlap), min(x, overlap)
    return replace(plain, overlap=shares, batch=batch, mirror_axes=())


def validate(predictor: TrainedPredictor, exams: Sequence[PreparedTraining], recipe: TrainingRecipe) -> Validation:
    """Run the sliding window over every exam and count."""
    counts = np.zeros((3, len(recipe.classes)))  # both, truth, answer; of class 0: the union of the others
    soft = np.zeros((3, len(recipe.classes)))
    # Two at once: torch convolves single volumes in float32 four times as slowly on processors.
    settings = window(recipe.tiling, recipe.fitting.validation_overlap, batch=2)
    for exam in exams:
        body = np.asarray(exam.body())
        if not body.any():
            continue
        found = predict(exam.image().astype(np.float32), body, [predictor], settings)
        labels = np.asarray(exam.labels())
        outside = labels.copy()
        outside[found.box.slices] = 0
        _count(counts, soft, labels[found.box.slices], found)
        for value in range(1, len(recipe.classes)):  # truth where the network is not asked
            lost = np.count_nonzero(outside == value)
            counts[1, value] += lost
            soft[1, value] += lost
        counts[1, 0] += np.count_nonzero(outside)
    dice, smooth = _ratio(counts), _ratio(soft)
    return Validation(tuple(dice[1:]), dice[0], tuple(smooth[1:]))


class FoldValidation:
    """The validation patients of a fold, asked about one network's weights after another.

    Parameters
    ----------
    exams
        Of the validation patients.
    recipe
        Of the network.
    device, bfloat16
        To compute on, and in.
    """

    def __init__(
        self, exams: Sequence[PreparedTraining], recipe: TrainingRecipe, device: torch.device, *, bfloat16: bool
    ) -> None:
        self._exams, self._recipe = exams, recipe
        self._network = network(settings_of(recipe.network.name, recipe.network.settings)).to(device).eval()
        self._predictor = TrainedPredictor(self._network, len(recipe.classes), device, bfloat16=bfloat16)

    def row(self, weights: Mapping[str, torch.Tensor]) -> dict[str, float]:
        """What the weights reach, as a line of the log has it: ``score`` (by the recipe's monitor), Dice by class."""
        self._network.load_state_dict(weights)
        found = validate(self._predictor, self._exams, self._recipe)
        row = {"score": found.score(self._recipe.fitting.monitor), "dice_union": found.union}
        for each, dice, soft in zip(self._recipe.classes[1:], found.dice, found.soft_dice, strict=True):
            row |= {f"dice_{each.name}": dice, f"soft_dice_{each.name}": soft}
        return row


def _count(
    counts: NDArray[np.float64], soft: NDArray[np.float64], truth: NDArray[np.uint8], found: Probabilities
) -> None:
    answer = found.array.argmax(axis=0)
    for value in range(len(found.array)):
        true, said = (truth == value, answer == value) if value else (truth > 0, answer > 0)
        counts[:, value] += np.count_nonzero(true & said), np.count_nonzero(true), np.count_nonzero(said)
        share = found.array[value] if value else 1.0 - found.array[0]
        soft[:, value] += share[true].sum(dtype=np.float64), np.count_nonzero(true), share.sum(dtype=np.float64)


def _ratio(counts: NDArray[np.float64]) -> list[float]:
    both, true, said = counts
    total = true + said
    return [float(2 * b / t) if t > 0 else float("nan") for b, t in zip(both, total, strict=True)]

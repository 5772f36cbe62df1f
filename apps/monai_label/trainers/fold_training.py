"""Training a bundle's folds from the weights in use, by the engine of ``uptake train``; no networks, no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from apps.monai_label.trainers.exam_split import Part
from apps.monai_label.trainers.verdict import Scores, exam_dice
from uptake.inference.sliding_window import SlidingWindowSettings, predict
from uptake.networks.catalogue import network, settings_of
from uptake.training.cache import PreparedTraining
from uptake.training.loop import FoldTask, train_fold
from uptake.training.progress_state import START_WEIGHTS, fingerprint, save_weights
from uptake.training.recipe import TrainingRecipe
from uptake.training.validation import TrainedPredictor, window
from uptake.training.world import World

Weights = Mapping[str, Tensor]
OnEpoch = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True, slots=True, eq=False)
class FoldsTraining:
    """What is trained.

    Parameters
    ----------
    recipe
        Its fitting's seconds and epochs are those of one fold.
    exams
        Prepared, of all patients in ``parts``.
    parts
        By fold.
    start
        Weights to start from, by fold; None for chance.
    folder
        Of the training's state: a training that was killed goes on where it was.
    """

    recipe: TrainingRecipe
    exams: Sequence[PreparedTraining]
    parts: Sequence[Part]
    start: Sequence[Weights] | None
    folder: Path

    def __post_init__(self) -> None:
        if not self.parts or (self.start is not None and len(self.start) != len(self.parts)):
            raise ValueError("every fold needs its patients and its weights to start from")


def train_folds(what: FoldsTraining, where: World, on_epoch: OnEpoch = lambda fold, row: None) -> tuple[Weights, ...]:
    """Train fold after fold; the weights of each that did best on the exams it was watched with.

    Raises
    ------
    InputRefused
        If the folder holds the state of another training.
    OutputFailed
        If the disk is full or cannot be written.
    """
    made = []
    for number, part in enumerate(what.parts):
        train = [each for each in what.exams if each.patient in part.train]
        watch = [each for each in what.exams if each.patient in part.watch]
        folder = what.folder / f"fold_{number}"
        start = folder / START_WEIGHTS
        if what.start is not None and not start.exists():
            save_weights(what.start[number], folder, START_WEIGHTS)
        members = [f"{each.name} {each.pixels} {each.folder.name}" for each in (*train, *watch)]
        task = FoldTask(number, train, watch, folder, fingerprint(what.recipe.to_json(), *members))
        ended = train_fold(task, what.recipe, where, lambda row, number=number: on_epoch(number, row))  # type: ignore[misc]
        made.append(ended.best)
    return tuple(made)


def predictors_of(weights: Sequence[Weights], recipe: TrainingRecipe, where: World) -> list[TrainedPredictor]:
    """Networks with these weights, as the sliding window wants them."""
    settings = settings_of(recipe.network.name, recipe.network.settings)
    made = []
    for each in weights:
        own = network(settings)
        own.load_state_dict(dict(each))
        bfloat16 = recipe.fitting.bfloat16 and where.fast_bfloat16()
        evaluated = own.to(where.device).eval()  # a network that is scored must not learn, nor drop anything
        made.append(TrainedPredictor(evaluated, len(recipe.classes), where.device, bfloat16=bfloat16))
    return made


def answer(
    predictors: Sequence[TrainedPredictor], exam: PreparedTraining, recipe: TrainingRecipe
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Classes uint8 (z, y, x) that networks together give a prepared exam, on the network's grid."""
    body = np.asarray(exam.body())
    if not body.any():
        return np.zeros(body.shape, np.uint8)
    settings: SlidingWindowSettings = window(recipe.tiling, recipe.fitting.validation_overlap, batch=2)
    return predict(exam.image().astype(np.float32), body, predictors, settings).labels()


def scores(
    weights: Sequence[Weights], exams: Sequence[PreparedTraining], recipe: TrainingRecipe, where: World
) -> Scores:
    """Dice of an ensemble on prepared exams; voxels of truth outside the body count against it."""
    networks = predictors_of(weights, recipe, where)
    with torch.inference_mode():
        found = [exam_dice(exam.labels(), answer(networks, exam, recipe), len(recipe.classes)) for exam in exams]
    return Scores(tuple(found))

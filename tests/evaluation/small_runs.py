"""Runs whose networks are seeded, not trained: enough to see who labels whom, and with what."""

from dataclasses import replace

import numpy as np
import torch

from tests.training.small_training import small_recipe
from uptake.evaluation.networks import Networks
from uptake.inference.model_store import Tiling
from uptake.networks.catalogue import network, settings_of
from uptake.training.cache import prepared
from uptake.training.exam_folder import find_exams
from uptake.training.new_run import begin_run
from uptake.training.progress_state import save_weights


def quick_recipe():
    """Two tiles for an exam."""
    return replace(small_recipe(), tiling=Tiling((16, 24, 24), (0.5, 0.0, 0.0)))


def write_run(folder, data, *, folds=(0, 1), seed=1, digital=False, recipe=None):
    recipe = recipe or quick_recipe()
    exams = prepared(find_exams(data, recipe), recipe, data.parent / "cache")
    run = begin_run(folder, recipe, [replace(each, digital=digital) for each in exams])
    for fold in folds:
        write_fold(run, fold, seed)
    return run


def write_fold(run, fold, seed):
    settings = settings_of(run.recipe.network.name, run.recipe.network.settings)
    save_weights(network(settings, seed=100 * seed + fold).state_dict(), run.fold(fold))


class Constant:
    """Says the same of every voxel: these probabilities."""

    def __init__(self, *shares):
        self.classes = len(shares)
        self._logits = torch.log(torch.tensor(shares)).reshape(1, -1, 1, 1, 1)

    def predict(self, batch):
        return self._logits.expand(len(batch), -1, *batch.shape[2:]).clone()


class Hot:
    """Class 1 where the PET is above a share of its range."""

    classes = 3

    def __init__(self, share):
        self._share = share

    def predict(self, batch):
        logits = torch.zeros(len(batch), 3, *batch.shape[2:])
        logits[:, 1] = 50 * (batch[:, 0] - self._share)
        logits[:, 2] = -50
        return logits


def networks(*predictors, run=None, recipe=None):
    """Networks that are these predictors, one per fold."""
    recipe = recipe or quick_recipe()
    return Networks(
        name="hands",
        title="by hand",
        recipe=recipe,
        tiling=recipe.tiling,
        weights={fold: f"hash {fold}" for fold in range(len(predictors))},
        run=run,
        digital_patients_only=False,
        load=lambda folds: [predictors[fold] for fold in folds],
    )


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))

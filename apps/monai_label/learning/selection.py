"""Choosing the exams of a round by the strategies that the server has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.monai_label.learning.thresholds import suv_of
from apps.monai_label.strategies.choosing import farthest_first, highest
from apps.monai_label.strategies.exam_features import exam_features
from apps.monai_label.strategies.fold_burdens import FoldBurdens
from apps.monai_label.trainers.fold_training import Weights, answer, predictors_of
from uptake.training.cache import PreparedTraining
from uptake.training.recipe import TrainingRecipe
from uptake.training.world import World


@dataclass(frozen=True, slots=True, eq=False)
class Chooser:
    """What choosing needs.

    Parameters
    ----------
    recipe
        The model's.
    weights
        Of the networks that are asked, by fold.
    where
        Device.
    random
        Draws for the strategy ``random``.
    """

    recipe: TrainingRecipe
    weights: Sequence[Weights]
    where: World
    random: np.random.Generator

    def choose(
        self, strategy: str, labelled: Sequence[PreparedTraining], pool: Sequence[PreparedTraining], count: int
    ) -> tuple[str, ...]:
        """Names of the exams of the pool that are labelled next."""
        names = [each.name for each in pool]
        if strategy == "random":
            return tuple(names[index] for index in self.random.permutation(len(names))[:count])
        if strategy == "disagreement":
            return tuple(highest({each.name: self._burdens(each).disagreement for each in pool}, names, count))
        features = {each.name: self._features(each) for each in (*labelled, *pool)}
        return tuple(farthest_first(features, [each.name for each in labelled], names, count))

    def _burdens(self, exam: PreparedTraining) -> FoldBurdens:
        networks = predictors_of(self.weights, self.recipe, self.where)
        own = np.stack([answer([each], exam, self.recipe) for each in networks])
        burdens = FoldBurdens(suv_of(exam, self.recipe), self._voxel_ml, tuple(range(1, len(self.recipe.classes))))
        whole = slice(0, own.shape[1]), slice(0, own.shape[2]), slice(0, own.shape[3])
        burdens.add(whole, answer(networks, exam, self.recipe), own)
        return burdens

    def _features(self, exam: PreparedTraining) -> tuple[float, ...]:
        found = answer(predictors_of(self.weights, self.recipe, self.where), exam, self.recipe) > 0
        return exam_features(suv_of(exam, self.recipe), exam.body(), found, self.recipe.preprocessing.spacing_mm)

    @property
    def _voxel_ml(self) -> float:
        return float(np.prod(self.recipe.preprocessing.spacing_mm)) / 1000.0

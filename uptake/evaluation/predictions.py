"""Labels of an exam by networks, each alone and all averaged, on the network's grid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from uptake.evaluation.cohort_data import CohortExam
from uptake.evaluation.kept_labels import Labels
from uptake.evaluation.networks import Networks
from uptake.inference.body_box import Box, body_box
from uptake.inference.predictor import Predictor, most_probable
from uptake.inference.sliding_window import SlidingWindowSettings, predict_slabs

NETWORK = "network"
"""Title of the networks under test."""
AVERAGED = "averaged"
_FORMAT = 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkLabels:
    """Labels by the folds of one training.

    Parameters
    ----------
    maker
        What the networks are called, also where labels are kept.
    networks
        See there.
    folds
        Of each exam by its name: which networks label it; an exam without is left out.
    """

    maker: str
    networks: Networks
    folds: Mapping[str, tuple[int, ...]]

    as_one = False

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of classes 1, 2, ..."""
        return tuple(each.name for each in self.networks.recipe.classes[1:])

    @property
    def methods(self) -> Mapping[str, str]:
        """Title of each label map that is kept, the averaged one first."""
        members = sorted({fold for folds in self.folds.values() if len(folds) > 1 for fold in folds})
        plain = self.maker == NETWORK
        alone = {member(fold): member(fold) if plain else f"{self.maker}, {member(fold)}" for fold in members}
        return {AVERAGED: self.maker} | alone

    def applies(self, exam: CohortExam) -> bool:
        """Whether the exam is labelled at all."""
        return bool(self.folds.get(exam.name))

    def key(self, exam: CohortExam) -> str:
        """Hash of all that decides the labels: weights, input, tiles, engine."""
        window = self.networks.window
        weights = {fold: self.networks.weights[fold] for fold in self.folds[exam.name]}
        parts = (_FORMAT, weights, exam.prepared.folder.name, asdict(window), self.networks.engine)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def make(self, exam: CohortExam, progress: Progress) -> dict[str, Labels]:
        """Label an exam; parameters, returns and errors as ``fold_labels``."""
        return fold_labels(self.networks, self.folds[exam.name], exam, progress)


def member(fold: int) -> str:
    """What one network of several is called."""
    return f"fold {fold}"


def fold_labels(
    networks: Networks, folds: Sequence[int], exam: CohortExam, progress: Progress = lambda done, total: None
) -> dict[str, Labels]:
    """Label an exam with some folds.

    Blending is linear, so the mean of the folds' blended answers is what tile by tile averaging gives; each network
    runs once for both its own labels and the ensemble's.

    Parameters
    ----------
    networks, folds
        Which.
    exam
        Prepared for them.
    progress
        Called with tiles done and all, over all folds.

    Returns
    -------
    dict
        uint8 (z, y, x) on the network's grid, background outside the body: of the mean answer (``AVERAGED``), and of
        each fold where there are several.

    Raises
    ------
    InferenceRefused
        As ``predict_slabs``.
    """
    loaded = networks.load(tuple(folds))
    settings = replace(networks.window, batch=networks.batch(loaded))
    image, body = exam.prepared.image().astype(np.float32), np.array(exam.prepared.body())
    box = body_box(body)
    total: NDArray[np.float32] | None = None
    found: dict[str, Labels] = {}
    for index, (fold, predictor) in enumerate(zip(folds, loaded, strict=True)):

        def show(done: int, tiles: int, index: int = index) -> None:
            progress(index * tiles + done, len(folds) * tiles)

        answer = _answer((image, body, box), predictor, settings, show)
        if len(folds) > 1:
            found[member(fold)] = _labels(answer, box, body.shape)
        total = answer if total is None else np.add(total, answer, out=total)
    if total is None:
        raise ValueError("no fold was named")
    return {AVERAGED: _labels(total, box, body.shape)} | found


def _answer(
    exam: tuple[NDArray[np.float32], NDArray[np.bool_], Box],
    predictor: Predictor,
    settings: SlidingWindowSettings,
    progress: Progress,
) -> NDArray[np.float32]:
    """Probabilities or logits, as the bundle averages them, of the box around the body."""
    image, body, box = exam
    array = np.zeros((predictor.classes, *box.shape), np.float32)
    if not box.empty:
        for slab in predict_slabs(image, body, [predictor], settings, progress):
            first = slab.start - box.start[0]
            array[:, first : first + slab.probabilities.shape[1]] = slab.probabilities
    return array


def _labels(answer: NDArray[np.float32], box: Box, shape: tuple[int, ...]) -> Labels:
    labels = np.zeros(shape, np.uint8)
    inside = labels[box.slices]
    for z in range(inside.shape[0]):
        inside[z] = most_probable(answer[:, z])
    return labels

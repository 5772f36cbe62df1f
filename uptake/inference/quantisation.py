"""A bundle in INT8 for OpenVINO: quantised on patches, kept only if its labels are those of float32 on other exams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uptake.errors import InferenceRefused
from uptake.inference.bundle_engines import predictors
from uptake.inference.calibration import CalibrationSettings, NetworkCase, calibration_patches
from uptake.inference.engines.openvino_engine import OpenVinoPredictor
from uptake.inference.engines.parity import reference, trial
from uptake.inference.exam_labels import window_of
from uptake.inference.fold_sources import FoldSource, fold_source, writable_folder
from uptake.inference.int8_graphs import RECIPES, int8_graph, require_packages
from uptake.inference.label_agreement import class_dice
from uptake.inference.model_store import (
    LEAST_DICE,
    Agreement,
    Bundle,
    ClassDice,
    NewGraph,
    add_graphs,
)
from uptake.inference.predictor import Predictor, tiles_at_once
from uptake.inference.sliding_window import predict

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class QuantisationSettings:
    """How a bundle is quantised.

    Parameters
    ----------
    calibration
        How patches are drawn.
    digital_patients_only
        Whether all held-out exams are of digital patients; it is written into the bundle.
    cache
        As in ``bundle_engines.predictors``.
    """

    calibration: CalibrationSettings = field(default_factory=CalibrationSettings)
    digital_patients_only: bool = False
    cache: Path | None = None


def quantise(
    bundle: Bundle,
    calibration: Iterable[NetworkCase],
    held_out: Sequence[NetworkCase],
    settings: QuantisationSettings,
    say: Say,
    progress: Progress = lambda text, done, total: None,
) -> Bundle:
    """Put INT8 graphs for OpenVINO into a bundle, if the labels are those of float32.

    The recipes are tried from the fastest network to the most careful; the first whose labels agree is taken.

    Parameters
    ----------
    bundle
        As ``load_bundle`` gave it; all of its folds are quantised.
    calibration
        Exams that the ranges of values are taken from, read one after the other.
    held_out
        Other exams, on which the labels are compared: all folds averaged, tiles as the bundle says, not mirrored:
        as an exam is labelled unless asked otherwise.
    settings
        See there.
    say
        Told in one line what each recipe reached.
    progress
        Called with a text, steps done and steps in all.

    Returns
    -------
    Bundle
        With the graphs.

    Raises
    ------
    InferenceRefused
        If OpenVINO or NNCF is not installed, no exam holds body or any class, or no recipe reaches a Dice of
        ``LEAST_DICE`` in every class; the bundle is then as it was.
    OutputFailed
        If the graphs cannot be written; likewise.
    """
    require_packages()
    if not held_out:
        raise InferenceRefused("There is no held-out exam to compare labels on.", remedy="Give more exams.")
    patches = calibration_patches(bundle, calibration, settings.calibration)
    steps = _Steps(progress, len(held_out) + len(RECIPES) * (len(bundle.folds) + len(held_out)))
    exact = predictors(bundle, "auto", say, cache=settings.cache).predictors
    compared = _Compared(bundle, held_out, _labels(bundle, exact, held_out, steps, "float32"))
    figures: list[str] = []
    with ExitStack() as stack:
        folder = writable_folder(settings.cache, lambda text: None, stack)
        folds = [fold_source(bundle, fold, folder, say) for fold in bundle.folds]
        for recipe in RECIPES:
            graphs: list[tuple[bytes, bytes]] = []
            for each in folds:
                steps.next(f"quantising {recipe.words}")
                graphs.append(int8_graph(each.source.graph(), patches, recipe))
            networks = [OpenVinoPredictor(graph, len(bundle.classes)) for graph in graphs]
            dice = compared.dice(networks, steps)
            figures.append(
                f"{recipe.words}: Dice {min(dice.values()):.4f} for {min(dice, key=lambda each: dice[each])}"
            )
            say(f"INT8, {figures[-1]} against float32.")
            if min(dice.values()) >= LEAST_DICE:
                agreement = Agreement(_listed(dice), len(held_out), settings.digital_patients_only, 1.0, 0.0)
                new = [_new(*each, agreement) for each in zip(bundle.folds, folds, graphs, networks, strict=True)]
                return add_graphs(bundle, "openvino", "int8", new)
    raise InferenceRefused(
        f"INT8 labels do not reach a Dice of {LEAST_DICE} against float32 in every class ({'; '.join(figures)}).",
        remedy="Calibrate on more or other exams, or stay with float32; the bundle is as it was.",
    )


@dataclass(slots=True)
class _Steps:
    """Progress over everything that may have to be done."""

    progress: Progress
    total: int
    done: int = 0

    def next(self, text: str) -> None:
        self.progress(text, self.done, self.total)
        self.done += 1


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """The held-out exams with their labels in float32."""

    bundle: Bundle
    cases: Sequence[NetworkCase]
    labels: Sequence[NDArray[np.uint8]]

    def dice(self, networks: Sequence[Predictor], steps: _Steps) -> dict[str, float]:
        """Dice of each class between these networks and float32; InferenceRefused where there is no class at all."""
        found = _labels(self.bundle, networks, self.cases, steps, "INT8")
        dice = class_dice(self.labels, found, [each.name for each in self.bundle.classes])
        if not dice:
            raise InferenceRefused(
                "Neither float32 nor INT8 finds any class on the held-out exams, so they cannot be compared.",
                remedy="Give exams that show what the network looks for.",
            )
        return dice


def _labels(
    bundle: Bundle, networks: Sequence[Predictor], cases: Sequence[NetworkCase], steps: _Steps, what: str
) -> list[NDArray[np.uint8]]:
    """Label maps (z, y, x) of the cases on the network's grid."""
    window = replace(window_of(bundle.tiling), batch=tiles_at_once(networks), mirror_axes=())
    labels = []
    for case in cases:
        steps.next(f"labels of the held-out exams in {what}")
        found = predict(case.array, case.body, networks, window).labels()
        found[~case.body] = 0
        labels.append(found)
    return labels


def _listed(dice: dict[str, float]) -> tuple[ClassDice, ...]:
    return tuple(ClassDice(name, value) for name, value in dice.items())


def _new(fold: int, opened: FoldSource, graph: tuple[bytes, bytes], network: Predictor, all_: Agreement) -> NewGraph:
    """A graph with what this host's answer to the example was, which other hosts are held to."""
    wanted = reference(opened.source) if opened.record is None else opened.record.reference
    here = trial("INT8", network, opened.source.shape, wanted, timed=False)
    return NewGraph(fold, graph, replace(all_, same_class=here.equal, error=here.error))

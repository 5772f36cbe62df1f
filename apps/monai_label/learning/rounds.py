"""Running the experiment: round after round, each kept on disk, so that a stopped experiment goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from apps.monai_label.learning.design import Design, Draw, drawn
from apps.monai_label.learning.selection import Chooser
from apps.monai_label.learning.thresholds import best_thresholds
from apps.monai_label.trainers.exam_split import fold_parts
from apps.monai_label.trainers.fold_training import FoldsTraining, Weights, scores, train_folds
from apps.monai_label.trainers.job_files import read_json, write_json
from uptake.errors import InputRefused
from uptake.training.cache import PreparedTraining
from uptake.training.plain_json import to_plain
from uptake.training.progress_state import START_WEIGHTS, STATE, WEIGHTS, fingerprint, load_weights_file
from uptake.training.recipe import TrainingRecipe
from uptake.training.world import World

FIRST = "first"
KINDS = ("fixed", "relative")
ROUND, THRESHOLD, KEY = "round.json", "threshold.json", "experiment.json"


@dataclass(frozen=True, slots=True)
class Round:
    """One training's result.

    Parameters
    ----------
    seed, strategy, number
        Round 0 is the same for all strategies: its strategy is ``first``.
    labelled
        Names of the exams learned from.
    aside
        Names of the exams kept aside, and the Dice of each.
    dice
        See there.
    """

    seed: int
    strategy: str
    number: int
    labelled: tuple[str, ...]
    aside: tuple[str, ...]
    dice: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Dice over the exams kept aside."""
        return sum(self.dice) / len(self.dice)


@dataclass(frozen=True, slots=True)
class Opponent:
    """The best threshold of a kind, ``fixed`` or ``relative``, on one seed's exams kept aside."""

    seed: int
    kind: str
    name: str
    dice: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the exams kept aside."""
        return sum(self.dice) / len(self.dice)


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """All that decides the results but chance.

    Parameters
    ----------
    design, recipe, exams
        The exams prepared by the recipe.
    folder
        Of the results.
    where
        Device.
    say
        Told each result in a line.
    """

    design: Design
    recipe: TrainingRecipe
    exams: Sequence[PreparedTraining]
    folder: Path
    where: World
    say: Callable[[str], None] = lambda text: None

    def require_same(self) -> None:
        """Refuse a folder that holds another experiment (seeds and strategies may be added), and patients met twice."""
        if len({each.patient for each in self.exams}) < len(self.exams):
            raise InputRefused(
                "a patient has several exams: one could be learned from and another kept aside.",
                remedy="Give one exam of each patient.",
            )
        plain = to_plain(replace(self.design, seeds=(0,), strategies=("random",)))
        exams = sorted(f"{each.name} {each.pixels} {each.folder.name}" for each in self.exams)
        key = fingerprint(json.dumps(plain, sort_keys=True), self.recipe.to_json(), *exams)
        path = self.folder / KEY
        self.folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_json(path, {"key": key, "design": plain})
        if json.loads(path.read_text(encoding="utf-8"))["key"] != key:
            raise InputRefused(
                "the folder holds an experiment of another design, recipe or other exams.", remedy="Name a new folder."
            )

    def run(self) -> None:
        """Run every seed and strategy; what is done already is kept."""
        self.require_same()
        for seed in self.design.seeds:
            draw = drawn([each.name for each in self.exams], self.design, seed)
            self._oppose(seed, draw)
            first, weights = self._round(Round(seed, FIRST, 0, draw.first, draw.aside, ()), None)
            for strategy in self.design.strategies:
                self._strategy(first, weights, draw, strategy)

    def _strategy(self, first: Round, weights: tuple[Weights, ...], draw: Draw, strategy: str) -> None:
        labelled, pool = list(first.labelled), list(draw.pool)
        for number in range(1, self.design.rounds + 1):
            random = np.random.default_rng([2027, first.seed, number])
            chooser = Chooser(self.recipe, weights, self.where, random)
            path = self._folder(first.seed, strategy, number) / ROUND
            if path.exists():
                added = tuple(name for name in read_json(path, Round).labelled if name not in labelled)
            else:
                added = chooser.choose(strategy, self._named(labelled), self._named(pool), self.design.add)
            labelled += added
            pool = [name for name in pool if name not in added]
            planned = Round(first.seed, strategy, number, tuple(labelled), draw.aside, ())
            _, weights = self._round(planned, weights)

    def _round(self, planned: Round, start: Sequence[Weights] | None) -> tuple[Round, tuple[Weights, ...]]:
        folder = self._folder(planned.seed, planned.strategy, planned.number)
        if not (folder / ROUND).exists():
            made = train_folds(self._training(planned, start, folder), self.where)
            aside = self._named(planned.aside)
            found = replace(planned, dice=scores(made, aside, self.recipe, self.where).exams)
            self.say(
                f"seed {found.seed}, {found.strategy}, {len(found.labelled)} labelled: mean Dice {found.mean:.3f} on "
                f"{len(found.dice)} exams kept aside"
            )
            write_json(folder / ROUND, found)
            for fold in folder.glob("fold_*"):
                for rest in (STATE, START_WEIGHTS):  # large, and needed no more
                    (fold / rest).unlink(missing_ok=True)
                shutil.rmtree(fold / "tensorboard", ignore_errors=True)
        weights = tuple(load_weights_file(folder / f"fold_{fold}" / WEIGHTS) for fold in range(self.design.folds))
        return read_json(folder / ROUND, Round), weights

    def _training(self, planned: Round, start: Sequence[Weights] | None, folder: Path) -> FoldsTraining:
        exams = self._named(planned.labelled)
        seconds = self.design.seconds / self.design.folds
        seed = 1000 * planned.seed + planned.number
        fitting = replace(self.recipe.fitting, seconds=seconds, seed=seed)
        patients = {each.patient for each in exams}
        parts = fold_parts(patients, self.design.folds, self.design.watch_share)
        return FoldsTraining(replace(self.recipe, fitting=fitting), exams, parts, start, folder)

    def _oppose(self, seed: int, draw: Draw) -> None:
        folder = self.folder / f"seed-{seed}"
        if all((folder / f"{kind}-{THRESHOLD}").exists() for kind in KINDS):
            return
        folder.mkdir(parents=True, exist_ok=True)
        for kind, found in best_thresholds(self._named(draw.aside), self.recipe).items():
            write_json(folder / f"{kind}-{THRESHOLD}", Opponent(seed, kind, found.name, found.dice))
            self.say(f"seed {seed}: best {kind} threshold {found.name}, mean Dice {found.mean:.3f}")

    def _folder(self, seed: int, strategy: str, number: int) -> Path:
        return self.folder / f"seed-{seed}" / strategy / f"round-{number}"

    def _named(self, names: Sequence[str]) -> list[PreparedTraining]:
        by_name = {each.name: each for each in self.exams}
        return [by_name[name] for name in names]


def read_rounds(folder: Path) -> tuple[tuple[Round, ...], tuple[Opponent, ...]]:
    """All results in a folder; InputRefused if there is none."""
    rounds = tuple(read_json(path, Round) for path in sorted(folder.glob(f"seed-*/*/round-*/{ROUND}")))
    opponents = tuple(read_json(path, Opponent) for path in sorted(folder.glob(f"seed-*/*-{THRESHOLD}")))
    if not rounds or not opponents:
        raise InputRefused("the folder holds no results.", remedy="Run the experiment first.")
    return rounds, opponents

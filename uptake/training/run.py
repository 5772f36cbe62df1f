"""A training run from a recipe and a folder of data: exams found, prepared, split, and fold after fold trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from uptake.errors import InputRefused
from uptake.training.cache import PreparedTraining, prepared
from uptake.training.exam_folder import find_exams, require_apart
from uptake.training.loop import FoldTask, train_fold
from uptake.training.new_run import begin_run, require_startable
from uptake.training.progress_state import START_WEIGHTS, Progress, save_weights
from uptake.training.recipe import TrainingRecipe
from uptake.training.run_folder import Run
from uptake.training.start_weights import find_start
from uptake.training.world import World


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is not the recipe's.

    Parameters
    ----------
    data, out
        Training data and run folder.
    cache
        For prepared exams; None for one in the run folder.
    folds
        Which to train now; empty for all.
    resume
        Whether to go on with a run.
    start
        Run folder or bundle with the weights to start from; None for chance, or for what the run began with.
    also
        Further patients, whom every fold trains on and none is watched with or tested on; None for none.
    """

    data: Path
    out: Path
    cache: Path | None = None
    folds: tuple[int, ...] = ()
    resume: bool = False
    start: Path | None = None
    also: Path | None = None


@dataclass(frozen=True, slots=True)
class Watcher:
    """Told how a run goes: (exams prepared, of all), (fold, line of its log), and words."""

    preparing: Callable[[int, int], None] = lambda done, total: None
    epoch: Callable[[int, dict[str, float]], None] = lambda fold, row: None
    say: Callable[[str], None] = lambda text: None


def train(recipe: TrainingRecipe, options: RunOptions, where: World, watcher: Watcher | None = None) -> Run:
    """Train folds of a recipe; a run that was stopped, even killed, goes on where it was with ``resume``.

    Raises
    ------
    InputRefused
        If data, recipe, folder or folds cannot be used; nothing is trained then.
    OutputFailed
        If the disk is full or cannot be written.
    """
    watcher = watcher or Watcher()
    require_startable(options.out, recipe, resume=options.resume)
    chosen = options.folds or tuple(range(recipe.splits.folds))
    wrong = [number for number in chosen if not 0 <= number < recipe.splits.folds]
    if wrong:
        raise InputRefused(f"there is no fold {wrong[0]}.", remedy=f"Name folds 0 to {recipe.splits.folds - 1}.")
    exams, run = _begun(recipe, options, where, watcher)
    for number in chosen:
        task = fold_task(run, exams, number)
        ended = train_fold(task, recipe, where, lambda row, number=number: watcher.epoch(number, row))  # type: ignore[misc]
        watcher.say(_summary(number, ended))
    return run


def fold_task(run: Run, exams: Sequence[PreparedTraining], number: int) -> FoldTask:
    """The exams of one fold; InputRefused if the weights that it starts from are gone."""
    fold = run.folds.folds[number]
    if run.start is not None and not (run.fold(number) / START_WEIGHTS).exists():
        raise InputRefused(
            f"the weights that fold {number} starts from are missing.",
            remedy=f"Give {run.start.name} again with --from.",
        )
    train_on = [exam for exam in exams if exam.patient in fold.train]
    watch = [exam for exam in exams if exam.patient in fold.validation]
    return FoldTask(number, train_on, watch, run.fold(number), run.fingerprint)


def _begun(
    recipe: TrainingRecipe, options: RunOptions, where: World, watcher: Watcher
) -> tuple[tuple[PreparedTraining, ...], Run]:
    """Exams prepared and folds drawn by the first process; the others find them there."""
    found = find_exams(options.data, recipe)
    also = find_exams(options.also, recipe) if options.also else ()
    require_apart(found, also)
    start = find_start(options.start, recipe) if options.start else None

    def begin(progress: Callable[[int, int], None]) -> tuple[tuple[PreparedTraining, ...], Run]:
        exams = prepared((*found, *also), recipe, options.cache or options.out / "cache", progress)
        untested = {exam.patient for exam in also}
        return exams, begin_run(options.out, recipe, exams, untested, start=start.start if start else None)

    if not where.first:
        where.wait()
        return begin(lambda done, total: None)
    exams, run = begin(watcher.preparing)
    for number, tensors in enumerate(start.tensors if start else ()):
        save_weights(tensors, run.fold(number), START_WEIGHTS)
    for warning in dict.fromkeys(text for exam in exams for text in exam.warnings):
        watcher.say(f"warning: {warning}")
    where.wait()
    return exams, run


def _summary(number: int, ended: Progress) -> str:
    best = (
        f"best score {ended.best_score:.3f} at epoch {ended.best_epoch}" if ended.best_epoch >= 0 else "not validated"
    )
    return f"fold {number}: {ended.finished} after {ended.epoch} epochs and {ended.seconds:.0f} s; {best}."

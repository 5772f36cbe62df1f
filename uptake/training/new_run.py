"""Beginning a training run, or going on with one: the folds drawn, the run's files written, nothing mixed up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from uptake.errors import InputRefused, OutputFailed, OutputNotEmpty
from uptake.training.cache import PreparedTraining
from uptake.training.folds import require_no_leak, split
from uptake.training.recipe import TrainingRecipe
from uptake.training.run_folder import FOLDS, RECIPE, Run, open_run, write_patients, write_recipe
from uptake.training.start import Start


def require_startable(folder: Path, recipe: TrainingRecipe, *, resume: bool) -> None:
    """Refuse a folder that holds something else, or a run that was not to be gone on with, or of another recipe.

    Raises
    ------
    OutputNotEmpty
        If so.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / RECIPE).exists():
        if {each.name for each in folder.iterdir()} <= {"cache"}:
            return
        raise OutputNotEmpty(f"{folder.name} holds something else.", remedy="Name a new folder for the run.")
    if not resume:
        raise OutputNotEmpty(f"{folder.name} holds a run already.", remedy="Go on with --resume, or name a new folder.")
    if (folder / RECIPE).read_text(encoding="utf-8") != recipe.to_json():
        raise OutputNotEmpty(
            f"{folder.name} holds a run of another recipe.", remedy="Use the same recipe and options, or a new folder."
        )


def begin_run(
    folder: Path,
    recipe: TrainingRecipe,
    exams: Sequence[PreparedTraining],
    untested: Collection[str] = (),
    *,
    start: Start | None = None,
) -> Run:
    """Draw the folds and write the run's files, or hold those that are there against the data.

    Parameters
    ----------
    folder, recipe
        Of the run.
    exams
        To split in folds by their patients.
    untested
        Patients whom every fold trains on and none tests.
    start
        What it starts from. A run that is there keeps its own; it may be left out then.

    Raises
    ------
    InputRefused
        If patients leak across folds, or data or start are not those that the run was begun with.
    """
    entries = tuple(
        {"name": each.name, "patient": each.patient, "pixels": each.pixels, "digital": each.digital} for each in exams
    )
    if (folder / FOLDS).exists():
        run = open_run(folder)
        require_no_leak(exams)
        if run.exams != entries:
            raise InputRefused(
                "the training data are not those that this run was begun with.",
                remedy="Give the same folder, or start a new run.",
            )
        if start is not None and run.start != start:
            raise InputRefused("this run was begun from other weights.", remedy="Leave --from out, or start a new run.")
        return run
    folds = split(exams, recipe.splits, untested)
    if start is not None:
        start.require_no_leak(folds)
    run = Run(folder, recipe, folds, entries, start)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_recipe(run, folder)
        write_patients(run, folder)
    except OSError as error:
        raise OutputFailed(f"The run folder cannot be written ({error.strerror}).") from error
    return run

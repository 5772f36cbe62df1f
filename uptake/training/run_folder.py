"""The folder of a training run.

::

    RUN/
    ├── recipe.json              as trained
    ├── exams.json               names, patients (keys) and hashes of the PETs; whether all are digital
    ├── folds.json               who is trained on, watched with and tested on
    ├── start.json               what it started from, where that was not chance
    ├── cache/                   prepared exams, where no other cache is named
    └── fold_0/                  weights.safetensors (best validation), log.csv, curves.png, state.pt, tensorboard/,
                                 start.safetensors
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uptake.errors import InputRefused, OutputFailed, OutputNotEmpty
from uptake.training.cache import PreparedTraining
from uptake.training.folds import Folds, folds_of, require_no_leak, split
from uptake.training.progress_state import WEIGHTS, fingerprint
from uptake.training.recipe import TrainingRecipe, recipe_of
from uptake.training.start import Start, start_of
from uptake.whole_file import put_whole

RECIPE, EXAMS, FOLDS, START = "recipe.json", "exams.json", "folds.json", "start.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder as it says itself.

    Parameters
    ----------
    folder
        Where it is.
    recipe, folds
        What is trained, and on whom.
    exams
        Entries of ``exams.json``: name, patient, pixels, digital.
    start
        What it started from; None where that was chance.
    """

    folder: Path
    recipe: TrainingRecipe
    folds: Folds
    exams: tuple[dict[str, Any], ...]
    start: Start | None = None

    @property
    def digital_patients_only(self) -> bool:
        """Whether no real patient is among them, nor among those of the start."""
        before = self.start is None or self.start.digital_patients_only
        return before and all(each["digital"] for each in self.exams)

    @property
    def fingerprint(self) -> str:
        """Of all that decides the weights."""
        exams = json.dumps([(each["name"], each["pixels"]) for each in self.exams])
        before = (self.start.to_json(),) if self.start else ()
        return fingerprint(self.recipe.to_json(), self.folds.to_json(), exams, *before)

    @property
    def trained(self) -> tuple[int, ...]:
        """Folds that have weights, ascending."""
        return tuple(number for number in range(len(self.folds.folds)) if (self.fold(number) / WEIGHTS).exists())

    def fold(self, number: int) -> Path:
        """The folder of a fold."""
        return self.folder / f"fold_{number}"


def open_run(folder: Path) -> Run:
    """Read a run folder.

    Raises
    ------
    InputRefused
        If it is none, or its files are damaged or leak patients.
    """
    try:
        recipe, folds, exams = ((folder / name).read_text(encoding="utf-8") for name in (RECIPE, FOLDS, EXAMS))
        found = tuple(json.loads(exams)["exams"])
        start = start_of((folder / START).read_text(encoding="utf-8")) if (folder / START).exists() else None
    except (OSError, ValueError, KeyError) as error:
        raise InputRefused(
            f"{folder.name} is no folder of a training run.", remedy="Give the folder that uptake train wrote."
        ) from error
    return Run(folder, recipe_of(recipe, RECIPE), folds_of(folds), found, start)


def open_trained_run(folder: Path) -> Run:
    """As ``open_run``; InputRefused also where no fold has weights yet."""
    run = open_run(folder)
    if not run.trained:
        raise InputRefused(f"no fold of the run {folder.name} is trained yet.", remedy="Train one with uptake train.")
    return run


def described(run: Run) -> str:
    """On whom a run's networks were trained, in words."""
    patients = len({each["patient"] for each in run.exams})
    kind = "digital patients" if all(each["digital"] for each in run.exams) else "patients"
    text = f"{len(run.exams)} exams of {patients} {kind}, {len(run.trained)} of {len(run.folds.folds)} folds"
    return f"{text}; started from {run.start.name} ({run.start.trained_on})" if run.start else text


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
    folder: Path, recipe: TrainingRecipe, exams: Sequence[PreparedTraining], start: Start | None = None
) -> Run:
    """Draw the folds and write the run's files, or hold those that are there against the data.

    A run that is there keeps its own start; ``start`` may be left out then.

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
    folds = split(exams, recipe.splits)
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


def write_recipe(run: Run, folder: Path) -> None:
    """Write what is trained; OSError if the disk refuses."""
    _write(folder / RECIPE, run.recipe.to_json())


def write_patients(run: Run, folder: Path) -> None:
    """Write on whom it is trained; OSError if the disk refuses."""
    if run.start is not None:
        _write(folder / START, run.start.to_json())
    _write(folder / EXAMS, json.dumps({"exams": run.exams}, indent=1) + "\n")
    _write(folder / FOLDS, run.folds.to_json())  # last: where it is, all are


def _write(path: Path, text: str) -> None:
    with put_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")

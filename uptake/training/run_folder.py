"""The folder of a training run.

::

    RUN/
    ├── recipe.json              as trained
    ├── exams.json               names, patients (keys) and hashes of the PETs; whether all are digital
    ├── folds.json               who is trained on, watched with and tested on
    ├── cache/                   prepared exams, where no other cache is named
    └── fold_0/                  weights.safetensors (best validation), log.csv, curves.png, state.pt, tensorboard/
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
from uptake.whole_file import put_whole

RECIPE, EXAMS, FOLDS = "recipe.json", "exams.json", "folds.json"


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
    """

    folder: Path
    recipe: TrainingRecipe
    folds: Folds
    exams: tuple[dict[str, Any], ...]

    @property
    def digital_patients_only(self) -> bool:
        """Whether no real patient is among them."""
        return all(each["digital"] for each in self.exams)

    @property
    def fingerprint(self) -> str:
        """Of all that decides the weights."""
        exams = json.dumps([(each["name"], each["pixels"]) for each in self.exams])
        return fingerprint(self.recipe.to_json(), self.folds.to_json(), exams)

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
    except (OSError, ValueError, KeyError) as error:
        raise InputRefused(
            f"{folder.name} is no folder of a training run.", remedy="Give the folder that uptake train wrote."
        ) from error
    return Run(folder, recipe_of(recipe, RECIPE), folds_of(folds), found)


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


def begin_run(folder: Path, recipe: TrainingRecipe, exams: Sequence[PreparedTraining]) -> Run:
    """Draw the folds and write the run's files, or hold those that are there against the data.

    Raises
    ------
    InputRefused
        If patients leak across folds, or the data are not those that the run was begun with.
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
        return run
    folds = split(exams, recipe.splits)
    run = Run(folder, recipe, folds, entries)
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
    _write(folder / EXAMS, json.dumps({"exams": run.exams}, indent=1) + "\n")
    _write(folder / FOLDS, run.folds.to_json())  # last: where it is, all are


def _write(path: Path, text: str) -> None:
    with put_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
